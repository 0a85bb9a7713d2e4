import type { Address } from "viem";
import { isAddress, isAddressEqual } from "viem/utils";

import * as calls from "../chain/calls.ts";
import { number } from "../chain/rpc.ts";
import { assetOf, type ShownAsset, type ShownExchange } from "../verify/shown.ts";
import { NATIVE } from "../verify/terms.ts";
import { balancesBy } from "./balances.ts";
import { checkedExchange, type Desk } from "./desk.ts";
import { FundsMissing } from "./errors.ts";
import { checkFunds, checkPlace } from "./escrow.ts";
import { oneAtATime } from "./oneAtATime.ts";
import { approveExactly, orderOf, type Step, transact } from "./transacting.ts";
import type { Balance, Report } from "./trader.ts";

/** What the wallet has of each of the exchange's coins. */
export const balances = async (desk: Desk): Promise<readonly Balance[]> =>
  balancesBy(desk.chain, await checkedExchange(desk), desk.wallet.address);

async function heldOf(desk: Desk, contract: Address, token: Address): Promise<bigint> {
  return number(await desk.chain.call(contract, calls.held(token, desk.wallet.address)));
}

/** The coin, once the chain and the contract are what they should be, and it counts as it says. */
async function checkedCoin(desk: Desk, code: string) {
  const rules = await checkedExchange(desk);
  const asset = assetOf(rules, code);
  await checkPlace(desk, place(rules, asset));
  return { rules, token: asset.token ?? NATIVE };
}

const place = ({ chainId, contract }: ShownExchange, { token, decimals }: ShownAsset) => ({
  chainId,
  contract,
  token: token ?? NATIVE,
  decimals,
});

/**
 * Sends coins to another address. Throws `RangeError` where that is none, or is the coin's own
 * contract or the escrow's, from where nothing comes back.
 */
export function send(
  desk: Desk,
  asset: string,
  amount: bigint,
  to: Address,
  report: Report,
): Promise<void> {
  return oneAtATime(`send ${asset} ${to}`, async () => {
    const { rules, token } = await checkedCoin(desk, asset);
    const lost = [NATIVE, token, rules.contract];
    // An address in mixed letters carries a checksum, which finds a slip.
    if (!isAddress(to) || lost.some((each) => isAddressEqual(each, to)) || amount <= 0n) {
      throw new RangeError("Coins that go there would be lost.");
    }
    const call =
      token === NATIVE
        ? ({ to, data: "0x", value: amount } as const)
        : { to: token, data: calls.transfer(to, amount), value: 0n };
    await move(desk, { name: "send", of: asset, call, needed: 1, harmless: false }, report, () =>
      checkFunds(desk, token, amount),
    );
  });
}

/** Puts coins into the wallet's balance in the contract, which the wallet alone draws. */
export function deposit(desk: Desk, asset: string, amount: bigint, report: Report): Promise<void> {
  return oneAtATime(`deposit ${asset}`, async () => {
    const { rules, token } = await checkedCoin(desk, asset);
    const { contract } = rules;
    const call = {
      to: contract,
      data: calls.deposit(token, desk.wallet.address, amount),
      value: token === NATIVE ? amount : 0n,
    };
    const step: Step = { name: "deposit", of: asset, call, needed: 1, harmless: false };
    await move(desk, step, report, async () => {
      await checkFunds(desk, token, amount);
      if (token !== NATIVE) {
        await approveExactly(desk, { token, needed: amount, contract, of: asset }, report);
      }
    });
  });
}

/** Draws coins out of the contract into the wallet. */
export function withdraw(desk: Desk, asset: string, amount: bigint, report: Report): Promise<void> {
  return oneAtATime(`withdraw ${asset}`, async () => {
    const { rules, token } = await checkedCoin(desk, asset);
    const data = calls.withdraw(token, amount, desk.wallet.address);
    const call = { to: rules.contract, data, value: 0n };
    const step: Step = { name: "withdraw", of: asset, call, needed: 1, harmless: false };
    await move(desk, step, report, async () => {
      const have = await heldOf(desk, rules.contract, token);
      if (have < amount) {
        throw new FundsMissing(token, amount, have);
      }
    });
  });
}

/** What was begun before is only waited for: what it needs is on its way with it. */
async function move(
  desk: Desk,
  step: Step,
  report: Report,
  prepare: () => Promise<void>,
): Promise<void> {
  if (!desk.sender.isBegun(orderOf(step, report))) {
    await prepare();
  }
  await transact(desk, step, report);
}
