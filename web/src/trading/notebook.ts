import type { Address, Hex } from "viem";

import type { Agreement, KnownTrade } from "../verify/agreement.ts";
import { EscrowReused, NoteDamaged } from "../verify/errors.ts";
import * as read from "../verify/read.ts";
import { readTerms } from "../verify/shown.ts";
import type { Terms } from "../verify/terms.ts";

/** How many notes of a kind are kept: the oldest give way. */
const MOST = { offers: 200, takings: 100, trades: 500, escrows: 2_000, keys: 300 } as const;
type Kind = keyof typeof MOST;

const { field, nullable } = read;
const PREFIX = "tradepost.notes.";
/** The name of a note is an id of the exchange's, or a key: nothing that leads elsewhere. */
const NAME = /^[0-9a-f-]{1,64}$/;

/**
 * What a wallet's reader agreed to, kept on this device so that a later visit holds the exchange to
 * it. There is no secret in it. Without it nothing is lost but memory: the keys come from the
 * wallet, and an agreement can be made anew from the exchange's word, which is then trusted.
 */
export class Notebook {
  readonly #prefix: string;
  /** For browsers that keep nothing. */
  readonly #memory = new Map<string, string>();

  constructor(wallet: Address) {
    this.#prefix = `${PREFIX}${wallet.toLowerCase()}.`;
  }

  /** Keeps what the maker agreed to with his offer, in the place of what it was before. */
  keepOffer(agreement: Agreement): void {
    this.#write("offers", agreement.offerId, agreement);
  }

  /** What the maker agreed to with this offer. */
  offer(offerId: string): Agreement | null {
    return this.#read("offers", offerId, readAgreement);
  }

  /** Keeps what a taker is about to agree to: the answer to it may get lost. */
  keepTaking(agreement: Agreement): void {
    this.#write("takings", agreement.encryptionKey, agreement);
  }

  /** What the taker with this key agreed to. */
  taking(key: string): Agreement | null {
    return this.#read("takings", key, readAgreement);
  }

  /**
   * Keeps a verified trade, and that its escrow is for no other; throws `EscrowReused`.
   *
   * Nothing in an escrow's terms names the trade: an exchange could show one lock to a buyer for
   * two trades with the same seller over the same amount, and he would pay twice for it.
   */
  keepTrade(known: KnownTrade): void {
    const escrow = known.escrowId.slice(2);
    const owner = this.#read("escrows", escrow, read.id);
    if (owner !== null && owner !== known.id) {
      throw new EscrowReused(`${known.escrowId} is that of the trade ${owner}.`);
    }
    // First, so that no trade is ever kept whose escrow is still anybody's.
    this.#write("escrows", escrow, known.id);
    this.#write("trades", known.id, { ...known, terms: told(known.terms) });
  }

  /** The trade as it was verified first. */
  trade(tradeId: string): KnownTrade | null {
    const known = this.#read("trades", tradeId, readKnown);
    if (known !== null && known.id !== tradeId) {
      throw new NoteDamaged(`The note on trade ${tradeId} is about ${known.id}.`);
    }
    return known;
  }

  /** Keeps the wallet's signature of an encryption key: a retry sends the same one. */
  keepSignature(key: string, signature: Hex): void {
    this.#write("keys", key, signature);
  }

  signature(key: string): Hex | null {
    return this.#read("keys", key, read.signature);
  }

