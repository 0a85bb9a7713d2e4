import { SealBroken as NotOpened } from "../sealing/errors.ts";
import { type Envelope, type Fields, seal, unseal } from "../sealing/paymentDetails.ts";
import { isKeySigned, keyDigest } from "../sealing/signedKeys.ts";
import { KeyNotSigned, SealBroken } from "../verify/errors.ts";
import { checkNetwork, type Desk } from "./desk.ts";
import { checkPayable } from "./escrow.ts";
import * as exchange from "./exchange.ts";
import { assertSide, type Seen, seen, tradeKey } from "./seen.ts";
import type { Trade } from "./trader.ts";

/**
 * The seller signs and seals what the buyer has to know in order to pay. Throws `KeyNotSigned`
 * where the key to seal to may be somebody else's than the buyer's.
 */
export async function sendPaymentDetails(desk: Desk, trade: Trade, fields: Fields): Promise<Trade> {
  const found = await seen(desk, trade);
  assertSide(found.known, "seller");
  await checkBuyersKey(desk, found);
  const key = await tradeKey(desk, found.known);
  return exchange.sendPaymentDetails(
    trade.id,
    await seal(envelope(found), fields, key, desk.wallet),
  );
}

/**
 * Opens the payment details, signed by the wallet that locked the coins. The buyer gets them only
 * once the chain shows the coins locked as deep as agreed: whoever pays on the exchange's word
 * alone may have paid for nothing.
 *
 * Throws `SealBroken` where there are none yet, or they are not the seller's; `NotLocked`,
 * `NotConfirmed`.
 */
export async function openPaymentDetails(desk: Desk, trade: Trade): Promise<Fields> {
  const found = await seen(desk, trade);
  const { shown, known } = found;
  if (shown.sealed === null) {
    throw new SealBroken("The seller has not sent any yet.");
  }
  const buys = known.agreement.side === "buyer";
  if (buys) {
    await checkPayable(desk, known);
  }
  const key = await tradeKey(desk, known);
  const others = buys ? known.sellerKey : known.buyerKey;
  try {
    return await unseal(shown.sealed, envelope(found), key, others, known.terms.seller);
  } catch (error) {
    throw error instanceof NotOpened ? new SealBroken(error.message) : error;
  }
}

/**
 * The buyer's wallet in the terms has signed the buyer's key: the seller may seal to it. The chain
 * is asked only where the wallet's own key did not sign, as the wallet may be a contract.
 */
async function checkBuyersKey(desk: Desk, { shown, known }: Seen): Promise<void> {
  const { keySignature } = shown.buyer;
  const { buyer } = known.terms;
  if (keySignature === null) {
    throw new KeyNotSigned("There is no signature.");
  }
  if (await isKeySigned(known.buyerKey, buyer, keySignature)) {
    return;
  }
  // On another chain others may have the contract's address.
  await checkNetwork(desk, known.agreement.chainId);
  if (!(await desk.chain.walletAgrees(buyer, keyDigest(known.buyerKey), keySignature))) {
    throw new KeyNotSigned(`The signature is not that of ${buyer} over ${known.buyerKey}.`);
  }
}

const envelope = ({ shown, known }: Seen): Envelope => ({
  trade_id: known.id,
  escrow_id: known.escrowId,
  method: shown.paymentMethod,
  seller_key: known.sellerKey,
  buyer_key: known.buyerKey,
});
