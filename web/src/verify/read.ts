import type { Address, Hex } from "viem";
import { isAddress } from "viem/utils";

import { AnswerMalformed } from "./errors.ts";

/** Reads one value of an answer or a note; throws where it has another form. */
export type Read<T> = (value: unknown, name: string) => T;

type Fields = Record<string, unknown>;

/** How long a text of an answer may be that is not bounded otherwise. */
const LONGEST = 20_000;

function refuse(name: string, wanted: string): never {
  throw new AnswerMalformed(`${name} is not ${wanted}.`);
}

export const object: Read<Fields> = (value, name) =>
  typeof value === "object" && value !== null && !Array.isArray(value)
    ? (value as Fields)
    : refuse(name, "an object");

/** The value under a name of an object that was read. */
export function field<T>(fields: Fields, name: string, read: Read<T>): T {
  return read(Object.hasOwn(fields, name) ? fields[name] : undefined, name);
}

export const list =
  <T>(read: Read<T>): Read<readonly T[]> =>
  (value, name) =>
    Array.isArray(value) && value.length <= 1_000
      ? value.map((each) => read(each, name))
      : refuse(name, "a list");

export const nullable =
  <T>(read: Read<T>): Read<T | null> =>
  (value, name) =>
    value === null || value === undefined ? null : read(value, name);

export const text: Read<string> = (value, name) =>
  typeof value === "string" && value.length <= LONGEST ? value : refuse(name, "a text");

function matching<T extends string>(pattern: RegExp, wanted: string): Read<T> {
  return (value, name) =>
    typeof value === "string" && pattern.test(value) ? (value as T) : refuse(name, wanted);
}

/** A plain decimal, never negative. One as a number has lost digits already, and is refused. */
export const decimal = matching<string>(/^[0-9]{1,80}(\.[0-9]{1,40})?$/, "a plain decimal number");
export const bytes32 = matching<Hex>(/^0x[0-9a-f]{64}$/, "32 bytes");
export const key = matching<string>(/^[0-9a-f]{64}$/, "a key");
export const signature = matching<Hex>(/^0x([0-9a-fA-F]{2}){1,4096}$/, "a signature");
export const id = matching<string>(
  /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/,
  "an id",
);

/** An address in whatever letters; what is hashed has to be in checksum form besides. */
export const address: Read<Address> = (value, name) =>
  typeof value === "string" && isAddress(value, { strict: false })
    ? value
    : refuse(name, "an address");

/** A whole number that is not negative. */
export const count: Read<number> = (value, name) =>
  typeof value === "number" && Number.isSafeInteger(value) && value >= 0
    ? value
    : refuse(name, "a whole number");

/** A whole number of any size, as a decimal string or a number. */
export const whole: Read<bigint> = (value, name) =>
  typeof value === "string" && /^[0-9]{1,78}$/.test(value)
    ? BigInt(value)
    : BigInt(count(value, name));

export function oneOf<T extends string>(...known: readonly T[]): Read<T> {
  return (value, name) =>
    known.find((each) => each === value) ?? refuse(name, `one of ${known.join(", ")}`);
}
