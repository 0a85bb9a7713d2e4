import { takerContext } from "../sealing/tradeKeys.ts";
import { asTaker } from "../verify/agreement.ts";
import { readOffer, readQuote, readTrade } from "../verify/shown.ts";
import { type Asked, checkQuote, checkTrade } from "../verify/trade.ts";
import { checkedExchange, type Desk } from "./desk.ts";
import * as exchange from "./exchange.ts";
import { proveWallet, signedKey } from "./proving.ts";
import { depthFor } from "./seen.ts";
import type { Offer, Taking, Trade } from "./trader.ts";

/**
 * Takes an offer as it was seen, at the price that the quote holds; what has changed since is
 * refused. What it agrees to is kept before it asks, as the answer may get lost.
 *
 * Throws `VerificationFailed` where the quote, or the trade that came of it, is not what was asked
 * for: nothing was locked, and the trade runs out unless it is cancelled.
 */
export async function takeOffer(
  desk: Desk,
  seenOffer: Offer,
  taking: Taking,
  once: string,
): Promise<Trade> {
  const rules = await checkedExchange(desk);
  const [offer, quote] = [readOffer(seenOffer), readQuote(taking.quote)];
  checkQuote(quote, offer, rules, askedOf(taking));
  await proveWallet(desk, rules.chainId);
  const keys = await desk.wallet.tradeKeys();
  const key = keys.fresh(takerContext(offer.id), once).public;
  const own = { wallet: desk.wallet.address, key, depth: depthFor(rules) };
  const agreement = asTaker(offer, rules, quote, taking.method, own);
  const signature = await signedKey(desk, key);
  desk.notebook.keepTaking(agreement);
  const trade = await exchange.takeOffer(
    {
      offer_id: offer.id,
      amount: taking.amount ?? null,
      fiat_amount: taking.fiatAmount ?? null,
      price_limit: quote.price,
      hold: quote.hold,
      payment_method: taking.method,
      link: taking.link ?? null,
      country: taking.country ?? null,
      wallet: own.wallet,
      encryption_key: key,
      key_signature: signature,
    },
    once,
  );
  desk.notebook.keepTrade(checkTrade(readTrade(trade), agreement));
  return trade;
}

/** Throws `RangeError` unless exactly one of the two amounts is asked for. */
function askedOf({ amount, fiatAmount }: Taking): Asked {
  if (amount !== undefined && fiatAmount === undefined) {
    return { amount };
  }
  if (fiatAmount !== undefined && amount === undefined) {
    return { fiatAmount };
  }
  throw new RangeError("State either an amount of the coin or a sum of money.");
}
