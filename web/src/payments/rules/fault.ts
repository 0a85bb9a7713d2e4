/** What is wrong with an entry; `Fault.tsx` says it in the reader's language. */
export type Fault =
  | { kind: "needed" | "character" | "choice" | "name" | "spaces" | "email" }
  | { kind: "prefix" | "telephone" | "elsewhere" | "digits" | "alphanumeric" | "number" }
  | { kind: "length"; least: number; most: number }
  | { kind: "form"; example: string };

/** An entry is not what its field takes. */
export class FieldInvalid extends Error {
  readonly fault: Fault;

  constructor(fault: Fault) {
    super(fault.kind);
    this.name = "FieldInvalid";
    this.fault = fault;
  }
}

export const refuse = (kind: Exclude<Fault, { least: number } | { example: string }>["kind"]) =>
  new FieldInvalid({ kind });
