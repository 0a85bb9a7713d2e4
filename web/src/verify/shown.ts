import type { Address, Hex } from "viem";

import { AnswerMalformed, OfferChanged } from "./errors.ts";
import * as read from "./read.ts";
import type { Terms } from "./terms.ts";

/**
 * The exchange's answers as far as anything depends on them, in the form that its API promises:
 * an answer's type is only a claim until it was read. Each reader throws `AnswerMalformed`.
 */
export type Side = "buyer" | "seller";
export type Role = Side | "arbitrator";
type Unit = "asset" | "currency";

const { field, nullable } = read;
const side = read.oneOf<Side>("buyer", "seller");
const role = read.oneOf<Role>("buyer", "seller", "arbitrator");
const unit = read.oneOf<Unit>("asset", "currency");

/** One side of a trade; `keySignature` is its wallet's word on the key, as it was told. */
export interface ShownParty {
  readonly wallet: Address;
  readonly key: string;
  readonly keySignature: Hex | null;
}

/** A share for the buyer that one party has signed, until a chain time in Unix seconds. */
export interface ShownSettlement {
  readonly buyerAmount: string;
  readonly validUntil: number;
}

export interface ShownTrade {
  readonly id: string;
  readonly offerId: string;
  readonly state: string;
  readonly asset: string;
  readonly currency: string;
  readonly amount: string;
  readonly fee: string;
  readonly fiatAmount: string;
  readonly price: string;
  readonly paymentMethod: string;
  readonly maker: Side;
  readonly role: Role;
  readonly buyer: ShownParty;
  readonly seller: ShownParty;
  readonly sealed: string | null;
  readonly words: string;
  readonly settlements: readonly ShownSettlement[];
  readonly allowed: readonly string[];
  /** Whether the exchange has a signed lock that it brings. */
  readonly lockBrought: boolean;
  readonly escrow: {
    readonly id: Hex;
    readonly chainId: number;
    readonly contract: Address;
    readonly needed: number;
    readonly hash: Hex | null;
    readonly terms: Terms;
  };
}

export interface ShownAsset {
  readonly code: string;
  readonly decimals: number;
  /** Null for the chain's native coin. */
  readonly token: Address | null;
}

export interface ShownExchange {
  readonly chainId: number;
  readonly contract: Address;
  readonly confirmations: number;
  readonly assets: readonly ShownAsset[];
  readonly currencies: readonly { readonly code: string; readonly decimals: number }[];
  readonly feeBps: number;
  readonly feeRecipient: Address | null;
  readonly arbitrator: Address;
  readonly challengeWindow: number;
}

export interface ShownOffer {
  readonly id: string;
  readonly direction: "buy" | "sell";
  readonly asset: string;
  readonly currency: string;
  readonly pricing: "fixed" | "floating";
  readonly price: string | null;
  readonly limitPrice: string | null;
  readonly amountUnit: Unit;
  readonly minAmount: string;
  readonly maxAmount: string;
  readonly paymentMethods: readonly string[];
  readonly words: string;
  readonly paymentWindow: number;
  readonly wallet: Address | null;
  readonly key: string | null;
}

export interface ShownQuote {
  readonly price: string;
  readonly amount: string;
  readonly fiatAmount: string;
  readonly hold: string;
}

/** Decimals that no coin and no currency exceeds. */
const decimals: read.Read<number> = (value, name) => {
  const told = read.count(value, name);
  if (told > 36) {
    throw new AnswerMalformed(`${name} is not a number of decimals.`);
  }
  return told;
};

export const readTerms: read.Read<Terms> = (value, name) => {
  const from = read.object(value, name);
  return {
    seller: field(from, "seller", read.address),
    buyer: field(from, "buyer", read.address),
    arbitrator: field(from, "arbitrator", read.address),
    token: field(from, "token", read.address),
    amount: field(from, "amount", read.whole),
    fee: field(from, "fee", read.whole),
    feeRecipient: field(from, "fee_recipient", read.address),
    fundBy: field(from, "fund_by", read.whole),
    paymentWindow: field(from, "payment_window", read.whole),
    challengeWindow: field(from, "challenge_window", read.whole),
    lane: field(from, "lane", read.whole),
  };
};

const party: read.Read<ShownParty> = (value, name) => {
  const from = read.object(value, name);
  return {
    wallet: field(from, "wallet", read.address),
    key: field(from, "encryption_key", read.key),
    keySignature: field(from, "key_signature", nullable(read.signature)),
  };
};

const shownSettlement: read.Read<ShownSettlement> = (value, name) => {
  const from = read.object(value, name);
  return {
    buyerAmount: field(from, "buyer_amount", read.decimal),
    validUntil: field(from, "valid_until", read.count),
  };
};

