import { useQueries, useQuery } from "@tanstack/react-query";
import { useState } from "react";

import type { Trade } from "../trading/trader.ts";
import { said, tradeQuery, unseenQuery, type AccountEvent } from "./events.ts";
import { useSeen } from "./seen.ts";
import { meaningOf, type Meaning } from "./words.ts";

/** Each may need its trade, which is read for it. */
const MOST = 20;

export interface News {
  readonly event: AccountEvent;
  readonly meaning: Meaning;
  readonly trade: Trade | undefined;
}

/** The trades that events are about, by their ids; one that is being read is not in it yet. */
export function useTradesOf(events: readonly AccountEvent[]): {
  trades: ReadonlyMap<string, Trade>;
  pending: ReadonlySet<string>;
} {
  const ids = [...new Set(events.flatMap((event) => said(event, "trade_id") ?? []))];
  const answers = useQueries({ queries: ids.map((id) => ({ ...tradeQuery(id) })) });
  return {
    trades: new Map(
      answers.flatMap(({ data }, place) =>
        data === undefined ? [] : [[ids[place] ?? "", data] as const],
      ),
    ),
    pending: new Set(ids.filter((_, place) => answers[place]?.isPending)),
  };
}

/**
 * What this device has not shown yet and others caused, the oldest first. `more` says that only
 * the newest were looked at; what is behind `from` has happened since the page was opened.
 */
export function useNews(accountId: string): {
  news: readonly News[];
  more: boolean;
  from: number;
} {
  const seen = useSeen(accountId);
  const unseen = useQuery(unseenQuery(accountId));
  const [from, setFrom] = useState<number | null>(null);
  if (from === null && unseen.data !== undefined) {
    setFrom(unseen.data.at(-1)?.seq ?? seen.upTo ?? 0);
  }
  const all = (unseen.data ?? []).filter(
    (event) =>
      event.seq > Math.max(seen.upTo ?? 0, seen.trades[said(event, "trade_id") ?? ""] ?? 0),
  );
  const events = all.slice(-MOST);
  const { trades, pending } = useTradesOf(events);
  const news = events.flatMap((event) => {
    const id = said(event, "trade_id") ?? "";
    if (pending.has(id)) {
      return []; // whether he did it himself is not known yet
    }
    const trade = trades.get(id);
    const meaning = meaningOf(event, trade);
    return meaning.quiet ? [] : [{ event, meaning, trade }];
  });
  return { news, more: all.length > events.length, from: from ?? Infinity };
}
