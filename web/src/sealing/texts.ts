import { recoverMessageAddress, type Address } from "viem";

/** Whose key signed a text by EIP-191; null where the signature is none at all. */
export async function signerOfText(text: string, signature: unknown): Promise<Address | null> {
  if (typeof signature !== "string" || !/^0x[0-9a-fA-F]{130}$/.test(signature)) {
    return null;
  }
  const hex = signature as `0x${string}`;
  return recoverMessageAddress({ message: text, signature: hex }).catch(() => null);
}

/** Whether two addresses are one, whatever their capitals. */
export const isSameAddress = (one: string | null, other: string): boolean =>
  one !== null && one.toLowerCase() === other.toLowerCase();

/** Fields as JSON whose bytes are the same wherever it is made: sorted, in ASCII, without spaces. */
export function canonical(fields: Readonly<Record<string, string>>): string {
  const members = Object.entries(fields)
    .sort(([one], [other]) => compareCodePoints(one, other))
    .map(([name, value]) => `${inAscii(name)}:${inAscii(value)}`);
  return `{${members.join(",")}}`;
}

const inAscii = (text: string): string =>
  JSON.stringify(text).replace(
    /[\u007f-\uffff]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );

/** JavaScript would sort by UTF-16, in which a later plane comes before the end of the first. */
function compareCodePoints(one: string, other: string): number {
  const [ones, others] = [[...one], [...other]];
  const at = ones.findIndex((character, place) => character !== others[place]);
  const [mine, yours] = [ones[at]?.codePointAt(0) ?? -1, others[at]?.codePointAt(0) ?? -1];
  return at < 0 ? ones.length - others.length : mine - yours;
}

/** Throws `RangeError` where there are no fields, or half a character in them. */
export function checkFields(fields: Readonly<Record<string, string>>): void {
  const texts = Object.entries(fields).flat();
  if (texts.length === 0 || texts.some((text) => /\p{Surrogate}/u.test(text))) {
    throw new RangeError("There is nothing to seal in these fields, or no text.");
  }
}

/** Throws `RangeError` where a text is longer than so many bytes of UTF-8. */
export function checkLength(text: string, largest: number): void {
  if (new TextEncoder().encode(text).length > largest) {
    throw new RangeError(`This is longer than ${largest} bytes.`);
  }
}

/** Fields as JSON made them; null where something else is there. */
export function fieldsOf(said: unknown): Record<string, string> | null {
  const isRecord = typeof said === "object" && said !== null && !Array.isArray(said);
  return isRecord && Object.values(said).every((value) => typeof value === "string")
    ? (said as Record<string, string>)
    : null;
}

/** The members of what was sealed as JSON; none where it is something else. */
export function membersOf(text: string): Partial<Record<string, unknown>> {
  try {
    return Object(JSON.parse(text)) as Partial<Record<string, unknown>>;
  } catch {
    return {};
  }
}
