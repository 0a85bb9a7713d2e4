import type { Schema } from "../api/client.ts";
import { makerContext } from "../sealing/tradeKeys.ts";
import { asMaker } from "../verify/agreement.ts";
import { checkOffer, expected, fault } from "../verify/offer.ts";
import { readOffer } from "../verify/shown.ts";
import { checkedExchange, type Desk } from "./desk.ts";
import * as exchange from "./exchange.ts";
import { proveWallet, signedKey } from "./proving.ts";
import { depthFor } from "./seen.ts";
import type { NewOffer } from "./trader.ts";

/**
 * Publishes an offer with this wallet and a key of its own, and keeps what was agreed to. What the
 * exchange publishes otherwise is closed again, and throws `VerificationFailed`.
 *
 * Throws `RangeError` where the offer does not agree with itself.
 */
export async function publishOffer(
  desk: Desk,
  said: NewOffer,
  once: string,
): Promise<Schema["OwnOfferAnswer"]> {
  const wrong = fault(said);
  if (wrong !== null) {
    throw new RangeError(wrong);
  }
  const rules = await checkedExchange(desk);
  await proveWallet(desk, rules.chainId);
  const keys = await desk.wallet.tradeKeys();
  const key = keys.fresh(makerContext(said.direction, said.asset, said.currency), once).public;
  const body = {
    ...said,
    wallet: desk.wallet.address,
    encryption_key: key,
    key_signature: await signedKey(desk, key),
  };
  const offer = await exchange.createOffer(body, once);
  try {
    checkOffer(offer, expected(said));
    const own = { wallet: desk.wallet.address, key, depth: depthFor(rules) };
    desk.notebook.keepOffer(asMaker(readOffer(offer), rules, own));
  } catch (error) {
    await exchange.closeOffer(offer);
    throw error;
  }
  return offer;
}
