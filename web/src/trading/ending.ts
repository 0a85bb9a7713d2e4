import type { Hex } from "viem";

import type { KnownTrade } from "../verify/agreement.ts";
import { instruction, type InstructionKind } from "../verify/terms.ts";
import type { Desk } from "./desk.ts";
import { checkOpen } from "./escrow.ts";
import * as exchange from "./exchange.ts";
import { assertSide, seen } from "./seen.ts";
import type { Trade } from "./trader.ts";

/** The wallet's signature of an instruction to a verified trade's escrow. */
function instruct(desk: Desk, kind: InstructionKind, known: KnownTrade): Promise<Hex> {
  const { chainId, contract } = known.agreement;
  return desk.wallet.signTyped(instruction(kind, known.escrowId, chainId, contract));
}

/**
 * The buyer signs that he has paid: the seller can no longer take the coins back alone. It asks no
 * node, since a buyer who has paid must not be kept from saying so.
 */
export async function paymentSent(desk: Desk, trade: Trade): Promise<Trade> {
  const { known } = await seen(desk, trade);
  assertSide(known, "buyer");
  return exchange.paymentSent(known.id, await instruct(desk, "Paid", known));
}

/** The seller signs the coins over to the buyer, after a look at the chain. */
export async function release(desk: Desk, trade: Trade): Promise<Trade> {
  const { known } = await seen(desk, trade);
  assertSide(known, "seller");
  await checkOpen(desk, known);
  return exchange.release(known.id, await instruct(desk, "Release", known));
}

/** The buyer signs the coins back to the seller, after a look at the chain. */
export async function refund(desk: Desk, trade: Trade): Promise<Trade> {
  const { known } = await seen(desk, trade);
  assertSide(known, "buyer");
  await checkOpen(desk, known);
  return exchange.refund(known.id, await instruct(desk, "Refund", known));
}

/**
 * Leaves a trade before the lock; or, as the seller after the deadline, asks for the coins. A buyer
 * signs the refund of a lock that may be on its way; a seller who has locked signs the request that
 * starts the challenge window.
 */
export async function cancel(desk: Desk, trade: Trade): Promise<Trade> {
  const { shown, known } = await seen(desk, trade);
  if (known.agreement.side === "buyer") {
    return exchange.cancel(known.id, await instruct(desk, "Refund", known));
  }
  const hasLocked = shown.state !== "awaiting_escrow";
  return exchange.cancel(known.id, hasLocked ? await instruct(desk, "Cancel", known) : null);
}
