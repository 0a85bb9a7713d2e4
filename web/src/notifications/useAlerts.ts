import { useLingui } from "@lingui/react";
import { useEffect, useRef } from "react";

import { alertOf, alertsNow } from "./alerts.ts";
import { said } from "./events.ts";
import type { News } from "./useNews.ts";
import { placeOf } from "./words.ts";

/** Tells the system of news behind `from`, while the reader looks elsewhere and wants that. */
export function useAlerts(news: readonly News[], from: number): void {
  const { i18n } = useLingui();
  const told = useRef(0);
  const last = news.at(-1);
  useEffect(() => {
    if (last === undefined || last.event.seq <= Math.max(told.current, from)) {
      return;
    }
    told.current = last.event.seq;
    if (document.hidden && alertsNow() === "on") {
      // By the trade: a push message of the same is one with it (`offline/push.ts`).
      const tag = said(last.event, "trade_id") ?? last.event.id;
      void alertOf(i18n._(last.meaning.words), tag, placeOf(last.event)).catch(
        () => undefined, // a system can refuse at any time; the bell has it
      );
    }
  }, [i18n, last, from]);
}
