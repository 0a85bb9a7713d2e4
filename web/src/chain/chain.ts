import type { Address, Hex } from "viem";

import type { Provider } from "../wallet/wallet.ts";
import { agrees, isValidSignature } from "./calls.ts";
import { ChainRefused, ChainUnreachable } from "./errors.ts";
import { ask, octets, quantity, small } from "./rpc.ts";

export type At = number | "latest" | "pending";

/** A block's number, its time in Unix seconds, and its base fee in wei per gas. */
export interface Block {
  readonly number: number;
  readonly time: number;
  readonly baseFee: bigint;
}

/** What became of a transaction. */
export interface Receipt {
  readonly hash: Hex;
  readonly block: number;
  readonly succeeded: boolean;
}

/** What a transaction is, as far as it can be told from another one by it. */
export interface Transaction {
  readonly hash: Hex;
  readonly from: string;
  readonly nonce: number;
  /** Null where it creates a contract. */
  readonly to: string | null;
  readonly data: Hex;
  readonly value: bigint;
}

const TRIES = 3;
const PAUSE_MS = 300;
/** So many of a block's transactions are looked up one by one, where a node gives hashes only. */
const MOST_LOOKED_UP = 400;

/** A node, asked. Reading throws `ChainUnreachable` and `ChainRefused`. */
export class Chain {
  readonly #provider: Provider;
  /** How long to wait between two looks, in milliseconds. */
  readonly pollMs: number;

  constructor(provider: Provider, pollMs: number) {
    this.#provider = provider;
    this.pollMs = pollMs;
  }

  async chainId(): Promise<number> {
    return small(await this.#ask("eth_chainId"));
  }

  async head(): Promise<Block> {
    const block = record(await this.#ask("eth_getBlockByNumber", "latest", false));
    if (block === null) {
      throw new ChainUnreachable("The node has no block.");
    }
    return {
      number: small(block["number"]),
      time: small(block["timestamp"]),
      baseFee: quantity(block["baseFeePerGas"] ?? "0x0"),
    };
  }

  /** The code at an address; `0x` where there is none. */
  async code(address: Address): Promise<Hex> {
    return octets(await this.#ask("eth_getCode", address, "latest"));
  }

  /** The native coin that an address has, in wei. */
  async balance(address: Address): Promise<bigint> {
    return quantity(await this.#ask("eth_getBalance", address, "latest"));
  }

  /** The number of the next transaction of an address. */
  async nonce(address: Address, at: At): Promise<number> {
    return small(await this.#ask("eth_getTransactionCount", address, tag(at)));
  }

  /** What the contract at `to` answers; `ChainRefused` with `reverted` where it refuses. */
  async call(to: Address, data: Hex, at: At = "latest"): Promise<Hex> {
    return octets(await this.#ask("eth_call", { to, data }, tag(at)));
  }

  /** The tip that gets a transaction into the next blocks, in wei per gas. */
  async tip(): Promise<bigint> {
    return quantity(await this.#ask("eth_maxPriorityFeePerGas"));
  }

  /** The gas that a transaction needs; `ChainRefused` where the contract would refuse it. */
  async estimate(from: Address, to: Address, data: Hex, value: bigint): Promise<bigint> {
    const call = { from, to, data, value: `0x${value.toString(16)}` };
    return quantity(await this.#ask("eth_estimateGas", call));
  }

  /** Whether a contract wallet takes a signature as its own (EIP-1271); one that reverts has not. */
  async walletAgrees(wallet: Address, digest: Hex, signature: Hex): Promise<boolean> {
    if ((await this.code(wallet)) === "0x") {
      return false;
    }
    try {
      return agrees(await this.call(wallet, isValidSignature(digest, signature)));
    } catch (error) {
      if (error instanceof ChainRefused && error.reverted) {
        return false;
      }
      throw error;
    }
  }

  /** What became of a transaction; null while it is in no block. */
  async receipt(hash: Hex): Promise<Receipt | null> {
    const found = record(await this.#ask("eth_getTransactionReceipt", hash));
    if (found === null || found["blockNumber"] === null || found["blockNumber"] === undefined) {
      return null;
    }
    const succeeded = quantity(found["status"]) === 1n;
    return { hash, block: small(found["blockNumber"]), succeeded };
  }

  async transaction(hash: Hex): Promise<Transaction | null> {
    const found = record(await this.#ask("eth_getTransactionByHash", hash));
    return found === null ? null : transaction(found);
  }

  /** Why a transaction fails that was tried in this block; null where it cannot be told. */
  async failure(sent: Transaction, block: number): Promise<string | null> {
    const { from, to, data, value } = sent;
    const call = { from, to, data, value: `0x${value.toString(16)}` };
    try {
      await this.#ask("eth_call", call, tag(block - 1));
    } catch (error) {
      if (error instanceof ChainRefused) {
        return error.reason;
      }
      throw error;
    }
    return null;
  }

  /** The transaction by which `from` used a nonce, somewhere after block `after`; null if none. */
  async byNonce(from: Address, nonce: number, after: number): Promise<Transaction | null> {
    let low = after;
    let high = (await this.head()).number;
    while (high - low > 1) {
      const middle = Math.floor((low + high) / 2);
      if ((await this.nonce(from, middle)) > nonce) {
        high = middle;
      } else {
        low = middle;
      }
    }
    for (const each of await this.#transactions(high)) {
      if (each.nonce === nonce && each.from.toLowerCase() === from.toLowerCase()) {
        return each;
      }
    }
    return null;
  }

  /** A block's transactions; where a node gives their hashes only, each is looked up. */
  async #transactions(block: number): Promise<readonly Transaction[]> {
    let found: unknown;
    try {
      found = await this.#ask("eth_getBlockByNumber", tag(block), true);
    } catch (error) {
      if (!(error instanceof ChainRefused)) {
        throw error;
      }
      found = await this.#ask("eth_getBlockByNumber", tag(block), false);
    }
    const listed = record(found)?.["transactions"];
    const all: Transaction[] = [];
    for (const each of Array.isArray(listed) ? listed.slice(0, MOST_LOOKED_UP) : []) {
      const whole = record(each);
      const one = whole === null ? await this.transaction(octets(each)) : transaction(whole);
      all.push(...(one === null ? [] : [one]));
    }
    return all;
  }

  async #ask(method: string, ...params: unknown[]): Promise<unknown> {
    // Everything that is asked here may be asked again.
    for (let tries = 1; tries < TRIES; tries += 1) {
      try {
        return await ask(this.#provider, method, params);
      } catch (error) {
        if (!(error instanceof ChainUnreachable)) {
          throw error;
        }
        await pause(PAUSE_MS * tries);
      }
    }
    return ask(this.#provider, method, params);
  }
}

export const pause = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms));

type Json = Record<string, unknown>;

const record = (value: unknown): Json | null =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Json) : null;

const tag = (at: At): string => (typeof at === "number" ? `0x${at.toString(16)}` : at);

const transaction = (found: Json): Transaction => ({
  hash: octets(found["hash"]),
  from: octets(found["from"]),
  nonce: small(found["nonce"]),
  to: found["to"] === null || found["to"] === undefined ? null : octets(found["to"]),
  data: octets(found["input"] ?? found["data"]),
  value: quantity(found["value"]),
});
