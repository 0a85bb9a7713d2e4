import { chacha20 } from "@noble/ciphers/chacha";
import { secp256k1 } from "@noble/curves/secp256k1";
import { expand, extract } from "@noble/hashes/hkdf";
import { hmac } from "@noble/hashes/hmac";
import { sha256 } from "@noble/hashes/sha2";

import { SealBroken } from "./errors.ts";

const VERSION = 2;
const NONCE_BYTES = 32;
const MAC_BYTES = 32;
const LONGEST_TEXT = 65_535;
/** In base64, of the shortest text and of the longest. */
const SHORTEST_PAYLOAD = 132;
const LONGEST_PAYLOAD = 87_472;

/**
 * What two keys have in common, the same from either side.
 *
 * `secret` is 32 bytes, `known` the other's x-only public key in 64 hexadecimal digits. Throws
 * `SealBroken` where one of them is no key.
 */
export function conversationKey(secret: Uint8Array, known: string): Uint8Array {
  if (!/^[0-9a-f]{64}$/.test(known)) {
    throw new SealBroken("The other side's key is not a public key.");
  }
  let shared: Uint8Array;
  try {
    // Of the two points with this x, the one with an even y is meant (BIP 340).
    shared = secp256k1.getSharedSecret(secret, `02${known}`);
  } catch {
    throw new SealBroken("The other side's key is not a public key.");
  }
  return extract(sha256, shared.subarray(1), "nip44-v2");
}

/**
 * Seals a text of 1 to 65,535 bytes by NIP-44 v2; tells it in base64. The nonce is random, and
 * handed in by tests alone: no two texts may have the same.
 */
export function encrypt(
  text: string,
  key: Uint8Array,
  nonce: Uint8Array = crypto.getRandomValues(new Uint8Array(NONCE_BYTES)),
): string {
  const keys = messageKeys(key, nonce);
  const ciphertext = chacha20(keys.cipher, keys.cipherNonce, pad(new TextEncoder().encode(text)));
  const mac = macOf(keys.mac, nonce, ciphertext);
  return toBase64(new Uint8Array([VERSION, ...nonce, ...ciphertext, ...mac]));
}

/** The text of a payload, once it is certain that who has the key sealed it; or `SealBroken`. */
export function decrypt(payload: string, key: Uint8Array): string {
  const bytes = decode(payload);
  if (bytes[0] !== VERSION) {
    throw new SealBroken("It is sealed by a version that this page does not know.");
  }
  const nonce = bytes.subarray(1, 1 + NONCE_BYTES);
  const ciphertext = bytes.subarray(1 + NONCE_BYTES, -MAC_BYTES);
  const keys = messageKeys(key, nonce);
  if (!isSame(macOf(keys.mac, nonce, ciphertext), bytes.subarray(-MAC_BYTES))) {
    throw new SealBroken("It was sealed by another key, or changed since.");
  }
  return unpad(chacha20(keys.cipher, keys.cipherNonce, ciphertext));
}

function messageKeys(key: Uint8Array, nonce: Uint8Array) {
  const keys = expand(sha256, key, nonce, 76);
  return {
    cipher: keys.subarray(0, 32),
    cipherNonce: keys.subarray(32, 44),
    mac: keys.subarray(44),
  };
}

const macOf = (key: Uint8Array, nonce: Uint8Array, ciphertext: Uint8Array): Uint8Array =>
  hmac.create(sha256, key).update(nonce).update(ciphertext).digest();

/** Whether two MACs are the same; takes as long wherever they differ. */
function isSame(one: Uint8Array, other: Uint8Array): boolean {
  const differences = one.reduce((found, byte, at) => found | (byte ^ (other[at] ?? -1)), 0);
  return differences === 0 && one.length === other.length;
}

/** How long a text of so many bytes is made: 32, and above that steps of an eighth of its size. */
export function paddedLength(bytes: number): number {
  if (bytes <= 32) {
    return 32;
  }
  const power = 2 ** (Math.floor(Math.log2(bytes - 1)) + 1);
  const step = power <= 256 ? 32 : power / 8;
  return step * (Math.floor((bytes - 1) / step) + 1);
}

function pad(text: Uint8Array): Uint8Array {
  if (text.length < 1 || text.length > LONGEST_TEXT) {
    throw new RangeError(`A sealed text has 1 to ${LONGEST_TEXT} bytes.`);
  }
  const padded = new Uint8Array(2 + paddedLength(text.length));
  new DataView(padded.buffer).setUint16(0, text.length);
  padded.set(text, 2);
  return padded;
}

function unpad(padded: Uint8Array): string {
  const length = new DataView(padded.buffer, padded.byteOffset).getUint16(0);
  const text = padded.subarray(2, 2 + length);
  if (length === 0 || text.length !== length || padded.length !== 2 + paddedLength(length)) {
    throw new SealBroken("What is sealed is padded wrongly.");
  }
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(text);
  } catch {
    throw new SealBroken("What is sealed is not a text.");
  }
}

function decode(payload: string): Uint8Array {
  if (payload.length >= SHORTEST_PAYLOAD && payload.length <= LONGEST_PAYLOAD) {
    try {
      const bytes = Uint8Array.from(atob(payload), (character) => character.charCodeAt(0));
      // A browser overlooks spaces, a missing end, and bits that say nothing.
      if (toBase64(bytes) === payload) {
        return bytes;
      }
    } catch {
      // It is none, as below.
    }
  }
  throw new SealBroken("It is not a sealed text.");
}

function toBase64(bytes: Uint8Array): string {
  let binary = "";
  for (const byte of bytes) {
    binary += String.fromCharCode(byte);
  }
  return btoa(binary);
}
