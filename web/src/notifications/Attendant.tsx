import { Plural, Trans } from "@lingui/react/macro";
import { Link, useLocation, useRouter } from "@tanstack/react-router";
import { useEffect } from "react";

import { useAccountLive } from "../live/useAccountLive.ts";
import { setBadge } from "../shell/badge.ts";
import { Value } from "../shell/Value.tsx";
import { said } from "./events.ts";
import { sawTrade } from "./seen.ts";
import { Toast } from "./Toast.tsx";
import { useAlerts } from "./useAlerts.ts";
import { useNews, type News } from "./useNews.ts";
import { usePush } from "./usePush.ts";

/** The bell with the number of news; it follows the account while it stands there. */
export default function Attendant({ accountId }: { accountId: string }) {
  useAccountLive();
  const { news, more, from } = useNews(accountId);
  const count = news.length;
  useSeenHere(accountId, news);
  usePlacesAsked();
  useAlerts(news, from);
  usePush(accountId);
  useEffect(() => {
    setBadge(count);
    return () => setBadge(0);
  }, [count]);
  return (
    <>
      <Link
        to="/notifications"
        className="text-soft hover:text-ink rounded-control aria-[current=page]:text-brand relative flex size-11 shrink-0 items-center justify-center"
      >
        <BellIcon />
        {count > 0 && (
          <span
            aria-hidden="true"
            className="bg-wait-wash text-wait text-13 absolute end-0 top-0 min-w-5 rounded-full px-1 text-center font-semibold"
          >
            <Value>
              {count}
              {more && "+"}
            </Value>
          </span>
        )}
        <span className="sr-only">
          <Trans>Notifications</Trans>{" "}
          {count > 0 && <Plural value={count} one="# is new" other="# are new" />}
        </span>
      </Link>
      <Toast news={news} from={from} />
    </>
  );
}

/** What happens to the trade whose page is open, and looked at, is no news. */
function useSeenHere(accountId: string, news: readonly News[]): void {
  const { pathname } = useLocation();
  const id = /^\/trades\/([^/]+)/.exec(pathname)?.[1];
  const last = news.findLast(({ event }) => said(event, "trade_id") === id)?.event.seq;
  useEffect(() => {
    if (id === undefined || last === undefined) {
      return undefined;
    }
    const look = () => {
      if (!document.hidden) {
        sawTrade(accountId, id, last);
      }
    };
    look();
    document.addEventListener("visibilitychange", look);
    return () => document.removeEventListener("visibilitychange", look);
  }, [accountId, id, last]);
}

/** Opens what a notification of the system leads to; the service worker says when it is clicked. */
function usePlacesAsked(): void {
  const router = useRouter();
  useEffect(() => {
    const worker = navigator.serviceWorker as ServiceWorkerContainer | undefined;
    const show = ({ data }: MessageEvent<{ show?: unknown } | null>) => {
      if (typeof data?.show === "string") {
        router.history.push(data.show);
      }
    };
    worker?.addEventListener("message", show);
    return () => worker?.removeEventListener("message", show);
  }, [router]);
}

const BellIcon = () => (
  <svg
    viewBox="0 0 20 20"
    className="size-6"
    fill="none"
    stroke="currentColor"
    strokeWidth="1.6"
    strokeLinecap="round"
    strokeLinejoin="round"
    aria-hidden="true"
  >
    <path d="M4.5 14h11l-1.3-2.2V8.5a4.2 4.2 0 0 0-8.4 0v3.3zM8.2 16.6a2 2 0 0 0 3.6 0" />
  </svg>
);