  #read<T>(kind: Kind, name: string, reader: read.Read<T>): T | null {
    const text = this.#text(this.#key(kind, name));
    if (text === null) {
      return null;
    }
    try {
      return field(read.object(JSON.parse(text), "the note"), "note", reader);
    } catch {
      // Trusting the exchange instead would be what the note is there to prevent.
      throw new NoteDamaged(`The note on ${kind} ${name} is damaged.`);
    }
  }

  #write(kind: Kind, name: string, note: unknown): void {
    const key = this.#key(kind, name);
    const text = JSON.stringify({ at: Date.now(), note });
    this.#memory.set(key, text);
    this.#bound(kind, MOST[kind] - 1);
    try {
      localStorage.setItem(key, text);
    } catch {
      this.#bound("trades", MOST.trades / 2);
      try {
        localStorage.setItem(key, text);
      } catch {
        // It is remembered while the page lives.
      }
    }
  }

  #bound(kind: Kind, most: number): void {
    const prefix = `${this.#prefix}${kind}.`;
    const keys = stored().filter((key) => key.startsWith(prefix));
    if (keys.length <= most) {
      return;
    }
    const dated = keys.map((key) => ({ key, at: writtenAt(this.#text(key)) }));
    dated.sort((one, other) => other.at - one.at);
    dated.slice(most).forEach(({ key }) => {
      localStorage.removeItem(key);
      this.#memory.delete(key);
    });
  }

  #text(key: string): string | null {
    try {
      return localStorage.getItem(key) ?? this.#memory.get(key) ?? null;
    } catch {
      return this.#memory.get(key) ?? null;
    }
  }

  #key(kind: Kind, name: string): string {
    if (!NAME.test(name)) {
      throw new NoteDamaged(`${name} is not an id.`);
    }
    return `${this.#prefix}${kind}.${name}`;
  }
}

function stored(): readonly string[] {
  try {
    return Array.from({ length: localStorage.length }, (_, at) => localStorage.key(at) ?? "");
  } catch {
    return [];
  }
}

function writtenAt(text: string | null): number {
  const at: unknown = /^\{"at":([0-9]{1,15}),/.exec(text ?? "")?.[1];
  return Number(at ?? 0);
}

/** Terms by the names that the API has for them, as they are read again. */
const told = (terms: Terms) => ({
  seller: terms.seller,
  buyer: terms.buyer,
  arbitrator: terms.arbitrator,
  token: terms.token,
  amount: terms.amount.toString(),
  fee: terms.fee.toString(),
  fee_recipient: terms.feeRecipient,
  fund_by: terms.fundBy.toString(),
  payment_window: terms.paymentWindow.toString(),
  challenge_window: terms.challengeWindow.toString(),
  lane: terms.lane.toString(),
});

const readAgreement: read.Read<Agreement> = (value, name) => {
  const from = read.object(value, name);
  return {
    offerId: field(from, "offerId", read.id),
    side: field(from, "side", read.oneOf("buyer", "seller")),
    asset: field(from, "asset", read.text),
    decimals: field(from, "decimals", read.count),
    token: field(from, "token", read.address),
    currency: field(from, "currency", read.text),
    currencyDecimals: field(from, "currencyDecimals", read.count),
    worstPrice: field(from, "worstPrice", nullable(read.decimal)),
    amountUnit: field(from, "amountUnit", read.oneOf("asset", "currency")),
    minAmount: field(from, "minAmount", read.decimal),
    maxAmount: field(from, "maxAmount", read.decimal),
    fiatAmount: field(from, "fiatAmount", nullable(read.decimal)),
    paymentMethods: field(from, "paymentMethods", read.list(read.text)),
    words: field(from, "words", nullable(read.text)),
    wallet: field(from, "wallet", read.address),
    encryptionKey: field(from, "encryptionKey", read.key),
    chainId: field(from, "chainId", read.count),
    contract: field(from, "contract", read.address),
    arbitrator: field(from, "arbitrator", read.address),
    feeBps: field(from, "feeBps", read.count),
    feeRecipient: field(from, "feeRecipient", read.address),
    paymentWindow: field(from, "paymentWindow", read.count),
    challengeWindow: field(from, "challengeWindow", read.count),
    confirmations: field(from, "confirmations", read.count),
  };
};

const readKnown: read.Read<KnownTrade> = (value, name) => {
  const from = read.object(value, name);
  return {
    id: field(from, "id", read.id),
    agreement: field(from, "agreement", readAgreement),
    terms: field(from, "terms", readTerms),
    escrowId: field(from, "escrowId", read.bytes32),
    buyerKey: field(from, "buyerKey", read.key),
    sellerKey: field(from, "sellerKey", read.key),
  };
};
