import type { Address, Hex } from "viem";
import { privateKeyToAccount } from "viem/accounts";
import { encodeAbiParameters, hexToBytes, keccak256 } from "viem/utils";

import * as calls from "../chain/calls.ts";
import { Chain } from "../chain/chain.ts";
import { NodeError } from "../chain/errors.ts";
import { Sender } from "../chain/sending.ts";
import type { Status } from "../chain/state.ts";
import { tradeKeysOf } from "../sealing/tradeKeys.ts";
import { readTerms } from "../verify/shown.ts";
import { hexOf, stage } from "../verify/stage.ts";
import type { Call, Provider, Wallet } from "../wallet/wallet.ts";
import type { Desk } from "./desk.ts";
import { traderAt } from "./make.ts";
import { Notebook } from "./notebook.ts";
import type { Witness } from "./trader.ts";

/** A fake node and wallets for tests of the trader; what they show can be a lie. */
const CONTRACT = stage.exchange.chain.escrow_address as Address;
const TOKEN = stage.exchange.assets[1]?.token as Address;
const CHAIN_ID = stage.exchange.chain.chain_id;
const STATUSES: readonly Status[] = [
  "none",
  "locked",
  "cancel-requested",
  "paid",
  "released",
  "refunded",
  "split",
];

interface Mined extends Call {
  readonly hash: Hex;
  readonly from: Address;
  readonly nonce: number;
  block: number | null;
  succeeded: boolean;
}

const hex = (value: number | bigint): Hex => `0x${value.toString(16)}`;
const word = (value: number | bigint): Hex => `0x${value.toString(16).padStart(64, "0")}`;
const selector = (data: Hex) => data.slice(0, 10);
const STATE_OF = selector(calls.stateOf(readTerms(stage.trade.escrow.terms, "terms")));
const LOCK = selector(calls.lock(readTerms(stage.trade.escrow.terms, "terms")));
const HELD = selector(calls.held(TOKEN, CONTRACT));
const APPROVE = selector(calls.approve(CONTRACT, 1n));
const YES = "0x1626ba7e";

/** A node of JSON-RPC with one escrow contract and one token. */
export class FakeNode implements Provider {
  chainId = CHAIN_ID;
  code = new Map<string, Hex>();
  decimals = 6n;
  head = 100;
  time = stage.chain_time;
  balance = 10n ** 20n;
  tokens = 10n ** 12n;
  allowance = 0n;
  /** What a wallet has in the escrow contract. */
  held = 0n;
  status: Status = "none";
  /** The block in which the escrow came to `status`. */
  since = 50;
  /** When it was locked, as the blocks before the newest have it. */
  lockedAt = stage.chain_time;
  /** What a contract wallet takes as its own (EIP-1271): the end of the call that asks. */
  signed: string | null = null;
  /** How many transactions the wallet has on the chain. */
  nonce = 0;
  sent: Mined[] = [];
  asked: string[] = [];
  /** Whether what is sent comes into a block, at the next look at a receipt. */
  mines = true;
  /** What the node refuses, by method. */
  refuses = new Map<string, NodeError>();

  async request({ method, params = [] }: { method: string; params?: readonly unknown[] }) {
    this.asked.push(method);
    const refused = this.refuses.get(method);
    if (refused !== undefined) {
      throw refused;
    }
    return this.#answer(method, params as never);
  }

  send(from: Address, call: Call): Hex {
    const nonce = this.nonce + this.sent.filter((one) => one.block === null).length;
    const hash = keccak256(
      encodeAbiParameters(
        [{ type: "address" }, { type: "bytes" }, { type: "uint256" }],
        [call.to, call.data, BigInt(nonce)],
      ),
    );
    this.sent.push({ ...call, hash, from, nonce, block: null, succeeded: true });
    return hash;
  }

  mine(): void {
    this.head += 1;
    for (const one of this.sent.filter(({ block }) => block === null)) {
      one.block = this.head;
      this.nonce = one.nonce + 1;
      if (one.succeeded && selector(one.data) === LOCK) {
        [this.status, this.since] = ["locked", this.head];
      }
      if (one.succeeded && selector(one.data) === APPROVE) {
        this.allowance = BigInt(`0x${one.data.slice(-64)}`);
      }
    }
  }

