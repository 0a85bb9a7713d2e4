import { Trans } from "@lingui/react/macro";
import { useQuery } from "@tanstack/react-query";
import { lazy, Suspense, useId, useState, type ReactNode } from "react";

import { ActionBar } from "../shell/ActionBar.tsx";
import { Value } from "../shell/Value.tsx";
import type { LockWay } from "../trading/trader.ts";
import { ALL_DIGITS, may, type Facts } from "./facts.ts";
import { escrowQuery } from "./queries.ts";
import type { Acting } from "./useAct.ts";
import { actionWords } from "./words.tsx";

// Forms of payment methods, and what seals them, come once an account has to be chosen.
const ChooseAccount = lazy(async () => {
  const { ChooseAccount: component } = await import("../payments/ChooseAccount.tsx");
  return { default: component };
});

type Fields = Readonly<Record<string, string>>;

interface Props {
  facts: Facts;
  acting: Acting;
  says: ReactNode;
}

/**
 * The seller's way to a locked escrow, as one: where he is paid, how the coins are locked, and the
 * payment details to the buyer. What is left of it is told by the trade alone, so that it goes on
 * after the page was closed at any point of it.
 */
export function LockFlow({ facts, acting, says }: Props) {
  const { trade } = facts;
  const [fields, setFields] = useState<Fields | null>(null);
  const [ways, setWays] = useState<readonly LockWay[] | null>(null);
  const busy = acting.doing.is === "busy";
  const sendsDetails = may(trade, "send_payment_details");
  const locks = may(trade, "lock");

  const send = (chosen: Fields) =>
    acting.run("send_payment_details", ({ trader }, now) => trader.sendPaymentDetails(now, chosen));
  const look = () =>
    acting.run("lock", async ({ trader }, now) => setWays(await trader.lockWays(now)));
  const lock = (way: LockWay) =>
    acting.run("lock", async ({ trader }, now, report) => {
      await trader.lock(now, way, report);
      // He is asked once: what is left needs no answer of his.
      return fields !== null && sendsDetails ? trader.sendPaymentDetails(now, fields) : undefined;
    });

  if (sendsDetails && fields === null) {
    return (
      <div className="mt-5">
        <Suspense fallback={<div className="skeleton h-40" aria-busy="true" />}>
          <ChooseAccount
            method={trade.payment_method}
            action={
              locks ? <Trans>Be paid there</Trans> : actionWords("send_payment_details", facts)
            }
            pending={busy}
            choose={(chosen) => {
              setFields(chosen);
              if (!locks) {
                void send(chosen);
              }
            }}
          />
        </Suspense>
      </div>
    );
  }
  if (!locks) {
    // The account was chosen, and only its details have still to be sent.
    return fields === null ? null : (
      <ActionBar says={says}>
        <button
          type="button"
          className="button button-main"
          disabled={busy}
          onClick={() => void send(fields)}
        >
          {actionWords("send_payment_details", facts)}
        </button>
      </ActionBar>
    );
  }
  return (
    <>
      {fields !== null && (
        <div className="mt-4">
          <p className="text-soft">
            <Trans>You will be paid on this account:</Trans>
          </p>
          <p>
            <bdi translate="no" className="font-semibold wrap-anywhere">
              {Object.values(fields).filter(Boolean).join(" · ")}
            </bdi>
          </p>
          <button
            type="button"
            className="link inline-flex min-h-11 items-center"
            disabled={busy}
            onClick={() => setFields(null)}
          >
            <Trans>Choose another account</Trans>
          </button>
        </div>
      )}
      {trade.escrow.lock?.reason != null && (
        <p className="text-wait mt-3">
          <Trans>
            The chain refused the last try: <Value>{trade.escrow.lock.reason}</Value>
          </Trans>
        </p>
      )}
      {ways === null ? (
        <ActionBar says={says}>
          <button
            type="button"
            className="button button-main"
            disabled={busy}
            onClick={() => void look()}
          >
            {actionWords("lock", facts)}
          </button>
        </ActionBar>
      ) : (
        <Ways
          facts={facts}
          ways={ways}
          busy={busy}
          says={says}
          lock={(way) => void lock(way)}
          again={() => setWays(null)}
        />
      )}
    </>
  );
}

