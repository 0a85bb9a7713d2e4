import type { Address, Hex } from "viem";

import type { At } from "../chain/chain.ts";
import { stateOf, tokenBalance, view } from "../chain/calls.ts";
import { ChainRefused } from "../chain/errors.ts";
import { number } from "../chain/rpc.ts";
import { decodeState, isOpen, NOTHING, type State } from "../chain/state.ts";
import type { Agreement, KnownTrade } from "../verify/agreement.ts";
import { checkContract, checkDecimals, NATIVE_DECIMALS } from "../verify/contract.ts";
import { NotConfirmed, NotLocked, WrongContract } from "../verify/errors.ts";
import { NATIVE, type Terms } from "../verify/terms.ts";
import { checkNetwork, type Desk } from "./desk.ts";
import { FundingTooLate, FundsMissing, NotYourStep } from "./errors.ts";

/** Where coins are: the agreed chain, the contract that is known, and how a coin is counted. */
type Place = Pick<Agreement, "chainId" | "contract" | "token" | "decimals">;

/**
 * The chain is the agreed one, and the contract and the coin are what they should be. Throws
 * `WrongChain`, `WrongNetwork`, `WrongContract`, `TokenChanged`.
 */
export async function checkPlace(desk: Desk, { chainId, contract, token, decimals }: Place) {
  await checkNetwork(desk, chainId);
  checkContract(await desk.chain.code(contract), contract);
  const counted =
    token === NATIVE
      ? BigInt(NATIVE_DECIMALS)
      : number(await desk.chain.call(token, view("decimals")));
  checkDecimals(counted, decimals);
}

/** Where the trade's escrow stands on the chain; throws `WrongContract`. */
export async function stateAt(desk: Desk, known: KnownTrade, at: At = "latest"): Promise<State> {
  return decodeState(await desk.chain.call(known.agreement.contract, stateOf(known.terms), at));
}

/** The state some blocks ago; nothing where the contract did not exist yet. */
async function stateBefore(desk: Desk, known: KnownTrade, block: number): Promise<State> {
  if (block < 0) {
    return NOTHING;
  }
  try {
    return await stateAt(desk, known, block);
  } catch (error) {
    if (error instanceof WrongContract) {
      return NOTHING;
    }
    throw error;
  }
}

function assertOpen(state: State): void {
  if (!isOpen(state)) {
    throw new NotLocked(`The escrow's status is ${state.status}.`);
  }
}

/** The contract is the right one and holds the coins now; throws `VerificationFailed`. */
export async function checkOpen(desk: Desk, known: KnownTrade): Promise<void> {
  await checkPlace(desk, known.agreement);
  assertOpen(await stateAt(desk, known));
}

/**
 * The buyer may pay: the coins are held now, and were already as deep as agreed. Throws
 * `NotLocked`, also where the seller has asked for them back, and `NotConfirmed` where a
 * reorganisation could still undo it.
 */
export async function checkPayable(desk: Desk, known: KnownTrade): Promise<void> {
  await checkPlace(desk, known.agreement);
  const depth = known.agreement.confirmations;
  const head = await desk.chain.head();
  const now = await stateAt(desk, known);
  assertOpen(now);
  if (now.status === "cancel-requested") {
    throw new NotLocked("The seller has asked for the coins back: do not pay.");
  }
  const deep = await stateBefore(desk, known, head.number - depth + 1);
  // An escrow is locked once only. The times differ where the node changed branches in between.
  const isSame = now.status !== "locked" || (deep.status === "locked" && deep.time === now.time);
  if (!isOpen(deep) || !isSame) {
    throw new NotConfirmed(`It has fewer than ${depth} confirmations.`);
  }
}

/** Whether the chain holds the coins, and did already `depth` - 1 blocks before. */
export async function isLocked(desk: Desk, known: KnownTrade, depth: number): Promise<boolean> {
  const head = await desk.chain.head();
  return (
    isOpen(await stateAt(desk, known)) &&
    isOpen(await stateBefore(desk, known, head.number - depth + 1))
  );
}

/** The lock may still come, by the chain's clock; throws `FundingTooLate`. */
export async function checkFundable(desk: Desk, terms: Terms): Promise<void> {
  const { time } = await desk.chain.head();
  if (BigInt(time) > terms.fundBy) {
    throw new FundingTooLate(`The chain's time is ${time}, the deadline was ${terms.fundBy}.`);
  }
}

/**
 * Whether the wallet can lock: everything is as agreed, and nothing has been locked yet. Throws
 * `NotYourStep` where another wallet is to lock, `FundingTooLate`, and `VerificationFailed`.
 */
export async function isLockable(desk: Desk, known: KnownTrade): Promise<boolean> {
  if (known.terms.seller !== desk.wallet.address) {
    throw new NotYourStep(`${known.terms.seller} is to lock, not this wallet.`);
  }
  await checkPlace(desk, known.agreement);
  if ((await stateAt(desk, known, "pending")).status !== "none") {
    return false;
  }
  await checkFundable(desk, known.terms);
  return true;
}

/** What the wallet has of a coin, in smallest units. */
export async function balanceOf(desk: Desk, token: Address): Promise<bigint> {
  const { address } = desk.wallet;
  return token === NATIVE
    ? desk.chain.balance(address)
    : number(await desk.chain.call(token, tokenBalance(address)));
}

/** Throws `FundsMissing` where the wallet has less than that. */
export async function checkFunds(desk: Desk, token: Address, needed: bigint): Promise<void> {
  const have = await balanceOf(desk, token);
  if (have < needed) {
    throw new FundsMissing(token, needed, have);
  }
}

/** The answer to a view; null where it refuses, as tokens do that do not know it. */
export async function answer(desk: Desk, to: Address, data: Hex): Promise<Hex | null> {
  try {
    return await desk.chain.call(to, data);
  } catch (error) {
    if (error instanceof ChainRefused) {
      return null;
    }
    throw error;
  }
}
