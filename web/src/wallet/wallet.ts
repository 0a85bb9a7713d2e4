import type { Address, Hex, TypedDataDefinition } from "viem";

/** What any wallet is asked by (EIP-1193). */
export interface Provider {
  request(asked: { method: string; params?: readonly unknown[] }): Promise<unknown>;
}

/** A key that payment details of one offer or trade are sealed with. */
export interface TradeKey {
  /** The x coordinate of the public key: 64 hexadecimal digits. */
  readonly public: string;
  /** The 32 bytes of the private key. */
  readonly secret: Uint8Array;
}

/** Derives a wallet's trade keys, which are stored nowhere. */
export interface TradeKeys {
  /** A key of `context` with a random index; `once` names an intent that may be repeated. */
  fresh(context: string, once?: string): TradeKey;
  /**
   * The key of `context` whose public part is `known`; throws `KeyNotOurs`. It may have to try all
   * keys of the context, a second of a phone's work, and then leaves the page room meanwhile.
   */
  find(context: string, known: string): Promise<TradeKey>;
  /** What seals the reader's own things to himself. */
  ownBox(): OwnBox;
}

/** Seals texts, and opens what it sealed itself; `open` throws `SealBroken`. */
export interface OwnBox {
  seal(text: string): string;
  open(sealed: string): string;
}

/** A transaction that a wallet is to send; `value` in wei. */
export interface Call {
  readonly to: Address;
  readonly data: Hex;
  readonly value: bigint;
}

/** A wallet that is open: it signs, wherever its keys are. */
export interface Wallet {
  /** Made here, or the reader's own, which has announced itself (EIP-6963). */
  readonly kind: "built-in" | "own";
  /** What people call it. */
  readonly name: string;
  /** In checksum form. */
  readonly address: Address;
  /** How it reads the chain; the built-in one reads by the node of its page. */
  readonly provider: Provider;
  /** Signs a text (EIP-191). Throws `SigningRefused` where the reader says no. */
  signText(text: string): Promise<Hex>;
  /** Signs typed data (EIP-712). Throws `SigningRefused`, `WrongNetwork`. */
  signTyped(data: TypedDataDefinition): Promise<Hex>;
  /** Sends a transaction and tells its hash. Throws `SigningRefused`, `WrongNetwork`. */
  send(call: Call): Promise<Hex>;
  /** The keys with which payment details are sealed. An own wallet is asked for one signature. */
  tradeKeys(): Promise<TradeKeys>;
}
