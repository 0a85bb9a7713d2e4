import type { Address, Hex } from "viem";

import type { Schema } from "../api/client.ts";

export type Trade = Schema["TradeBody"];
export type Offer = Schema["OfferAnswer"];
export type Quote = Schema["OffersQuoteAnswer"];
export type LockWay = "transaction" | Schema["LockInstruction"]["way"];

/** How far a transaction is. A replaced one is followed by its nonce. */
export interface Progress {
  readonly step: string;
  readonly hash: Hex;
  readonly state: "sent" | "replaced" | "confirmed" | "failed";
  readonly confirmations: number;
  readonly needed: number;
}

export type Report = (progress: Progress) => void;

/** Who showed the chain: the reader's own node or wallet, or the exchange's node. */
export type Witness = "own" | "exchange";

/** What the chain itself says of a trade's escrow, read and checked by the page. */
export interface EscrowSeen {
  readonly witness: Witness;
  readonly contract: Address;
  /** The hash of the code that is there, and whether it is that of Tradepost's escrow. */
  readonly codeHash: Hex;
  readonly codeKnown: boolean;
  readonly escrowId: Hex;
  /** Whether the terms shown by the exchange hash to the escrow's id. */
  readonly idMatches: boolean;
  readonly status: "none" | "locked" | "released" | "refunded" | "cancelled" | "settled";
  readonly paid: boolean;
  readonly confirmations: number;
  readonly needed: number;
  /** Unix seconds; null while none is running. */
  readonly cancelAt: number | null;
  readonly blockNumber: number;
  readonly blockTime: number;
}

/** What a wallet has of a coin, in smallest units: in the wallet, and in the contract. */
export interface Balance {
  readonly asset: string;
  readonly wallet: bigint;
  readonly deposited: bigint;
}

export type NewOffer = Omit<Schema["NewOfferBody"], "wallet" | "encryption_key" | "key_signature">;

export interface Taking {
  readonly method: string;
  readonly amount?: string;
  readonly fiatAmount?: string;
  /** One that the reader has seen: the trade is taken at the price that it holds. */
  readonly quote: Quote;
  readonly link?: string;
  readonly country?: string;
}

/**
 * A wallet's dealings on this exchange: every step first holds what the exchange shows against
 * what was agreed, then asks the chain where coins are concerned, and only then signs.
 *
 * Those that sign throw a subclass of `VerificationFailed` where the exchange's word does not
 * hold, and then have signed nothing.
 */
export interface Trader {
  readonly address: Address;
  publishOffer(said: NewOffer, once: string): Promise<Schema["OwnOfferAnswer"]>;
  takeOffer(offer: Offer, taking: Taking, once: string): Promise<Trade>;
  /**
   * Holds a trade that was just read against what was agreed; throws `VerificationFailed`.
   * `askedFor` is the id in the page's address, where that asked for it.
   */
  checkTrade(trade: Trade, askedFor?: string): Promise<void>;
  /** The ways by which the coins can be locked now, the cheapest for the seller first. */
  lockWays(trade: Trade): Promise<readonly LockWay[]>;
  lock(trade: Trade, way: LockWay, report: Report): Promise<void>;
  sendPaymentDetails(trade: Trade, fields: Readonly<Record<string, string>>): Promise<Trade>;
  /** Only once the chain shows the coins locked as deep as agreed, where the reader buys. */
  openPaymentDetails(trade: Trade): Promise<Readonly<Record<string, string>>>;
  paymentSent(trade: Trade): Promise<Trade>;
  release(trade: Trade): Promise<Trade>;
  refund(trade: Trade): Promise<Trade>;
  cancel(trade: Trade): Promise<Trade>;
  dispute(trade: Trade, reason: Schema["DisputeBody"]["reason"]): Promise<Trade>;
  settle(trade: Trade, buyerAmount: string): Promise<Trade>;
  /** What the chain says; needs no open wallet, see `seeEscrow`. */
  seeEscrow(trade: Trade): Promise<EscrowSeen>;
  balances(): Promise<readonly Balance[]>;
  /** Sends coins to another address, from the wallet. `amount` in smallest units. */
  send(asset: string, amount: bigint, to: Address, report: Report): Promise<void>;
  /** Puts coins into the contract, or draws them out of it, in smallest units. */
  deposit(asset: string, amount: bigint, report: Report): Promise<void>;
  withdraw(asset: string, amount: bigint, report: Report): Promise<void>;
}