interface WaysProps {
  facts: Facts;
  ways: readonly LockWay[];
  busy: boolean;
  says: ReactNode;
  lock: (way: LockWay) => void;
  again: () => void;
}

/** How the coins can be locked, the cheapest first; what goes into the contract is said once more. */
function Ways({ facts, ways, busy, says, lock, again }: WaysProps) {
  const [chosen, setChosen] = useState(ways[0]);
  const { trade, coins, format } = facts;
  const fee = format.coins(trade.fee, trade.asset, ALL_DIGITS);
  const seen = useQuery(escrowQuery(trade)).data;
  if (chosen === undefined && seen?.status === "locked") {
    return (
      <p className="mt-4" role="status">
        <Trans>The chain has your coins already. The exchange sees it in a moment.</Trans>
      </p>
    );
  }
  if (chosen === undefined) {
    return (
      <div className="mt-4" role="alert">
        <p>
          <Trans>
            Your wallet does not have <Value>{coins}</Value> with the fee of <Value>{fee}</Value>.
            Put them there, and try again.
          </Trans>
        </p>
        <button type="button" className="button button-quiet mt-3" onClick={again}>
          <Trans>Try again</Trans>
        </button>
      </div>
    );
  }
  return (
    <>
      <p className="mt-4">
        <Trans>
          <Value strong>{coins}</Value> and the fee of <Value>{fee}</Value> go into the contract.
        </Trans>
      </p>
      <p className="text-13 text-soft mt-1">{wayWords(chosen)}</p>
      {ways.length > 1 && <OtherWays ways={ways} chosen={chosen} choose={setChosen} busy={busy} />}
      <ActionBar says={says}>
        <button
          type="button"
          className="button button-main"
          disabled={busy}
          onClick={() => lock(chosen)}
        >
          <span>
            <Trans>
              Lock <Value>{coins}</Value> now
            </Trans>
          </span>
        </button>
      </ActionBar>
    </>
  );
}

interface OtherWaysProps {
  ways: readonly LockWay[];
  chosen: LockWay;
  choose: (way: LockWay) => void;
  busy: boolean;
}

function OtherWays({ ways, chosen, choose, busy }: OtherWaysProps) {
  const name = useId();
  return (
    <details className="mt-2">
      <summary className="link min-h-11 cursor-pointer py-2.5">
        <Trans>Other ways to lock</Trans>
      </summary>
      <div className="grid gap-1">
        {ways.map((way) => (
          <label key={way} className="flex min-h-11 cursor-pointer items-center gap-3">
            <input
              type="radio"
              name={name}
              className="accent-brand size-5 shrink-0"
              disabled={busy}
              checked={way === chosen}
              onChange={() => choose(way)}
            />
            {wayWords(way)}
          </label>
        ))}
      </div>
    </details>
  );
}

const WAYS: Record<LockWay, () => ReactNode> = {
  transaction: () => (
    <Trans>By a transaction of your wallet. You pay the fee of the network.</Trans>
  ),
  deposit: () => (
    <Trans>From your coins in the contract. You only sign; it costs you no network fee.</Trans>
  ),
  authorization: () => (
    <Trans>By a signed transfer of the token. You only sign; it costs you no network fee.</Trans>
  ),
  permit: () => (
    <Trans>By a signed permit of the token. You only sign; it costs you no network fee.</Trans>
  ),
  permit2: () => <Trans>By Permit2. You only sign; it costs you no network fee.</Trans>,
  allowance: () => (
    <Trans>
      By the allowance that the contract has. You only sign; it costs you no network fee.
    </Trans>
  ),
};

const wayWords = (way: LockWay): ReactNode => WAYS[way]();
