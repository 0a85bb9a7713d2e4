import type { Address, Hex } from "viem";
import { keccak256, stringToHex } from "viem/utils";

import * as read from "../verify/read.ts";
import type { Call } from "../wallet/wallet.ts";

/**
 * What a wallet was asked to send: kept before it is asked, so that a page which dies in between
 * goes on with it, and does not send it twice.
 */
export interface Intent {
  /** The number that the wallet's next transaction had, and then the transaction's own. */
  readonly nonce: number;
  /** Null as long as the wallet has not told it. */
  readonly hash: Hex | null;
  /** The newest block when it was begun. */
  readonly block: number;
  /** Milliseconds since 1970. */
  readonly at: number;
}

const PREFIX = "tradepost.sent.";
/** Older ones are forgotten: a transaction that did not come within days will not come. */
const MOST = 50;

/** A wallet's intents, by what they are for and what they send. */
export class Intents {
  readonly #prefix: string;

  constructor(wallet: Address) {
    this.#prefix = `${PREFIX}${wallet.toLowerCase()}.`;
  }

  /** The name of an intent: the same step with the same call is the same intent. */
  name(step: string, { to, data, value }: Call): string {
    return keccak256(stringToHex([step, to.toLowerCase(), data, value].join(" ")));
  }

  /** The intent; null where there is none, or what is there is no intent any more. */
  read(name: string): Intent | null {
    const text = localStorage.getItem(this.#prefix + name);
    try {
      return text === null ? null : intent(JSON.parse(text));
    } catch {
      // A damaged one says nothing; that coins are not locked twice is the contract's to see to.
      return null;
    }
  }

  keep(name: string, kept: Intent): void {
    this.#bound();
    localStorage.setItem(this.#prefix + name, JSON.stringify(kept));
  }

  drop(name: string): void {
    localStorage.removeItem(this.#prefix + name);
  }

  #bound(): void {
    const keys = Array.from({ length: localStorage.length }, (_, at) => localStorage.key(at) ?? "");
    const names = keys
      .filter((key) => key.startsWith(this.#prefix))
      .map((key) => key.slice(this.#prefix.length));
    const oldest = names
      .map((name) => ({ name, at: this.read(name)?.at ?? 0 }))
      .sort((one, other) => other.at - one.at);
    oldest.slice(MOST - 1).forEach(({ name }) => this.drop(name));
  }
}

function intent(value: unknown): Intent {
  const from = read.object(value, "the intent");
  return {
    nonce: read.field(from, "nonce", read.count),
    hash: read.field(from, "hash", read.nullable(read.bytes32)),
    block: read.field(from, "block", read.count),
    at: read.field(from, "at", read.count),
  };
}
