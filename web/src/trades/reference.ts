import { sha256 } from "@noble/hashes/sha2";
import { utf8ToBytes } from "@noble/hashes/utils";

/** Neither I nor O, nor 0 nor 1: people copy it by hand. No vowels, so that no words come out. */
const ALPHABET = "BCDFGHJKLMNPQRSTVWXZ23456789";
const LENGTH = 10;

/**
 * What a payment for this trade says: letters and digits that name neither exchange nor coin. Both
 * sides have the same from the trade's id: `tradepost_payments.codes.reference`.
 */
export function reference(tradeId: string): string {
  let number = 0n;
  for (const byte of sha256(utf8ToBytes(`payment reference/${tradeId}`))) {
    number = (number << 8n) | BigInt(byte);
  }
  const base = BigInt(ALPHABET.length);
  let letters = "";
  for (let place = 0; place < LENGTH; place += 1) {
    letters += ALPHABET[Number(number % base)] ?? "";
    number /= base;
  }
  return letters;
}