  #answer(method: string, params: readonly string[]): unknown {
    switch (method) {
      case "eth_chainId":
        return hex(this.chainId);
      case "eth_getCode":
        return this.code.get(params[0] as string) ?? "0x";
      case "eth_getBalance":
        return hex(this.balance);
      case "eth_estimateGas":
        return hex(50_000);
      case "eth_maxPriorityFeePerGas":
        return hex(1);
      case "eth_getTransactionCount":
        return hex(this.#count(params[1] as string));
      case "eth_getBlockByNumber":
        return this.#block(params[0] as string, params[1] as unknown as boolean);
      case "eth_call":
        return this.#view(params[0] as unknown as Call, params[1] as string);
      case "eth_getTransactionByHash":
        return this.#transaction(this.sent.find(({ hash }) => hash === params[0]));
      case "eth_getTransactionReceipt":
        return this.#receipt(params[0] as string);
    }
    throw new NodeError(-32601, `no such method ${method}`, undefined);
  }

  #count(at: string): number {
    const waiting = this.sent.filter(({ block }) => block === null).length;
    if (at === "pending") {
      return this.nonce + waiting;
    }
    if (at === "latest") {
      return this.nonce;
    }
    const later = this.sent.filter(({ block }) => block !== null && block > Number(at)).length;
    return this.nonce - later;
  }

  #block(at: string, whole: boolean) {
    const number = at === "latest" ? this.head : Number(at);
    const inside = this.sent.filter(({ block }) => block === number);
    return {
      number: hex(number),
      timestamp: hex(this.time),
      baseFeePerGas: hex(10),
      transactions: inside.map((one) => (whole ? this.#transaction(one) : one.hash)),
    };
  }

  #receipt(hash: string) {
    if (this.mines) {
      this.mine();
    }
    const one = this.sent.find((each) => each.hash === hash);
    return one === undefined || one.block === null
      ? null
      : { blockNumber: hex(one.block), status: hex(one.succeeded ? 1 : 0) };
  }

  #transaction(one: Mined | undefined) {
    return one === undefined
      ? null
      : { ...one, nonce: hex(one.nonce), input: one.data, value: hex(one.value) };
  }

  #view({ to, data }: Call, at: string): Hex {
    if (selector(data) === STATE_OF) {
      const past = at.startsWith("0x") && Number(at) < this.since;
      const status = past ? "none" : this.status;
      const time = status === "none" ? 0 : at === "latest" ? stage.chain_time : this.lockedAt;
      return encodeAbiParameters(
        [{ type: "uint8" }, { type: "uint40" }, { type: "bool" }],
        [STATUSES.indexOf(status), time, false],
      );
    }
    if (selector(data) === YES) {
      const agrees = this.signed !== null && data.includes(this.signed);
      return agrees ? (YES.padEnd(66, "0") as Hex) : word(0);
    }
    const numbers: Record<string, bigint> = {
      [selector(calls.view("decimals"))]: this.decimals,
      [selector(calls.tokenBalance(CONTRACT))]: this.tokens,
      [selector(calls.allowance(CONTRACT, CONTRACT))]: this.allowance,
      [HELD]: this.held,
    };
    const number = numbers[selector(data)];
    if (number === undefined || (to !== TOKEN && to !== CONTRACT)) {
      throw new NodeError(3, "execution reverted", "0x");
    }
    return word(number);
  }
}

/** A wallet of one key that sends through a fake node. */
export function fakeWallet(secret: string, node: FakeNode, asked: string[] = []): Wallet {
  const account = privateKeyToAccount(hexOf(secret));
  const keys = tradeKeysOf(hexToBytes(hexOf(secret)));
  return {
    kind: "built-in",
    name: "A wallet",
    address: account.address,
    provider: node,
    signText: (message) => {
      asked.push("text");
      return account.signMessage({ message });
    },
    signTyped: (data) => {
      asked.push(String(data.primaryType));
      return account.signTypedData(data);
    },
    send: async (call) => {
      asked.push("send");
      return node.send(account.address, call);
    },
    tradeKeys: async () => keys,
  };
}

/** A trader of a wallet on both, who waits for nothing. */
export function traderOn(node: FakeNode, wallet: Wallet, witness: Witness = "own") {
  const chain = new Chain(node, 0);
  const desk: Desk = {
    wallet,
    chain,
    witness,
    isWallets: false,
    notebook: new Notebook(wallet.address),
    sender: new Sender(wallet, chain),
  };
  return { desk, trader: traderAt(desk) };
}

export { CONTRACT, TOKEN };
