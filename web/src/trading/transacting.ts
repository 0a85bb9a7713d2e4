import type { Address } from "viem";

import { allowance, approve } from "../chain/calls.ts";
import type { Receipt } from "../chain/chain.ts";
import { number } from "../chain/rpc.ts";
import type { Order, Sending } from "../chain/sending.ts";
import { NATIVE } from "../verify/terms.ts";
import type { Call } from "../wallet/wallet.ts";
import type { Desk } from "./desk.ts";
import { FundsMissing } from "./errors.ts";
import type { Report } from "./trader.ts";

/** One transaction of a step: what it sends, how deep it has to be, whether twice does no harm. */
export interface Step extends Pick<Order, "call" | "needed" | "harmless"> {
  /** What it is called in reports. */
  readonly name: string;
  /** What it belongs to, such as a trade's id: with the call it names the intent. */
  readonly of: string;
}

export const orderOf = ({ name, of, ...step }: Step, report: Report): Order => ({
  ...step,
  step: `${of} ${name}`,
  report: (sending: Sending) => report({ step: name, ...sending }),
});

/**
 * Sends a transaction and waits for it, or goes on waiting for one that was begun.
 *
 * Throws `FundsMissing` where the wallet cannot pay the value and the gas, and `ChainRefused` where
 * the contract would refuse it: nothing was sent then.
 */
export async function transact(desk: Desk, step: Step, report: Report): Promise<Receipt> {
  const order = orderOf(step, report);
  if (!desk.sender.isBegun(order)) {
    await checkGas(desk, step.call);
  }
  return desk.sender.carryOut(order);
}

async function checkGas({ chain, wallet }: Desk, { to, data, value }: Call): Promise<void> {
  const have = await chain.balance(wallet.address);
  if (have < value) {
    throw new FundsMissing(NATIVE, value, have);
  }
  // What is refused when the gas is estimated would cost gas and change nothing.
  const gas = await chain.estimate(wallet.address, to, data, value);
  const { baseFee } = await chain.head();
  // As much as wallets set aside: twice the base fee outlasts five full blocks.
  const needed = value + (gas + gas / 4n) * (2n * baseFee + (await chain.tip()));
  if (have < needed) {
    throw new FundsMissing(NATIVE, needed, have);
  }
}

/**
 * Lets the contract take exactly `needed` of a token, where it may take less: an open allowance
 * outlives what it is for.
 */
export async function approveExactly(
  desk: Desk,
  {
    token,
    needed,
    contract,
    of,
  }: { token: Address; needed: bigint; contract: Address; of: string },
  report: Report,
): Promise<void> {
  const data = allowance(desk.wallet.address, contract);
  const allowed = number(await desk.chain.call(token, data));
  if (allowed >= needed) {
    return;
  }
  // Some tokens (USDT) change an allowance only from or to zero.
  for (const amount of allowed === 0n ? [needed] : [0n, needed]) {
    const call = { to: token, data: approve(contract, amount), value: 0n };
    await transact(desk, { name: "approve", of, call, needed: 1, harmless: true }, report);
  }
}