const escrow: read.Read<ShownTrade["escrow"]> = (value, name) => {
  const from = read.object(value, name);
  return {
    id: field(from, "id", read.bytes32),
    chainId: field(from, "chain_id", read.count),
    contract: field(from, "contract", read.address),
    needed: field(from, "confirmations_needed", read.count),
    hash: field(from, "tx_hash", nullable(read.bytes32)),
    terms: field(from, "terms", readTerms),
  };
};

export function readTrade(answer: unknown): ShownTrade {
  const from = read.object(answer, "the trade");
  const viewer = field(from, "viewer", read.object);
  const lock = field(field(from, "escrow", read.object), "lock", nullable(read.object));
  return {
    id: field(from, "id", read.id),
    offerId: field(from, "offer_id", read.id),
    state: field(from, "state", read.text),
    asset: field(from, "asset", read.text),
    currency: field(from, "currency", read.text),
    amount: field(from, "amount", read.decimal),
    fee: field(from, "fee", read.decimal),
    fiatAmount: field(from, "fiat_amount", read.decimal),
    price: field(from, "price", read.decimal),
    paymentMethod: field(from, "payment_method", read.text),
    maker: field(from, "maker", side),
    role: field(viewer, "role", role),
    buyer: field(from, "buyer", party),
    seller: field(from, "seller", party),
    sealed: field(from, "sealed_payment_details", nullable(read.text)),
    words: field(from, "terms", nullable(read.text)) ?? "",
    settlements: field(from, "settlements", read.list(shownSettlement)),
    allowed: field(viewer, "allowed_actions", read.list(read.text)),
    lockBrought: lock !== null,
    escrow: field(from, "escrow", escrow),
  };
}

const shownAsset: read.Read<ShownAsset> = (value, name) => {
  const from = read.object(value, name);
  return {
    code: field(from, "code", read.text),
    decimals: field(from, "decimals", decimals),
    token: field(from, "token", nullable(read.address)),
  };
};

const shownCurrency: read.Read<{ code: string; decimals: number }> = (value, name) => {
  const from = read.object(value, name);
  return { code: field(from, "code", read.text), decimals: field(from, "decimals", decimals) };
};

export function readExchange(answer: unknown): ShownExchange {
  const from = read.object(answer, "the exchange");
  const chain = field(from, "chain", read.object);
  return {
    chainId: field(chain, "chain_id", read.count),
    contract: field(chain, "escrow_address", read.address),
    confirmations: field(chain, "confirmations", read.count),
    assets: field(from, "assets", read.list(shownAsset)),
    currencies: field(from, "currencies", read.list(shownCurrency)),
    feeBps: field(from, "fee_bps", read.count),
    feeRecipient: field(from, "fee_recipient", nullable(read.address)),
    arbitrator: field(from, "arbitrator", read.address),
    challengeWindow: field(from, "challenge_window_s", read.count),
  };
}

export function readOffer(answer: unknown): ShownOffer {
  const from = read.object(answer, "the offer");
  const pricing = field(from, "pricing", read.oneOf("fixed", "floating"));
  return {
    id: field(from, "id", read.id),
    direction: field(from, "direction", read.oneOf("buy", "sell")),
    asset: field(from, "asset", read.text),
    currency: field(from, "currency", read.text),
    pricing,
    // A fixed price is never missing.
    price: field(from, "price", pricing === "fixed" ? read.decimal : nullable(read.decimal)),
    limitPrice: field(from, "limit_price", nullable(read.decimal)),
    amountUnit: field(from, "amount_unit", unit),
    minAmount: field(from, "min_amount", read.decimal),
    maxAmount: field(from, "max_amount", read.decimal),
    paymentMethods: field(from, "payment_methods", read.list(read.text)),
    words: field(from, "terms", nullable(read.text)) ?? "",
    paymentWindow: field(from, "payment_window_s", read.count),
    wallet: field(from, "wallet", nullable(read.address)),
    key: field(from, "encryption_key", nullable(read.key)),
  };
}

export function readQuote(answer: unknown): ShownQuote {
  const from = read.object(answer, "the quote");
  return {
    price: field(from, "price", read.decimal),
    amount: field(from, "amount", read.decimal),
    fiatAmount: field(from, "fiat_amount", read.decimal),
    hold: field(from, "hold", read.text),
  };
}

/** What the exchange tells of a coin; throws `OfferChanged` where it does not. */
export function assetOf(exchange: ShownExchange, code: string): ShownAsset {
  return exchange.assets.find((each) => each.code === code) ?? untold(code);
}

/** The decimals of a currency; throws `OfferChanged` where the exchange does not tell them. */
export function currencyDecimals(exchange: ShownExchange, code: string): number {
  return (exchange.currencies.find((each) => each.code === code) ?? untold(code)).decimals;
}

function untold(code: string): never {
  throw new OfferChanged(`The exchange does not tell what ${code} is.`);
}
