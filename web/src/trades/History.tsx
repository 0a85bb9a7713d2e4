import { Trans } from "@lingui/react/macro";
import { useQuery } from "@tanstack/react-query";
import { useState, type ReactNode } from "react";

import type { Schema } from "../api/client.ts";
import { Value } from "../shell/Value.tsx";
import type { Facts, Party } from "./facts.ts";
import { historyQuery } from "./queries.ts";

type Entry = Schema["HistoryEntryBody"];

const EVENTS: Readonly<Record<string, () => ReactNode>> = {
  take: () => <Trans>The offer was taken</Trans>,
  cancel: () => <Trans>The trade was cancelled</Trans>,
  expire: () => <Trans>The time to lock was over</Trans>,
  payment_sent: () => <Trans>The payment was said to be sent</Trans>,
  release: () => <Trans>The coins were signed over to the buyer</Trans>,
  refund: () => <Trans>The coins were signed back to the seller</Trans>,
  cancel_escrow: () => <Trans>The seller asked for the coins back</Trans>,
  dispute: () => <Trans>The arbitrator was called</Trans>,
  settle: () => <Trans>Two signed the same share</Trans>,
  escrow_locked: () => <Trans>The coins were locked</Trans>,
  escrow_lost: () => <Trans>The chain took the lock back</Trans>,
  escrow_paid: () => <Trans>The word that the payment was sent is on the chain</Trans>,
  escrow_released: () => <Trans>The buyer got the coins</Trans>,
  escrow_refunded: () => <Trans>The seller got the coins back</Trans>,
  escrow_split: () => <Trans>The coins were shared</Trans>,
  settlement_lost: () => <Trans>The chain took the end back</Trans>,
};

const BY: Record<Party, () => ReactNode> = {
  buyer: () => <Trans>by the buyer</Trans>,
  seller: () => <Trans>by the seller</Trans>,
  arbitrator: () => <Trans>by the arbitrator</Trans>,
};

/** What happened, and who did it; read when it is opened. */
export function History({ facts }: { facts: Facts }) {
  const [open, setOpen] = useState(false);
  return (
    <details className="card" onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary className="text-17 min-h-11 cursor-pointer py-2.5 font-semibold">
        <Trans>What has happened</Trans>
      </summary>
      {open && <Entries facts={facts} />}
    </details>
  );
}

function Entries({ facts }: { facts: Facts }) {
  const history = useQuery(historyQuery(facts.trade.id));
  if (history.isError) {
    return (
      <div role="alert">
        <p>
          <Trans>It could not be read.</Trans>
        </p>
        <button
          type="button"
          className="button button-quiet mt-2"
          onClick={() => void history.refetch()}
        >
          <Trans>Try again</Trans>
        </button>
      </div>
    );
  }
  if (!history.data) {
    return <div className="skeleton h-24" aria-busy="true" />;
  }
  return (
    <ol className="mt-2">
      {history.data.map((entry, index) => (
        <li key={index} className="border-line border-t py-2">
          <p>
            {EVENTS[entry.event]?.() ?? <Value>{entry.event}</Value>}{" "}
            {entry.by !== null && <span className="text-soft">{BY[entry.by]()}</span>}
          </p>
          <p className="text-13 text-soft">
            <Value>{facts.format.time(entry.at)}</Value>
          </p>
        </li>
      ))}
    </ol>
  );
}

/** Who or what brought a trade to its end, told of one that is over. */
export function Cause({ facts }: { facts: Facts }) {
  const history = useQuery(historyQuery(facts.trade.id));
  const words = history.data && causeOf(facts, history.data);
  return words ? <p className="mt-2">{words}</p> : null;
}

export function causeOf(
  { trade, role, buyer, seller }: Facts,
  history: readonly Entry[],
): ReactNode {
  // The last thing that somebody did: after it, the chain only carried it out.
  const deed = history.findLast((entry) => entry.to !== "disputed" && !CHAIN.has(entry.event));
  const you = deed?.by === role;
  switch (trade.state) {
    case "expired":
      return role === "seller" ? (
        <Trans>You did not lock the coins in time.</Trans>
      ) : (
        <Trans>
          <Value>{seller}</Value> did not lock the coins in time.
        </Trans>
      );
    case "cancelled":
      return you ? (
        <Trans>You cancelled it.</Trans>
      ) : deed?.by === "buyer" ? (
        <Trans>
          <Value>{buyer}</Value> cancelled it.
        </Trans>
      ) : (
        <Trans>
          <Value>{seller}</Value> cancelled it.
        </Trans>
      );
    case "refunded":
      return refundCause(deed, you, buyer, seller);
    case "completed":
      return deed?.event === "release" ? (
        role === "seller" ? (
          <Trans>You released the coins.</Trans>
        ) : (
          <Trans>
            <Value>{seller}</Value> released the coins.
          </Trans>
        )
      ) : null;
    case "resolved":
      return deed?.by === "arbitrator" ? (
        <Trans>The arbitrator and one of the traders signed it.</Trans>
      ) : null;
    default:
      return null;
  }
}

function refundCause(deed: Entry | undefined, you: boolean, buyer: string, seller: string) {
  if (deed?.event === "refund") {
    return you ? (
      <Trans>You gave the coins back.</Trans>
    ) : (
      <Trans>
        <Value>{buyer}</Value> gave the coins back.
      </Trans>
    );
  }
  if (deed?.event === "cancel_escrow") {
    return you ? (
      <Trans>You asked for the coins back, since no payment was said to be sent in time.</Trans>
    ) : (
      <Trans>
        <Value>{seller}</Value> asked for the coins back, since no payment was said to be sent in
        time.
      </Trans>
    );
  }
  if (deed?.event === "cancel" || deed?.event === "expire") {
    return <Trans>The coins were locked after the trade had ended, and went back.</Trans>;
  }
  return null;
}

/** What the chain tells, and nobody does here. */
const CHAIN: ReadonlySet<string> = new Set([
  "escrow_locked",
  "escrow_lost",
  "escrow_paid",
  "escrow_released",
  "escrow_refunded",
  "escrow_split",
  "settlement_lost",
]);
