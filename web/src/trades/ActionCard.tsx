import { Trans } from "@lingui/react/macro";
import { lazy, Suspense, useEffect, useRef, useState, type ReactNode } from "react";

import { ActionBar } from "../shell/ActionBar.tsx";
import { Asked, type Asking } from "./Asked.tsx";
import { BuyerPays } from "./BuyerPays.tsx";
import { Deadline } from "./Deadline.tsx";
import { DoButton } from "./DoButton.tsx";
import { may, type Action, type Facts } from "./facts.ts";
import { Cause } from "./History.tsx";
import { PaymentDetails } from "./PaymentDetails.tsx";
import { isOver } from "./queries.ts";
import { AskedShare, Settlements } from "./Settle.tsx";
import { StepWords } from "./Steps.tsx";
import { faceOf, isMine } from "./table.ts";
import type { Acting } from "./useAct.ts";
import { WhatHappens } from "./WhatHappens.tsx";
import { actionWords, effectOf, reasonWords, waitsFor } from "./words.tsx";

// For a seller at one step only.
const LockFlow = lazy(async () => {
  const { LockFlow: component } = await import("./LockFlow.tsx");
  return { default: component };
});

interface Props {
  facts: Facts;
  acting: Acting;
}

/** What the viewer does next, or for whom it waits; what else he can do stands below, quieter. */
export function ActionCard({ facts, acting }: Props) {
  const [asking, setAsking] = useState<Asking | "settle" | null>(null);
  const { trade } = facts;
  const deadline = trade.viewer.deadline_at;
  const face = faceOf(facts);
  const heading = useFocusAfter(acting);
  const mine = isMine(facts);
  // What was asked is asked no more where the trade has moved on meanwhile.
  const open = asking !== null && may(trade, asking) ? asking : null;
  const says = face.step !== null && <StepWords facts={facts} step={face.step} />;
  const ask = (action: Action) => {
    if (action !== "lock" && action !== "send_payment_details") {
      setAsking(action);
    }
  };
  return (
    <section
      aria-labelledby="next"
      className={`rounded-card border p-5 ${mine ? "bg-wait-wash border-wait" : "bg-sheet border-line"}`}
    >
      <p className={`text-13 font-semibold ${mine ? "text-wait" : "text-soft"}`}>
        {mine ? (
          <Trans>Your move</Trans>
        ) : face.waits ? (
          waitsFor(face.waits)
        ) : isOver(trade) ? (
          <Trans>This trade is over</Trans>
        ) : null}
      </p>
      <h2
        id="next"
        ref={heading}
        tabIndex={-1}
        className="text-20 mt-1 font-semibold text-balance wrap-anywhere"
      >
        {face.head(facts)}
      </h2>
      <p className="mt-2 max-w-prose">{face.text(facts)}</p>
      {trade.dispute_reason !== null && trade.state === "disputed" && (
        <p className="mt-2">
          <Trans>The reason given: {reasonWords(trade.dispute_reason)}</Trans>
        </p>
      )}
      {isOver(trade) && <Cause facts={facts} />}
      {deadline !== null && (
        <Deadline key={deadline} at={deadline} effect={effectOf(trade)} format={facts.format} />
      )}
      <Next facts={facts} acting={acting} says={says} ask={ask} mine={mine} />
      <Settlements facts={facts} acting={acting} />
      <WhatHappens acting={acting} />
      <Others facts={facts} acting={acting} ask={ask} mine={mine} />
      {open === "settle" ? (
        <AskedShare facts={facts} acting={acting} onLeave={() => setAsking(null)} />
      ) : (
        open && (
          <Asked asking={open} facts={facts} acting={acting} onLeave={() => setAsking(null)} />
        )
      )}
    </section>
  );
}

interface PartProps extends Props {
  ask: (action: Action) => void;
  mine: boolean;
}

/** The one next action, with what it needs. */
function Next({ facts, acting, ask, mine, says }: PartProps & { says: ReactNode }) {
  const { trade, role } = facts;
  const next = trade.viewer.primary_action;
  if (!mine || next === null) {
    return null;
  }
  if (next === "lock" || next === "send_payment_details") {
    return <Locking facts={facts} acting={acting} says={says} />;
  }
  if (next === "payment_sent" && trade.state === "escrowed") {
    return (
      <BuyerPays facts={facts} acting={acting} says={says} onPaid={() => ask("payment_sent")} />
    );
  }
  return (
    <>
      {next === "release" && role === "seller" && <PaymentDetails facts={facts} fields={null} />}
      <ActionBar says={says}>
        <DoButton acting={acting} what={next} onClick={() => ask(next)}>
          {actionWords(next, facts)}
        </DoButton>
      </ActionBar>
    </>
  );
}

const Locking = (props: Props & { says: ReactNode }) => (
  <Suspense fallback={<div className="skeleton mt-5 h-40" aria-busy="true" />}>
    <LockFlow {...props} />
  </Suspense>
);

/** All else that the exchange allows, in the order in which it says it. */
function Others({ facts, acting, ask, mine }: PartProps) {
  const [sends, setSends] = useState(false);
  const { trade } = facts;
  const next = mine ? trade.viewer.primary_action : null;
  // Lock and details are one flow: where one is next, both are in it.
  const inFlow = next === "lock" || next === "send_payment_details";
  const others = trade.viewer.allowed_actions.filter(
    (action) =>
      action !== next && !(inFlow && (action === "lock" || action === "send_payment_details")),
  );
  if (others.length === 0) {
    return null;
  }
  return (
    <div className="border-line mt-5 border-t pt-5">
      <div className="flex flex-wrap gap-3">
        {others.map((action) => (
          <DoButton
            key={action}
            acting={acting}
            what={action}
            quiet
            onClick={() =>
              action === "lock" || action === "send_payment_details" ? setSends(true) : ask(action)
            }
          >
            {actionWords(action, facts)}
          </DoButton>
        ))}
      </div>
      {sends && others.some((each) => each === "lock" || each === "send_payment_details") && (
        <Locking facts={facts} acting={acting} says={null} />
      )}
    </div>
  );
}

/** After an action its button may be gone: whoever is lost is put where the new state is told. */
function useFocusAfter({ doing }: Acting) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    const focused = document.activeElement;
    if (doing.is === "done" && (focused === null || focused === document.body)) {
      heading.current?.focus({ preventScroll: true });
    }
  }, [doing]);
  return heading;
}
