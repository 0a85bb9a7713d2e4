import type { Hex } from "viem";
import { bytesToHex } from "viem/utils";

import * as calls from "../chain/calls.ts";
import { pause } from "../chain/chain.ts";
import { Unfinished } from "../chain/errors.ts";
import {
  type Answers,
  type Means,
  openWays,
  questions,
  readMeans,
  type SignedWay,
  toSign,
} from "../chain/means.ts";
import { isOpen } from "../chain/state.ts";
import type { Schema } from "../api/client.ts";
import type { KnownTrade } from "../verify/agreement.ts";
import { NotLocked } from "../verify/errors.ts";
import { readTrade } from "../verify/shown.ts";
import { lockedAmount, NATIVE } from "../verify/terms.ts";
import type { Desk } from "./desk.ts";
import { FundsMissing } from "./errors.ts";
import {
  answer,
  balanceOf,
  checkFundable,
  checkFunds,
  isLockable,
  isLocked,
  stateAt,
} from "./escrow.ts";
import * as exchange from "./exchange.ts";
import { oneAtATime } from "./oneAtATime.ts";
import { assertSide, type Seen, seen } from "./seen.ts";
import { approveExactly, orderOf, type Step, transact } from "./transacting.ts";
import type { LockWay, Report, Trade } from "./trader.ts";

const WITHIN_MS = 15 * 60_000;

/** The ways by which the coins can be locked now, the cheapest for the seller first. */
export async function lockWays(desk: Desk, trade: Trade): Promise<readonly LockWay[]> {
  const { known } = await seen(desk, trade);
  assertSide(known, "seller");
  if (!(await isLockable(desk, known))) {
    return [];
  }
  const { terms } = known;
  const signed = openWays(await meansOf(desk, known), terms);
  const has = (await balanceOf(desk, terms.token)) >= lockedAmount(terms);
  return has ? [...signed, "transaction"] : signed;
}

/**
 * The seller locks the coins, by a transaction of his own or by a signature that the exchange
 * brings, and waits until they are as deep as agreed. Called again it goes on.
 *
 * Throws `VerificationFailed`, `FundingTooLate`, `FundsMissing`, and `Unfinished` where it takes
 * long: what was begun goes on.
 */
export function lock(desk: Desk, trade: Trade, way: LockWay, report: Report): Promise<void> {
  return oneAtATime(`lock ${trade.id}`, async () => {
    const found = await seen(desk, trade);
    assertSide(found.known, "seller");
    if (way === "transaction") {
      await lockBySending(desk, found.known, report);
    } else {
      await lockBySigning(desk, found, way, report);
    }
  });
}

async function lockBySending(desk: Desk, known: KnownTrade, report: Report): Promise<void> {
  const { terms, agreement } = known;
  const total = lockedAmount(terms);
  const step: Step = {
    name: "lock",
    of: known.id,
    call: {
      to: agreement.contract,
      data: calls.lock(terms),
      value: terms.token === NATIVE ? total : 0n,
    },
    needed: agreement.confirmations,
    harmless: true, // the contract takes each escrow once
  };
  if (!desk.sender.isBegun(orderOf(step, report))) {
    if (!(await isLockable(desk, known))) {
      await untilLocked(desk, known, report);
      return;
    }
    await checkFunds(desk, terms.token, total);
    if (terms.token !== NATIVE) {
      const spent = { token: terms.token, needed: total, contract: agreement.contract };
      await approveExactly(desk, { ...spent, of: known.id }, report);
      await checkFundable(desk, terms);
    }
  }
  await transact(desk, step, report);
  const state = await stateAt(desk, known);
  if (!isOpen(state)) {
    throw new NotLocked(`The escrow's status is ${state.status}.`);
  }
}

/** What is signed rests on what the witness says, and not on the exchange's instructions. */
async function lockBySigning(
  desk: Desk,
  { shown, known }: Seen,
  way: SignedWay,
  report: Report,
): Promise<void> {
  // What was handed over before is waited for, and not signed again.
  const isAsked = !shown.lockBrought || shown.allowed.includes("lock");
  if (isAsked && (await isLockable(desk, known))) {
    await exchange.lock(known.id, await sign(desk, known, way));
  }
  await untilLocked(desk, known, report);
}

/**
 * Signs the lock of a verified trade, good for it alone and until its `fund_by`. A signature cannot
 * be called back: until then whoever has it can bring it.
 */
async function sign(desk: Desk, known: KnownTrade, way: SignedWay): Promise<Schema["LockBody"]> {
  const { terms, agreement } = known;
  const means = await meansOf(desk, known);
  if (!openWays(means, terms).includes(way)) {
    const have = way === "deposit" ? means.held : means.balance;
    throw new FundsMissing(terms.token, lockedAmount(terms), have);
  }
  const nonce = BigInt(bytesToHex(crypto.getRandomValues(new Uint8Array(32))));
  const asked = toSign(way, terms, agreement.chainId, agreement.contract, means, nonce);
  const { signature, permit_signature: permit } = asked;
  return {
    way,
    signature: await desk.wallet.signTyped(signature),
    ...(permit === undefined ? {} : { permit_signature: await desk.wallet.signTyped(permit) }),
    ...(way === "permit2" ? { nonce: nonce.toString() } : {}),
  };
}

async function meansOf(desk: Desk, { terms, escrowId, agreement }: KnownTrade): Promise<Means> {
  const asked = Object.entries(questions(terms, escrowId, agreement.contract));
  const answers: Record<string, Hex | null> = {};
  for (const [name, { to, data }] of asked) {
    answers[name] = await answer(desk, to, data);
  }
  return readMeans(answers satisfies Answers, terms, agreement.chainId);
}

/** Waits for a lock that somebody else brings, as the witness shows it. */
async function untilLocked(desk: Desk, known: KnownTrade, report: Report): Promise<void> {
  const needed = known.agreement.confirmations;
  const ends = Date.now() + WITHIN_MS;
  let hash: Hex | null = null;
  let firstSeen: number | null = null;
  let told = "";
  while (!(await isLocked(desk, known, needed))) {
    const { number } = await desk.chain.head();
    const state = await stateAt(desk, known);
    if (isOpen(state)) {
      firstSeen ??= number;
      hash ??= readTrade(await exchange.trade(known.id)).escrow.hash;
    } else {
      firstSeen = null;
      if (state.status !== "none") {
        throw new NotLocked(`The escrow's status is ${state.status}.`);
      }
      await checkFundable(desk, known.terms);
    }
    const confirmations = firstSeen === null ? 0 : Math.min(number - firstSeen + 1, needed);
    const now = `${hash} ${confirmations}`;
    if (hash !== null && now !== told) {
      told = now;
      report({ step: "lock", hash, state: "sent", confirmations, needed });
    }
    if (Date.now() > ends) {
      throw new Unfinished("It is not locked yet.");
    }
    await pause(desk.chain.pollMs);
  }
  hash ??= readTrade(await exchange.trade(known.id)).escrow.hash;
  if (hash !== null) {
    report({ step: "lock", hash, state: "confirmed", confirmations: needed, needed });
  }
}
