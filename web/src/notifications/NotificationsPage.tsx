import { Trans, useLingui } from "@lingui/react/macro";
import { useInfiniteQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useEffect, useState } from "react";

import { useFormat } from "../language/format.ts";
import { Failure } from "../shell/Failure.tsx";
import { PathLink } from "../shell/PathLink.tsx";
import { SignedIn } from "../account/SignedIn.tsx";
import { Title } from "../shell/Title.tsx";
import { eventsQuery, said } from "./events.ts";
import { sawAll, seenOf } from "./seen.ts";
import { TradeWords } from "./TradeWords.tsx";
import { useTradesOf } from "./useNews.ts";
import { meaningOf, placeOf } from "./words.ts";

/** What happened to the account, the newest first. */
export function NotificationsPage() {
  const { t } = useLingui();
  return (
    <>
      <Title name={t`Notifications`}>
        <Trans>Notifications</Trans>
      </Title>
      <SignedIn>{({ account }) => <Events key={account.id} accountId={account.id} />}</SignedIn>
    </>
  );
}

function Events({ accountId }: { accountId: string }) {
  const { i18n } = useLingui();
  const format = useFormat();
  const events = useInfiniteQuery(eventsQuery(accountId));
  const all = events.data?.pages.flatMap((page) => page.events) ?? [];
  const { trades, pending } = useTradesOf(all);
  // What was new as the page was opened stays marked while it is open.
  const [before] = useState(() => seenOf(accountId));
  const newest = events.data?.pages[0]?.last;
  useEffect(() => {
    if (newest !== undefined) {
      sawAll(accountId, newest);
    }
  }, [accountId, newest]);
  if (events.isError && all.length === 0) {
    return <Failure error={events.error} retry={() => void events.refetch()} />;
  }
  if (events.isPending) {
    return <Skeleton />;
  }
  if (all.length === 0) {
    return (
      <div className="mt-8">
        <p className="text-soft max-w-prose">
          <Trans>
            Nothing has happened yet. What happens to your trades and offers is told here.
          </Trans>
        </p>
        <Link to="/" className="button button-main mt-6">
          <Trans>See all offers</Trans>
        </Link>
      </div>
    );
  }
  return (
    <>
      <ol className="mt-6" aria-busy={events.isFetching}>
        {all.map((event) => {
          const id = said(event, "trade_id") ?? "";
          const { words, quiet } = meaningOf(event, trades.get(id));
          const isNew = !quiet && before.upTo !== null && event.seq > before.upTo;
          return (
            <li key={event.seq} className="border-line border-b">
              <PathLink
                path={placeOf(event)}
                className="hover:bg-well rounded-control block min-h-20 py-3"
              >
                {pending.has(id) ? (
                  <span className="skeleton block h-12" aria-busy="true" />
                ) : (
                  <>
                    <span className="flex flex-wrap items-baseline gap-x-3">
                      <span className={quiet ? "" : "font-semibold"}>{i18n._(words)}</span>
                      {isNew && (
                        <span className="bg-wait-wash text-wait text-13 rounded-control px-2 font-medium">
                          <Trans>New</Trans>
                        </span>
                      )}
                    </span>
                    <TradeWords trade={trades.get(id)} />
                  </>
                )}
                <time dateTime={event.created_at} className="text-soft text-13 block">
                  {format.time(event.created_at)}
                </time>
              </PathLink>
            </li>
          );
        })}
      </ol>
      {events.isError && <Failure error={events.error} retry={() => void events.refetch()} />}
      {events.hasNextPage && (
        <button
          type="button"
          className="button button-quiet mt-6"
          disabled={events.isFetchingNextPage}
          onClick={() => void events.fetchNextPage()}
        >
          <Trans>Show what was before</Trans>
        </button>
      )}
    </>
  );
}

const Skeleton = () => (
  <div className="mt-6 grid gap-3" aria-busy="true">
    {[1, 2, 3, 4].map((row) => (
      <div key={row} className="skeleton h-20" />
    ))}
  </div>
);
