import { Trans } from "@lingui/react/macro";
import { useQueries } from "@tanstack/react-query";
import { useState } from "react";

import { useFormat } from "../language/format.ts";
import { short } from "../shell/short.ts";
import { Value } from "../shell/Value.tsx";
import { dropPending, outcome, pendingOf, type Outcome, type Pending } from "./pending.ts";

const LOOK_MS = 6_000;

/** What was sent and not seen to its end by the visit that sent it. */
export function PendingList({ address }: { address: string }) {
  const [all, setAll] = useState(() => pendingOf(address));
  const outcomes = useQueries({
    queries: all.map((each) => ({
      queryKey: ["account", "pending", each.hash],
      queryFn: () => outcome(each),
      refetchInterval: ({ state }: { state: { data: Outcome | undefined } }) =>
        state.data === undefined || state.data === "waiting" ? LOOK_MS : (false as const),
    })),
  });
  if (all.length === 0) {
    return null;
  }
  return (
    <section aria-labelledby="pending" className="mt-8">
      <h2 id="pending" className="text-20 font-semibold">
        <Trans>On their way</Trans>
      </h2>
      <ul>
        {all.map((each, at) => (
          <li
            key={each.hash}
            className="border-line flex min-h-14 flex-wrap items-center gap-x-4 gap-y-1 border-b py-2"
          >
            <span className="grow">
              <What pending={each} />{" "}
              <span className="text-13 text-soft">
                <Value>{short(each.hash)}</Value>
              </span>
            </span>
            <span role="status">
              <Came outcome={outcomes[at]?.data} failed={outcomes[at]?.isError ?? false} />
            </span>
            {outcomes[at]?.data !== undefined && outcomes[at].data !== "waiting" && (
              <button
                type="button"
                className="button button-quiet px-4"
                onClick={() => {
                  dropPending(address, each.hash);
                  setAll(pendingOf(address));
                }}
              >
                <Trans>Seen</Trans>
              </button>
            )}
          </li>
        ))}
      </ul>
    </section>
  );
}

function What({ pending }: { pending: Pending }) {
  const format = useFormat();
  const amount = format.coins(pending.amount, pending.asset);
  switch (pending.kind) {
    case "send":
      return (
        <Trans>
          Send <Value>{amount}</Value>
        </Trans>
      );
    case "deposit":
      return (
        <Trans>
          Deposit <Value>{amount}</Value>
        </Trans>
      );
    case "withdraw":
      return (
        <Trans>
          Withdraw <Value>{amount}</Value>
        </Trans>
      );
  }
}

function Came({ outcome: came, failed }: { outcome: Outcome | undefined; failed: boolean }) {
  switch (came) {
    case "done":
      return (
        <span className="text-safe">
          <Trans>It is on the chain</Trans>
        </span>
      );
    case "failed":
      return (
        <span className="text-stop">
          <Trans>The chain refused it</Trans>
        </span>
      );
    case "gone":
      return (
        <span className="text-wait">
          <Trans>The chain does not know it: replaced, or never sent</Trans>
        </span>
      );
    default:
      return failed ? (
        <span className="text-soft">
          <Trans>Not known: the node does not answer</Trans>
        </span>
      ) : (
        <span className="text-soft">
          <Trans>Waits for a block</Trans>
        </span>
      );
  }
}
