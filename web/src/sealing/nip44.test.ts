import { chacha20 } from "@noble/ciphers/chacha";
import { expand } from "@noble/hashes/hkdf";
import { hmac } from "@noble/hashes/hmac";
import { sha256 } from "@noble/hashes/sha2";
import { hexToBytes } from "@noble/hashes/utils";
import { expect, test } from "vitest";

import { SealBroken } from "./errors.ts";
import { conversationKey, decrypt, encrypt, paddedLength } from "./nip44.ts";

const bytes = (hex: string) => hexToBytes(hex.padStart(64, "0"));
const GENERATOR = "79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798";
const DOUBLE = "c6047f9441ed7d6d3045406e95c07cd85c778e4b8cef3ca7abac09b95c709ee5";
const KEY = conversationKey(bytes("1"), DOUBLE);
const NONCE = bytes("1");

// What the text of NIP-44 prints, for the secret keys 1 and 2.
test.each([
  [
    "a",
    "1",
    "AgAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAABee0G5VSK0/9YypIObAtDKfYEAjD35uVkHyB0F4DwrcNa" +
      "CXlCWZKaArsGrY6M9wnuTMxWfp1RTN9Xga8no+kF5Vsb",
  ],
  [
    "🍕🫃",
    "f00000000000000000000000000000f00000000000000000000000000000000f",
    "AvAAAAAAAAAAAAAAAAAAAPAAAAAAAAAAAAAAAAAAAAAPSKSK6is9ngkX2+cSq85Th16oRTISAOfhStnixqZziKMD" +
      "vB0QQzgFZdjLTPicCJaV8nDITO+QfaQ61+KbWQIOO2Yj",
  ],
])("%s is sealed as the standard says", (text, nonce, payload) => {
  expect(encrypt(text, KEY, bytes(nonce))).toBe(payload);
  expect(decrypt(payload, KEY)).toBe(text);
});

test("both sides have the same key in common", () => {
  expect(conversationKey(bytes("2"), GENERATOR)).toEqual(KEY);
});

test.each([
  ["is above the field", "f".repeat(64)],
  ["has no point", "1234567890abcdef1234567890abcdef1234567890abcdef1234567890abcdef"],
  ["is nought, of order 3 on the twist", "0".repeat(64)],
  [
    "is of order 13 on the twist",
    "eb1f7200aecaa86682376fb1c13cd12b732221e774f553b0a0857f88fa20f86d",
  ],
  ["is of order 3319 on it", "709858a4c121e4a84eb59c0ded0261093c71e8ca29efeef21a6161c447bcaf9f"],
  ["is too short", "79be"],
  ["is in capitals", GENERATOR.toUpperCase()],
  ["says its sign", `02${GENERATOR}`],
])("a public key that %s is none", (_, known) => {
  expect(() => conversationKey(bytes("2"), known)).toThrow(SealBroken);
});

test.each([
  "0",
  "f".repeat(64),
  "fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141",
])("a secret key %s is none", (secret) => {
  expect(() => conversationKey(bytes(secret), GENERATOR)).toThrow(SealBroken);
});

test.each([
  [1, 32],
  [16, 32],
  [32, 32],
  [33, 64],
  [64, 64],
  [65, 96],
  [200, 224],
  [256, 256],
  [257, 320],
  [320, 320],
  [383, 384],
  [400, 448],
  [512, 512],
  [515, 640],
  [1020, 1024],
  [65_535, 65_536],
])("%i bytes are padded to %i", (length, padded) => {
  expect(paddedLength(length)).toBe(padded);
});

test("texts of every length and letter come back, each sealed anew", () => {
  for (const text of [
    "\0",
    "\ufeffwith a mark",
    "é".repeat(31),
    "x".repeat(65_535),
    "🏦".repeat(900),
  ]) {
    const [one, two] = [encrypt(text, KEY), encrypt(text, KEY)];
    expect(one).not.toBe(two);
    expect(decrypt(one, KEY)).toBe(text);
  }
});

test.each(["", "x".repeat(65_536)])("no text, and one that is too long, are not sealed", (text) => {
  expect(() => encrypt(text, KEY)).toThrow(RangeError);
});

test("another key does not open it", () => {
  const other = conversationKey(bytes("3"), DOUBLE);
  expect(() => decrypt(encrypt("a", KEY), other)).toThrow(SealBroken);
});

test("every changed byte breaks it", () => {
  const whole = Buffer.from(encrypt("a", KEY), "base64");
  for (let at = 0; at < whole.length; at += 1) {
    const changed = Buffer.from(whole);
    changed[at] = (changed[at] ?? 0) ^ 1;
    expect(() => decrypt(changed.toString("base64"), KEY)).toThrow(SealBroken);
  }
});

test("a payload that was cut or made longer breaks", () => {
  const payload = encrypt("a".repeat(100), KEY);
  for (let length = 0; length < payload.length; length += 1) {
    expect(() => decrypt(payload.slice(0, length), KEY)).toThrow(SealBroken);
  }
  expect(() => decrypt(`${payload}AAAA`, KEY)).toThrow(SealBroken);
  expect(() => decrypt("A".repeat(87_476), KEY)).toThrow(SealBroken);
});

test.each([
  ["another encoding", (payload: string) => `#${payload.slice(1)}`],
  ["spaces", (payload: string) => ` ${payload}`],
  ["a line's end", (payload: string) => `${payload}\n`],
  ["letters of base64url", (payload: string) => payload.replace(/.$/, "_")],
  ["its end left out", (payload: string) => payload.replace(/=+$/, "")],
])("base64 with %s is not taken", (_, spoil) => {
  // 32 bytes of text make 99 in all, and 65 make 163: base64 ends in "==".
  const payload = encrypt("a".repeat(65), KEY);
  expect(payload).toMatch(/[^=]=+$/);
  expect(() => decrypt(spoil(payload), KEY)).toThrow(SealBroken);
});

/** What somebody who has the key could seal without keeping to the standard. */
function forged(padded: Uint8Array, version = 2): string {
  const keys = expand(sha256, KEY, NONCE, 76);
  const ciphertext = chacha20(keys.subarray(0, 32), keys.subarray(32, 44), padded);
  const mac = hmac(sha256, keys.subarray(44), new Uint8Array([...NONCE, ...ciphertext]));
  return Buffer.from([version, ...NONCE, ...ciphertext, ...mac]).toString("base64");
}

const padded = (length: number, size: number, fill = 97) => {
  const whole = new Uint8Array(2 + size).fill(fill, 2, 2 + length);
  new DataView(whole.buffer).setUint16(0, length);
  return whole;
};

test("who has the key is held to the standard, too", () => {
  expect(decrypt(forged(padded(1, 32)), KEY)).toBe("a");
  expect(() => decrypt(forged(padded(1, 32), 1), KEY)).toThrow(/version/);
  expect(() => decrypt(forged(padded(0, 32)), KEY)).toThrow(/padded/);
  expect(() => decrypt(forged(padded(33, 32)), KEY)).toThrow(/padded/);
  expect(() => decrypt(forged(padded(1, 64)), KEY)).toThrow(/padded/);
  expect(() => decrypt(forged(padded(33, 96)), KEY)).toThrow(/padded/);
  expect(() => decrypt(forged(padded(3, 32, 0xff)), KEY)).toThrow(/not a text/);
});
