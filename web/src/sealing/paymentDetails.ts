import { sha256 } from "@noble/hashes/sha2";
import { bytesToHex } from "@noble/hashes/utils";
import type { Address } from "viem";

import type { TradeKey, Wallet } from "../wallet/wallet.ts";
import { SealBroken } from "./errors.ts";
import { conversationKey, decrypt, encrypt } from "./nip44.ts";
import {
  canonical,
  checkFields,
  checkLength,
  fieldsOf,
  isSameAddress,
  membersOf,
  signerOfText,
} from "./texts.ts";

const FORM = 1;
/** A longer text is padded to more than the 8,000 characters that the exchange takes. */
const LARGEST_TEXT = 5120;

/** What payment details belong to; both sides have it from the trade that they verified. */
export interface Envelope {
  readonly trade_id: string;
  /** `0x` and 64 digits. */
  readonly escrow_id: string;
  /** The payment method's code. */
  readonly method: string;
  /** The x-only public key of the seller's trade key. */
  readonly seller_key: string;
  readonly buyer_key: string;
}

export type Fields = Readonly<Record<string, string>>;

/**
 * Signs payment details by the seller's wallet, the one in the escrow's terms, and seals them
 * between his key and the buyer's.
 *
 * Throws `RangeError` where there are none, or too many of them; `SealBroken` where the buyer's
 * key is no key; `SigningRefused`.
 */
export async function seal(
  envelope: Envelope,
  fields: Fields,
  key: TradeKey,
  wallet: Pick<Wallet, "signText">,
): Promise<string> {
  checkFields(fields);
  const shared = conversationKey(key.secret, envelope.buyer_key);
  const text = (signature: string) => JSON.stringify(contentOf(envelope, fields, signature));
  // Before anybody is asked to sign: a signature is as long as another.
  checkLength(text(`0x${"0".repeat(130)}`), LARGEST_TEXT);
  return encrypt(text(await wallet.signText(statement(envelope, fields))), shared);
}

const contentOf = (envelope: Envelope, fields: Fields, signature: string) => ({
  form: FORM,
  trade_id: envelope.trade_id,
  escrow_id: envelope.escrow_id,
  method: envelope.method,
  seller_key: envelope.seller_key,
  buyer_key: envelope.buyer_key,
  fields,
  signature,
});

/**
 * Opens payment details and makes sure that they are the seller's, for this trade.
 *
 * `key` is the own trade key, of the buyer or of the seller who reads again what he sent, and
 * `otherKey` the other side's public one. Throws `SealBroken` where they do not open, belong to
 * another trade, escrow or method, were sealed to another key, or are not signed by the wallet
 * that locked the coins.
 */
export async function unseal(
  payload: string,
  envelope: Envelope,
  key: TradeKey,
  otherKey: string,
  sellerWallet: Address,
): Promise<Fields> {
  const content = membersOf(decrypt(payload, conversationKey(key.secret, otherKey)));
  const fields = fieldsOf(content["fields"]);
  if (fields === null) {
    throw new SealBroken("What they hold is not payment details.");
  }
  if (content["form"] !== FORM) {
    throw new SealBroken("They have a form that this page does not know.");
  }
  for (const name of ["trade_id", "escrow_id", "method", "seller_key", "buyer_key"] as const) {
    if (content[name] !== envelope[name]) {
      throw new SealBroken(`They name another ${name.replace("_", " ")}.`);
    }
  }
  const signer = await signerOfText(statement(envelope, fields), content["signature"]);
  if (!isSameAddress(signer, sellerWallet)) {
    throw new SealBroken("They are not signed by the wallet that locked the coins.");
  }
  return fields;
}

/** What the seller's wallet signs. */
function statement(envelope: Envelope, fields: Fields): string {
  return [
    "Tradepost payment details",
    "",
    `Trade: ${envelope.trade_id}`,
    `Escrow: ${envelope.escrow_id}`,
    `Payment method: ${envelope.method}`,
    `Seller's key: ${envelope.seller_key}`,
    `Buyer's key: ${envelope.buyer_key}`,
    `SHA-256 of the details: ${bytesToHex(sha256(canonical(fields)))}`,
  ].join("\n");
}
