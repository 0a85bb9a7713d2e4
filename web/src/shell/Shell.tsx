import { Trans, useLingui } from "@lingui/react/macro";
import { useQuery } from "@tanstack/react-query";
import { Link, Outlet } from "@tanstack/react-router";

import { exchangeQuery } from "../api/queries.ts";
import { useOnline } from "../live/useOnline.ts";
import { BookIcon, MarketIcon, SettingsIcon } from "./icons.tsx";
import { Value } from "./Value.tsx";

/** What stands around every page: where one is, where one can go, and whether there is a network. */
export function Shell() {
  return (
    <div className="flex min-h-dvh flex-col pb-20 sm:pb-0">
      <a
        href="#main"
        className="button button-main sr-only start-4 top-4 z-20 focus:not-sr-only focus:absolute focus:px-5"
      >
        <Trans>Skip to the page</Trans>
      </a>
      <header className="border-line border-b">
        <Notices />
        <div className="mx-auto flex h-16 max-w-[1180px] items-center gap-8 px-4 sm:px-6">
          <Link to="/" className="text-20 flex min-h-11 items-center gap-2.5 font-semibold">
            <img src="/icon.svg" alt="" width="28" height="28" />
            <Value>Tradepost</Value>
          </Link>
          <Navigation />
        </div>
      </header>
      <main
        id="main"
        tabIndex={-1}
        className="mx-auto w-full max-w-[1180px] grow px-4 py-6 sm:px-6 sm:py-10"
      >
        <Outlet />
      </main>
      <Footer />
    </div>
  );
}

function Navigation() {
  const { t } = useLingui();
  const link =
    "flex min-h-11 flex-1 flex-col items-center justify-center gap-0.5 rounded-control px-3 text-13 font-medium text-soft hover:text-ink aria-[current=page]:text-brand sm:flex-none sm:text-15";
  return (
    <nav
      aria-label={t`Pages`}
      className="bg-sheet border-line fixed inset-x-0 bottom-0 z-10 flex border-t px-2 pt-1 pb-[max(0.25rem,env(safe-area-inset-bottom))] sm:static sm:gap-1 sm:border-0 sm:bg-transparent sm:p-0"
    >
      <Link to="/" activeOptions={{ exact: true, includeSearch: false }} className={link}>
        <BookIcon />
        <Trans>Offers</Trans>
      </Link>
      <Link to="/market" activeOptions={{ includeSearch: false }} className={link}>
        <MarketIcon />
        <Trans>Market</Trans>
      </Link>
      <Link to="/settings" className={link}>
        <SettingsIcon />
        <Trans>Settings</Trans>
      </Link>
    </nav>
  );
}

function Notices() {
  const online = useOnline();
  const exchange = useQuery(exchangeQuery);
  return (
    <>
      <div role="status">
        {!online && (
          <p className="bg-wait-wash text-wait px-4 py-2 text-center font-medium">
            <Trans>You are offline. What you see is what was read last, and may be old.</Trans>
          </p>
        )}
      </div>
      {exchange.data?.development === true && (
        <p className="bg-well text-soft text-13 px-4 py-1.5 text-center">
          <Trans>A trial exchange: its coins and prices are made up, and worth nothing.</Trans>
        </p>
      )}
    </>
  );
}

function Footer() {
  const exchange = useQuery(exchangeQuery);
  return (
    <footer className="border-line text-13 text-soft border-t">
      <div className="mx-auto flex max-w-[1180px] flex-wrap items-center gap-x-6 px-4 py-3 sm:px-6">
        <p className="grow py-2">
          <Trans>The coins of a trade wait in a contract: this exchange cannot take them.</Trans>
        </p>
        <a href="/docs" className="link inline-flex min-h-11 items-center">
          <Trans>API documents</Trans>
        </a>
        <Value>{exchange.data?.version}</Value>
      </div>
    </footer>
  );
}
