import type { Schema } from "../api/client.ts";
import type { EscrowSeen, Trade } from "../trading/trader.ts";

/** What is held against what; each has its words in `verifying/checkWords.tsx`. */
export type CheckName =
  | "contract"
  | "code"
  | "id"
  | "wallet"
  | "buyer"
  | "seller"
  | "arbitrator"
  | "amount"
  | "fee"
  | "status"
  | "paid"
  | "confirmations"
  | "cancel";

export interface Check {
  readonly name: CheckName;
  readonly expected: string | null;
  readonly found: string;
  /** `wait` where one of the two is only behind the other, or the chain needs more blocks. */
  readonly verdict: "ok" | "wait" | "wrong";
}

export interface Known {
  readonly trade: Trade;
  readonly seen: EscrowSeen;
  readonly exchange: Schema["ExchangeBody"];
  /** The wallet of this device, where the reader is one of the two. */
  readonly wallet: string | null;
}

/** What the exchange says of an escrow, held against the chain and against itself. */
export function checksOf({ trade, seen, exchange, wallet }: Known): Check[] {
  const { escrow } = trade;
  const { terms } = escrow;
  const asset = exchange.assets.find((each) => each.code === trade.asset);
  const decimals = asset?.decimals ?? 18;
  const role = trade.viewer.role;
  const own = role === "arbitrator" || wallet === null ? [] : [same("wallet", wallet, terms[role])];
  return [
    same("contract", exchange.chain.escrow_address, seen.contract),
    {
      name: "code",
      expected: null,
      found: seen.codeHash,
      verdict: seen.codeKnown ? "ok" : "wrong",
    },
    {
      name: "id",
      expected: escrow.id,
      found: seen.escrowId,
      verdict: seen.idMatches && sameText(escrow.id, seen.escrowId) ? "ok" : "wrong",
    },
    ...own,
    same("buyer", trade.buyer.wallet, terms.buyer),
    same("seller", trade.seller.wallet, terms.seller),
    same("arbitrator", trade.arbitrator, terms.arbitrator),
    same("amount", minor(trade.amount, decimals), terms.amount),
    same("fee", minor(trade.fee, decimals), terms.fee),
    ...chainChecks(trade, seen),
  ];
}

/** What the chain's own word comes to; for the card of the escrow these are enough. */
export function chainChecks(trade: Trade, seen: EscrowSeen): Check[] {
  const { escrow } = trade;
  const checks: Check[] = [
    {
      name: "status",
      expected: escrow.state,
      found: seen.status,
      verdict: statusVerdict(escrow.state, seen.status),
    },
  ];
  if (escrow.paid_on_chain || seen.paid) {
    checks.push({
      name: "paid",
      expected: String(escrow.paid_on_chain),
      found: String(seen.paid),
      // Of an escrow that ended, the contract forgets what was before.
      verdict:
        seen.paid === escrow.paid_on_chain ? "ok" : isOpen(seen) && !seen.paid ? "wrong" : "wait",
    });
  }
  if (isOpen(seen)) {
    checks.push({
      name: "confirmations",
      expected: String(seen.needed),
      found: String(seen.confirmations),
      verdict: seen.confirmations >= seen.needed ? "ok" : "wait",
    });
  }
  const cancelAt = escrow.cancel_at === null ? null : Date.parse(escrow.cancel_at) / 1_000;
  if (cancelAt !== null || seen.cancelAt !== null) {
    checks.push({
      name: "cancel",
      expected: cancelAt === null ? null : String(cancelAt),
      found: seen.cancelAt === null ? "" : String(seen.cancelAt),
      verdict:
        cancelAt === seen.cancelAt ? "ok" : cancelAt === null || !isOpen(seen) ? "wait" : "wrong",
    });
  }
  return checks;
}

const isOpen = (seen: EscrowSeen) => seen.status === "locked";

/**
 * The states of an exchange that agree with one of the chain. The chain is ahead of what the
 * exchange counts on, so that the chain may have more; it may never have less.
 */
const AGREE: Record<Schema["EscrowState"], readonly EscrowSeen["status"][]> = {
  none: ["none"],
  locking: ["locked"],
  locked: ["locked"],
  releasing: ["released", "locked"],
  released: ["released"],
  refunding: ["refunded", "cancelled", "locked"],
  refunded: ["refunded", "cancelled"],
  splitting: ["settled", "locked"],
  split: ["settled"],
};
const ENDS: readonly Schema["EscrowState"][] = ["released", "refunded", "split"];

function statusVerdict(said: Schema["EscrowState"], seen: EscrowSeen["status"]): Check["verdict"] {
  if (AGREE[said].includes(seen)) {
    return "ok";
  }
  if (ENDS.includes(said)) {
    // The contract forgets an escrow that ended once its lane is used again.
    return seen === "none" ? "wait" : "wrong";
  }
  if (said === "none" || seen !== "none") {
    return "wait";
  }
  // "Locking" is what the exchange saw in a block that this node need not have yet.
  return said === "locking" ? "wait" : "wrong";
}

const same = (name: CheckName, expected: string, found: string): Check => ({
  name,
  expected,
  found,
  verdict: sameText(expected, found) ? "ok" : "wrong",
});

const sameText = (one: string, other: string) => one.toLowerCase() === other.toLowerCase();

/** "0.1" of a coin of 18 decimals as "100000000000000000"; what has more digits stays as it is. */
export function minor(amount: string, decimals: number): string {
  const [whole = "0", fraction = ""] = amount.split(".");
  if (!/^\d+$/.test(whole) || !/^\d*$/.test(fraction) || fraction.length > decimals) {
    return amount;
  }
  return BigInt(whole + fraction.padEnd(decimals, "0")).toString();
}
