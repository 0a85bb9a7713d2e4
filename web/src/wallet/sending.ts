import type { Hex, LocalAccount } from "viem";
import { keccak256, numberToHex } from "viem/utils";

import { WalletUnusable, WrongNetwork } from "./errors.ts";
import { codeOf } from "./providers.ts";
import type { Call, Provider } from "./wallet.ts";

const GWEI = 10n ** 9n;
/** What validators get on top, where the node does not tell what is usual. */
const USUAL_TIP = GWEI;
/**
 * The most that they ever get. A node that lies about what is usual, and has a friend among them,
 * earns no more by it; where this is too little a transaction waits, and is not lost.
 */
const LARGEST_TIP = 10n * GWEI;
/** On Polygon a coin is worth less, and nobody takes a transaction for less than 25. */
const LARGEST_TIPS: Partial<Record<number, bigint>> = { 137: 300n * GWEI, 80002: 300n * GWEI };
/** Above that a transaction costs more than most trades are worth. */
const LARGEST_BASE_FEE = 5_000n * GWEI;
const LARGEST_GAS = 5_000_000n;
/** The state that a transaction meets is not quite the one that it was tried on. */
const MARGIN_PERCENT = 25n;
/** A node takes a transaction in another's place for at least a tenth more. */
const REPLACES_PERCENT = 13n;
const TRIES = 3;
const PAUSE_MS = 500;

interface Fees {
  readonly maxFeePerGas: bigint;
  readonly maxPriorityFeePerGas: bigint;
}

interface Signed extends Fees {
  readonly call: string;
  readonly nonce: number;
  readonly hash: Hex;
  readonly raw: Hex;
}

/** Sends a call, and tells its transaction's hash once a node has it. */
export type Send = (call: Call) => Promise<Hex>;

/**
 * Sends by a key that is held here, one transaction after the other.
 *
 * A call that failed after it was signed keeps its nonce: when it is sent again, the chain takes
 * one of the two at most, whatever the node did with the first. What the node says against a call
 * is thrown as it came; `WrongNetwork` where it is on another chain, `WalletUnusable` where it
 * names fees that nobody should pay.
 */
export function sender(account: LocalAccount, chainId: number, node: Provider): Send {
  let last: Promise<unknown> = Promise.resolve();
  let open: Signed | null = null;

  async function send(call: Call): Promise<Hex> {
    const name = keccak256(new TextEncoder().encode(`${call.to} ${call.data} ${call.value}`));
    if (Number(await asked("eth_chainId")) !== chainId) {
      throw new WrongNetwork(chainId);
    }
    const before = open?.call === name ? open : null;
    if (before !== null && (await isKnown(before.hash))) {
      open = null;
      return before.hash;
    }
    const again = before !== null && before.nonce >= (await count("latest")) ? before : null;
    const nonce = again?.nonce ?? (await count("pending"));
    const gas = await gasOf(call);
    const fees = atLeast(await feesNow(), again);
    const raw = await account.signTransaction({
      type: "eip1559",
      chainId,
      nonce,
      gas,
      ...call,
      ...fees,
    });
    open = { call: name, nonce, hash: keccak256(raw), raw, ...fees };
    await bring(open);
    const { hash } = open;
    open = null;
    return hash;
  }

  /** Hands it to the node until that has it; throws what the node says against it. */
  async function bring({ raw, hash }: Signed): Promise<void> {
    for (let tries = 1; ; tries += 1) {
      try {
        await asked("eth_sendRawTransaction", raw);
        return;
      } catch (error) {
        // A node that has it already, or answered too late, says no to what it has taken.
        if (await isKnown(hash).catch(() => false)) {
          return;
        }
        // What it says against a transaction it says again; silence may end.
        if (tries === TRIES || codeOf(error) !== null) {
          throw error;
        }
        await new Promise((resolve) => setTimeout(resolve, PAUSE_MS * tries));
      }
    }
  }

  async function gasOf({ to, data, value }: Call): Promise<bigint> {
    const call = { from: account.address, to, data, value: numberToHex(value) };
    const estimate = quantity(await asked("eth_estimateGas", call));
    const gas = (estimate * (100n + MARGIN_PERCENT)) / 100n;
    if (gas > LARGEST_GAS) {
      throw new WalletUnusable("fees", `The node says that this takes ${estimate} units of gas.`);
    }
    return gas;
  }

  async function feesNow(): Promise<Fees> {
    const block = (await asked("eth_getBlockByNumber", "latest", false)) as {
      baseFeePerGas?: unknown;
    } | null;
    const base = quantity(block?.baseFeePerGas);
    if (base > LARGEST_BASE_FEE) {
      throw new WalletUnusable("fees", `The node says that gas costs ${base / GWEI} gwei.`);
    }
    const usual = await asked("eth_maxPriorityFeePerGas").then(quantity, () => USUAL_TIP);
    const largest = LARGEST_TIPS[chainId] ?? LARGEST_TIP;
    const tip = usual < largest ? usual : largest;
    // The base fee grows by an eighth a block at most: this lasts for some blocks.
    return { maxFeePerGas: 2n * base + tip, maxPriorityFeePerGas: tip };
  }

  const asked = (method: string, ...params: unknown[]): Promise<unknown> =>
    node.request({ method, params });
  const count = async (block: "latest" | "pending"): Promise<number> =>
    Number(quantity(await asked("eth_getTransactionCount", account.address, block)));
  const isKnown = async (hash: Hex): Promise<boolean> =>
    Boolean(await asked("eth_getTransactionByHash", hash));

  return (call) => {
    const sent = last.then(() => send(call));
    last = sent.catch(() => undefined);
    return sent;
  };
}

/** Fees that take the place of those which were offered for the same nonce before. */
function atLeast(now: Fees, before: Fees | null): Fees {
  const more = (fee: bigint) => (fee * (100n + REPLACES_PERCENT)) / 100n + 1n;
  const larger = (fee: bigint, other: bigint) => (fee > other ? fee : other);
  return before === null
    ? now
    : {
        maxFeePerGas: larger(now.maxFeePerGas, more(before.maxFeePerGas)),
        maxPriorityFeePerGas: larger(now.maxPriorityFeePerGas, more(before.maxPriorityFeePerGas)),
      };
}

function quantity(said: unknown): bigint {
  if (typeof said !== "string" || !/^0x[0-9a-fA-F]{1,64}$/.test(said)) {
    throw new WalletUnusable("failed", "The node's answer is not a number.");
  }
  return BigInt(said);
}
