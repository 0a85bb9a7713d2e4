import { Trans, useLingui } from "@lingui/react/macro";
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";

import { Value } from "../shell/Value.tsx";
import { Left } from "./Deadline.tsx";
import type { Action, Facts } from "./facts.ts";
import { isOver } from "./queries.ts";
import { faceOf, isMine } from "./table.ts";
import { actionWords, TradeName, useTradeName } from "./words.tsx";

interface Props {
  facts: Facts;
  /** Whether it is the one that the page leads to first. */
  main: boolean;
}

/** A trade in a list: what it is about, where it stands, and how long. */
export function TradeRow({ facts, main }: Props) {
  const { t } = useLingui();
  const name = useTradeName(facts);
  const { trade, format } = facts;
  const next = isMine(facts) ? trade.viewer.primary_action : null;
  return (
    <li className="border-line grid grid-cols-[minmax(0,1fr)_auto] items-center gap-x-6 gap-y-2 border-b py-4 sm:min-h-20 sm:grid-cols-[minmax(0,1fr)_minmax(0,1fr)_14rem]">
      <p className="text-17 col-span-2 font-semibold sm:col-span-1">
        <TradeName facts={facts} />
      </p>
      <div className={`wrap-anywhere ${next === null ? "" : "max-sm:col-span-2"}`}>
        <p>{faceOf(facts).head(facts)}</p>
        <p className="text-13 text-soft">
          {isOver(trade) ? (
            <Value>{format.time(trade.updated_at)}</Value>
          ) : (
            trade.viewer.deadline_at !== null && (
              <Left at={trade.viewer.deadline_at} format={format} />
            )
          )}
        </p>
      </div>
      <Link
        to="/trades/$tradeId"
        params={{ tradeId: trade.id }}
        className={`button ${main ? "button-main" : "button-quiet"} ${next === null ? "" : "max-sm:col-span-2"} sm:justify-self-end`}
        aria-label={next === null ? t`Open: ${name}` : undefined}
      >
        {next !== null ? leadsTo(next, facts) : <Trans>Open</Trans>}
      </Link>
    </li>
  );
}

/** What a link leads to; it does not do it, and so does not say that it was done. */
function leadsTo(next: Action, facts: Facts): ReactNode {
  const { money, coins, trade } = facts;
  if (next === "payment_sent" && trade.state === "escrowed") {
    return (
      <span>
        <Trans>
          Pay <Value>{money}</Value>
        </Trans>
      </span>
    );
  }
  if (next === "payment_sent") {
    return <Trans>Answer</Trans>;
  }
  if (next === "release") {
    return (
      <span>
        <Trans>
          Release <Value>{coins}</Value>
        </Trans>
      </span>
    );
  }
  return actionWords(next, facts);
}
