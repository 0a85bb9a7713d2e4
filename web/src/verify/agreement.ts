import type { Address, Hex } from "viem";

import { KeyNotOurs, OwnWalletMissing, RoleChanged } from "./errors.ts";
import {
  assetOf,
  currencyDecimals,
  type ShownExchange,
  type ShownOffer,
  type ShownQuote,
  type ShownTrade,
  type Side,
} from "./shown.ts";
import { NATIVE, type Terms } from "./terms.ts";

/**
 * What the reader agreed to with an offer, and the exchange's rules at that moment: written down so
 * that the exchange can be held to it.
 */
export interface Agreement {
  readonly offerId: string;
  /** Which side of the offer's trades the reader is on. */
  readonly side: Side;
  readonly asset: string;
  readonly decimals: number;
  /** The zero address for the native coin. */
  readonly token: Address;
  readonly currency: string;
  readonly currencyDecimals: number;
  /**
   * The most that a buyer pays, or the least that a seller takes, for one whole coin; null for the
   * maker of a floating price without a limit, who has left it to the market.
   */
  readonly worstPrice: string | null;
  /** What the two amounts are of. */
  readonly amountUnit: "asset" | "currency";
  readonly minAmount: string;
  readonly maxAmount: string;
  /** The exact sum of money, where a taker was quoted one. */
  readonly fiatAmount: string | null;
  readonly paymentMethods: readonly string[];
  /** The offer's terms, which a taker read; null for a maker, who wrote them. */
  readonly words: string | null;
  /** The reader's own. */
  readonly wallet: Address;
  /** The reader's own. */
  readonly encryptionKey: string;
  readonly chainId: number;
  readonly contract: Address;
  readonly arbitrator: Address;
  /** In 1/10,000. */
  readonly feeBps: number;
  readonly feeRecipient: Address;
  /** Seconds. */
  readonly paymentWindow: number;
  /** Seconds. */
  readonly challengeWindow: number;
  /** How deep a lock has to be. */
  readonly confirmations: number;
}

/**
 * A trade that was verified once, as it is kept: the exchange cannot change it any more. It is also
 * all that is needed to end the trade on the chain without the exchange.
 */
export interface KnownTrade {
  readonly id: string;
  readonly agreement: Agreement;
  readonly terms: Terms;
  readonly escrowId: Hex;
  readonly buyerKey: string;
  readonly sellerKey: string;
}

/** Whose hand an agreement is in: his wallet, his key, and how deep a lock has to be for him. */
export interface Own {
  readonly wallet: Address;
  readonly key: string;
  readonly depth: number;
}

/** Fewer confirmations are never enough where the coins are worth something. */
const FEWEST_CONFIRMATIONS = 6;
const DEVELOPMENT_CHAIN = 31337;

/** How deep a lock has to be: the exchange's number, with a floor. */
export function confirmations(claimed: number, chainId: number): number {
  return Math.max(chainId === DEVELOPMENT_CHAIN ? 1 : FEWEST_CONFIRMATIONS, claimed);
}

export const same = (one: string, other: string): boolean =>
  one.toLowerCase() === other.toLowerCase();

/**
 * The agreement of the maker of an offer, of which trades within its range may come.
 *
 * A floating price is bounded by the offer's limit. Without one the trade's price is what the
 * exchange says that the market's was, and only its arithmetic can be checked.
 *
 * Throws `OwnWalletMissing` and `KeyNotOurs` where the offer names another wallet or key.
 */
export function asMaker(offer: ShownOffer, exchange: ShownExchange, own: Own): Agreement {
  if (offer.wallet === null || !same(offer.wallet, own.wallet)) {
    throw new OwnWalletMissing(`The offer names ${offer.wallet}.`);
  }
  if (offer.key !== own.key) {
    throw new KeyNotOurs(`The offer names ${offer.key}.`);
  }
  return {
    ...rules(offer.asset, offer.currency, exchange, own),
    offerId: offer.id,
    side: offer.direction === "sell" ? "seller" : "buyer",
    worstPrice: offer.pricing === "fixed" ? offer.price : offer.limitPrice,
    amountUnit: offer.amountUnit,
    minAmount: offer.minAmount,
    maxAmount: offer.maxAmount,
    fiatAmount: null,
    paymentMethods: offer.paymentMethods,
    words: null,
    paymentWindow: offer.paymentWindow,
  };
}

/** The agreement of a taker: the very amounts of a quote that `checkQuote` has let pass. */
export function asTaker(
  offer: ShownOffer,
  exchange: ShownExchange,
  quote: ShownQuote,
  method: string,
  own: Own,
): Agreement {
  return {
    ...rules(offer.asset, offer.currency, exchange, own),
    offerId: offer.id,
    side: offer.direction === "sell" ? "buyer" : "seller",
    worstPrice: quote.price,
    amountUnit: "asset",
    minAmount: quote.amount,
    maxAmount: quote.amount,
    fiatAmount: quote.fiatAmount,
    paymentMethods: [method],
    words: offer.words,
    paymentWindow: offer.paymentWindow,
  };
}

/**
 * An agreement made anew from the exchange's word, where this device has no note of its own.
 *
 * It cannot tell that amounts, price or rules were others before; the reader has to look at them.
 * The wallet and the key are still his own, and whatever comes later is held against it.
 *
 * Throws `RoleChanged` where he is neither the buyer nor the seller.
 */
export function asShown(trade: ShownTrade, exchange: ShownExchange, own: Own): Agreement {
  if (trade.role === "arbitrator") {
    throw new RoleChanged("You are not one of its traders.");
  }
  return {
    ...rules(trade.asset, trade.currency, exchange, own),
    offerId: trade.offerId,
    side: trade.role,
    worstPrice: trade.price,
    amountUnit: "asset",
    minAmount: trade.amount,
    maxAmount: trade.amount,
    fiatAmount: trade.fiatAmount,
    paymentMethods: [trade.paymentMethod],
    words: trade.maker === trade.role ? null : trade.words,
    paymentWindow: Number(trade.escrow.terms.paymentWindow),
  };
}

function rules(asset: string, currency: string, exchange: ShownExchange, own: Own) {
  const coin = assetOf(exchange, asset);
  return {
    asset,
    decimals: coin.decimals,
    token: coin.token ?? NATIVE,
    currency,
    currencyDecimals: currencyDecimals(exchange, currency),
    wallet: own.wallet,
    encryptionKey: own.key,
    chainId: exchange.chainId,
    contract: exchange.contract,
    arbitrator: exchange.arbitrator,
    feeBps: exchange.feeBps,
    feeRecipient: exchange.feeRecipient ?? NATIVE,
    challengeWindow: exchange.challengeWindow,
    confirmations: own.depth,
  };
}
