import { sha256 } from "@noble/hashes/sha2";
import { bytesToHex, utf8ToBytes } from "@noble/hashes/utils";
import type { Hex } from "viem";

import type { Schema } from "../api/client.ts";
import { compareDecimals } from "../offers/decimals.ts";
import { VerificationFailed } from "../verify/errors.ts";
import { instruction, type InstructionKind } from "../verify/terms.ts";
import type { Wallet } from "../wallet/wallet.ts";
import { type Desk, openDesk } from "./desk.ts";
import { checkOpen } from "./escrow.ts";
import * as exchange from "./exchange.ts";
import { assertSide, seen } from "./seen.ts";
import type { Trade } from "./trader.ts";

export type Confirmation = Schema["ConfirmationBody"];

/** What was asked for is not what the exchange shows, or not what it would do. Nothing was signed. */
export class ConfirmationDiffers extends VerificationFailed {}

/** What a trade and a confirmation of one of its steps both say. */
const SAME = ["asset", "currency", "payment_method"] as const;
const SAME_AMOUNTS = ["amount", "fiat_amount"] as const;

/** Steps in a trade; to open one is left to the command line, which keeps what it agrees to. */
export const canConfirm = ({ step }: Confirmation): boolean => step !== "open_trade";

/** The digest of what is shown here, made of it; throws `ConfirmationDiffers`. */
export function checkedDigest({ id, step, parameters, digest }: Confirmation): string {
  const sorted = Object.fromEntries(
    Object.entries(parameters).sort(([one], [other]) => (one < other ? -1 : 1)),
  );
  const made = bytesToHex(sha256(utf8ToBytes(JSON.stringify([id, step, sorted]))));
  if (made !== digest) {
    throw new ConfirmationDiffers("Its digest is not that of its parameters.");
  }
  return made;
}

/** Holds a trade against the step that was asked for in it; throws `ConfirmationDiffers`. */
export function checkStep({ parameters: said }: Confirmation, trade: Trade): void {
  if (trade.id !== said["trade_id"] || trade.viewer.role !== said["side"]) {
    throw new ConfirmationDiffers("It is about another trade, or the other side of this one.");
  }
  const differs =
    SAME.find((name) => said[name] !== trade[name]) ??
    SAME_AMOUNTS.find((name) => !isSame(said[name], trade[name]));
  if (differs !== undefined) {
    throw new ConfirmationDiffers(`What was confirmed has another ${differs}.`);
  }
}

const DECIMAL = /^[0-9]+(\.[0-9]+)?$/;

const isSame = (said: string | undefined, found: string) =>
  said !== undefined &&
  DECIMAL.test(said) &&
  DECIMAL.test(found) &&
  compareDecimals(said, found) === 0;

/**
 * Confirms a step in a trade, as the reader has seen it: after the checks that go before a step of
 * his own, his wallet signs what the step needs, and the exchange does it, once at most: what has
 * its answer is refused.
 *
 * Throws `VerificationFailed` where the exchange's word does not hold: nothing was signed.
 */
export async function confirmStep(
  wallet: Wallet,
  asked: Confirmation,
  desk: Desk = openDesk(wallet),
): Promise<Confirmation> {
  const digest = checkedDigest(asked);
  const trade = await exchange.trade(asked.parameters["trade_id"] ?? "");
  checkStep(asked, trade);
  const signature = await signed(desk, asked, trade);
  return exchange.confirm(asked.id, { digest, ...(signature !== null && { signature }) });
}

/** What the wallet signs for the step, as `ending.ts` does for a step of the reader's own. */
async function signed(desk: Desk, { step }: Confirmation, trade: Trade): Promise<Hex | null> {
  if (step === "dispute") {
    return null; // nothing is held against anything: it works where all else fails
  }
  const { shown, known } = await seen(desk, trade);
  const sign = (kind: InstructionKind) => {
    const { chainId, contract } = known.agreement;
    return desk.wallet.signTyped(instruction(kind, known.escrowId, chainId, contract));
  };
  switch (step) {
    case "payment_sent":
      assertSide(known, "buyer");
      return sign("Paid");
    case "release":
      assertSide(known, "seller");
      await checkOpen(desk, known);
      return sign("Release");
    case "refund":
      assertSide(known, "buyer");
      await checkOpen(desk, known);
      return sign("Refund");
    case "cancel":
      if (known.agreement.side === "buyer") {
        return sign("Refund");
      }
      return shown.state === "awaiting_escrow" ? null : sign("Cancel");
    case "open_trade":
      throw new ConfirmationDiffers("A trade is opened by the command line.");
  }
}
