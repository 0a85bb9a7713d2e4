import type { Address, Hex } from "viem";

import { compareDecimals } from "../offers/decimals.ts";
import { type Agreement, type KnownTrade, same } from "./agreement.ts";
import { fiatFollows, fromMinor, toMinorOrNull } from "./amounts.ts";
import * as errors from "./errors.ts";
import {
  assetOf,
  currencyDecimals,
  type ShownExchange,
  type ShownOffer,
  type ShownQuote,
  type ShownTrade,
  type Side,
} from "./shown.ts";
import { escrowId, malformed, refusal, type Terms } from "./terms.ts";

/** What a taker asks for: an amount of the coin, or a sum of money. */
export type Asked = { readonly amount: string } | { readonly fiatAmount: string };

/**
 * Holds a quote against what was asked for, against the offer as it was seen, and against itself.
 * The price of an offer that follows the market is what the quote says, which the reader has seen.
 *
 * Throws `AmountChanged`, `FiatChanged`, `PriceChanged`, or `OfferChanged` where the exchange does
 * not tell what the coin or the currency is.
 */
export function checkQuote(
  quote: ShownQuote,
  offer: ShownOffer,
  exchange: ShownExchange,
  asked: Asked,
): void {
  if ("amount" in asked && compareDecimals(quote.amount, asked.amount) !== 0) {
    throw new errors.AmountChanged(`You asked for ${asked.amount}, not ${quote.amount}.`);
  }
  if ("fiatAmount" in asked && compareDecimals(quote.fiatAmount, asked.fiatAmount) !== 0) {
    throw new errors.FiatChanged(`You asked for ${asked.fiatAmount}, not ${quote.fiatAmount}.`);
  }
  const limit = offer.pricing === "fixed" ? offer.price : null;
  checkPrice(quote.price, limit, offer.direction === "sell" ? "buyer" : "seller");
  const { decimals } = assetOf(exchange, offer.asset);
  const fiatDecimals = currencyDecimals(exchange, offer.currency);
  if (!fiatFollows(quote.amount, quote.fiatAmount, quote.price, decimals, fiatDecimals)) {
    throw new errors.FiatChanged(`${quote.amount} at ${quote.price} is not ${quote.fiatAmount}.`);
  }
}

/**
 * Holds a trade against what was agreed, and tells it as it may be kept, with the escrow's id
 * recomputed. `askedFor` is the id of the trade that was asked for; null right after taking.
 *
 * A subclass of `VerificationFailed` tells what the exchange has changed.
 */
export function checkTrade(
  trade: ShownTrade,
  agreement: Agreement,
  askedFor: string | null = null,
): KnownTrade {
  if (askedFor !== null && trade.id !== askedFor) {
    throw new errors.OtherTrade(`It was ${askedFor}, it showed ${trade.id}.`);
  }
  if (trade.offerId !== agreement.offerId || trade.asset !== agreement.asset) {
    throw new errors.OfferChanged(`It shows ${trade.asset} of offer ${trade.offerId}.`);
  }
  if (trade.role !== agreement.side) {
    throw new errors.RoleChanged(`You are the ${agreement.side}, not the ${trade.role}.`);
  }
  checkTerms(trade.escrow.terms);
  checkPlace(trade, agreement);
  checkParties(trade, agreement);
  checkAmounts(trade, agreement);
  checkRules(trade, agreement);
  return {
    id: trade.id,
    agreement,
    terms: trade.escrow.terms,
    escrowId: checkId(trade),
    buyerKey: trade.buyer.key,
    sellerKey: trade.seller.key,
  };
}

/** Holds a trade against what was verified of it before. */
export function checkUnchanged(trade: ShownTrade, known: KnownTrade): void {
  const now = checkTrade(trade, known.agreement, known.id);
  // The id is the digest of the terms: the same id is the same terms.
  if (now.escrowId !== known.escrowId) {
    throw new errors.TermsChanged(`The escrow was ${known.escrowId}, it is ${now.escrowId}.`);
  }
  if (now.buyerKey !== known.buyerKey || now.sellerKey !== known.sellerKey) {
    throw new errors.CounterpartyChanged("It shows another encryption key than before.");
  }
}

/**
 * What an arbitrator, who agreed to nothing, can check before he signs a ruling: the escrow's id is
 * the digest of the terms shown, they name him, they are of the chain, and they hold the amount
 * that is shown, of which the exchange tells the decimals.
 */
export function checkForArbitrator(
  trade: ShownTrade,
  askedFor: string,
  wallet: Address,
  chainId: number,
  decimals: number,
): Terms {
  const { terms } = trade.escrow;
  if (trade.id !== askedFor) {
    throw new errors.OtherTrade(`It was ${askedFor}, it showed ${trade.id}.`);
  }
  checkTerms(terms);
  if (trade.escrow.chainId !== chainId) {
    throw new errors.WrongChain(`The node is on ${chainId}.`);
  }
  if (!same(terms.arbitrator, wallet)) {
    throw new errors.ArbitratorChanged(`The terms name ${terms.arbitrator}.`);
  }
  checkId(trade);
  if (toMinorOrNull(trade.amount, decimals) !== terms.amount) {
    throw new errors.OfferChanged("The amount shown is not the amount in the escrow's terms.");
  }
  return terms;
}

/** The terms are of the types that are hashed, and such as the contract takes. */
function checkTerms(terms: Terms): void {
  const reason = malformed(terms) ?? refusal(terms);
  if (reason !== null) {
    throw new errors.TermsMalformed(reason);
  }
}

