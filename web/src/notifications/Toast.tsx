import { Trans, useLingui } from "@lingui/react/macro";
import { useState } from "react";

import { PathLink } from "../shell/PathLink.tsx";
import { TradeWords } from "./TradeWords.tsx";
import type { News } from "./useNews.ts";
import { placeOf } from "./words.ts";

/**
 * Tells of what has just happened, at the edge of whatever page is open. It waits until it is left
 * or followed, and takes no focus; what happened before the page was opened is the bell's.
 */
export function Toast({ news, from }: { news: readonly News[]; from: number }) {
  const { t, i18n } = useLingui();
  const [left, setLeft] = useState(0);
  const last = news.findLast(({ event }) => event.seq > Math.max(left, from));
  return (
    <div role="status" className="contents">
      {last !== undefined && (
        <div className="card fixed inset-x-4 bottom-24 z-20 flex items-start gap-3 shadow-lg sm:start-auto sm:end-6 sm:bottom-6 sm:w-96">
          <div className="grow">
            <p className="font-semibold">{i18n._(last.meaning.words)}</p>
            <TradeWords trade={last.trade} />
            <PathLink
              path={placeOf(last.event)}
              className="link inline-flex min-h-11 items-center"
              onClick={() => setLeft(last.event.seq)}
            >
              <Trans>Look at it</Trans>
            </PathLink>
          </div>
          <button
            type="button"
            aria-label={t`Dismiss`}
            className="text-soft hover:text-ink rounded-control -me-2 -mt-2 size-11 shrink-0 text-20"
            onClick={() => setLeft(last.event.seq)}
          >
            <span aria-hidden="true">×</span>
          </button>
        </div>
      )}
    </div>
  );
}