function checkPlace({ escrow }: ShownTrade, agreement: Agreement): void {
  if (escrow.chainId !== agreement.chainId) {
    throw new errors.WrongChain(`You agreed to chain ${agreement.chainId}.`);
  }
  if (!same(escrow.contract, agreement.contract)) {
    throw new errors.ContractChanged(`It was ${agreement.contract}, it is ${escrow.contract}.`);
  }
  if (!same(escrow.terms.token, agreement.token)) {
    throw new errors.TokenChanged(`It was ${agreement.token}, it is ${escrow.terms.token}.`);
  }
}

function checkParties(trade: ShownTrade, agreement: Agreement): void {
  const { terms } = trade.escrow;
  const others: Side = agreement.side === "buyer" ? "seller" : "buyer";
  const [own, other] = [trade[agreement.side], trade[others]];
  if (!same(terms[agreement.side], agreement.wallet)) {
    throw new errors.OwnWalletMissing(`It was ${agreement.wallet}.`);
  }
  if (own.key !== agreement.encryptionKey) {
    throw new errors.KeyNotOurs(`It was ${agreement.encryptionKey}, it is ${own.key}.`);
  }
  if (!same(other.wallet, terms[others])) {
    throw new errors.CounterpartyChanged(`The terms name ${terms[others]} as the ${others}.`);
  }
  if (other.key === agreement.encryptionKey) {
    throw new errors.CounterpartyChanged(`It shows your own key as the ${others}'s.`);
  }
  if (!same(terms.arbitrator, agreement.arbitrator)) {
    throw new errors.ArbitratorChanged(`It was ${agreement.arbitrator}.`);
  }
}

function checkPrice(price: string, worst: string | null, side: Side): void {
  if (worst === null) {
    return;
  }
  const difference = compareDecimals(price, worst);
  if (side === "buyer" ? difference > 0 : difference < 0) {
    throw new errors.PriceChanged(`It is ${price}, the limit is ${worst}.`);
  }
}

function checkAmounts(trade: ShownTrade, agreement: Agreement): void {
  const { terms } = trade.escrow;
  if (toMinorOrNull(trade.amount, agreement.decimals) !== terms.amount) {
    const held = fromMinor(terms.amount, agreement.decimals);
    throw new errors.AmountChanged(`It is about ${trade.amount}, the escrow would hold ${held}.`);
  }
  const inCoins = agreement.amountUnit === "asset";
  const bounded = inCoins ? trade.amount : trade.fiatAmount;
  if (
    compareDecimals(bounded, agreement.minAmount) < 0 ||
    compareDecimals(bounded, agreement.maxAmount) > 0
  ) {
    const words = `${bounded} is not within ${agreement.minAmount} and ${agreement.maxAmount}.`;
    throw inCoins ? new errors.AmountChanged(words) : new errors.FiatChanged(words);
  }
  checkPrice(trade.price, agreement.worstPrice, agreement.side);
  checkFiat(trade, agreement);
  const highest = (terms.amount * BigInt(agreement.feeBps)) / 10_000n;
  if (terms.fee > highest || toMinorOrNull(trade.fee, agreement.decimals) !== terms.fee) {
    throw new errors.FeeChanged(`It is ${terms.fee}, at most ${highest} was agreed.`);
  }
  if (terms.fee > 0n && !same(terms.feeRecipient, agreement.feeRecipient)) {
    throw new errors.FeeChanged(`It goes to ${terms.feeRecipient}.`);
  }
}

function checkFiat(trade: ShownTrade, agreement: Agreement): void {
  if (trade.currency !== agreement.currency) {
    throw new errors.FiatChanged(`It is in ${trade.currency}, not in ${agreement.currency}.`);
  }
  const agreed = agreement.fiatAmount;
  if (agreed !== null && compareDecimals(trade.fiatAmount, agreed) !== 0) {
    throw new errors.FiatChanged(`It was ${agreed}, it is ${trade.fiatAmount}.`);
  }
  // What a division leaves is the maker's: he insists on it, a taker need not.
  const gain = agreement.words === null ? agreement.side : null;
  const { decimals, currencyDecimals: fiatDecimals } = agreement;
  if (!fiatFollows(trade.amount, trade.fiatAmount, trade.price, decimals, fiatDecimals, gain)) {
    throw new errors.FiatChanged(`${trade.amount} at ${trade.price} is not ${trade.fiatAmount}.`);
  }
}

function checkRules(trade: ShownTrade, agreement: Agreement): void {
  const { terms } = trade.escrow;
  if (terms.paymentWindow !== BigInt(agreement.paymentWindow)) {
    throw new errors.WindowsChanged(`The payment window was ${agreement.paymentWindow} s.`);
  }
  if (terms.challengeWindow !== BigInt(agreement.challengeWindow)) {
    throw new errors.WindowsChanged(`The challenge window was ${agreement.challengeWindow} s.`);
  }
  if (!agreement.paymentMethods.includes(trade.paymentMethod)) {
    throw new errors.MethodChanged(`It is ${trade.paymentMethod}.`);
  }
  if (agreement.words !== null && trade.words !== agreement.words) {
    throw new errors.WordsChanged("They were others.");
  }
}

function checkId({ escrow }: ShownTrade): Hex {
  const found = escrowId(escrow.terms, escrow.chainId, escrow.contract);
  if (found !== escrow.id) {
    throw new errors.EscrowIdWrong(`It is ${found}, the exchange says ${escrow.id}.`);
  }
  return found;
}
