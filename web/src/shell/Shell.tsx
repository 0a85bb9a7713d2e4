import { Trans } from "@lingui/react/macro";
import { useQuery } from "@tanstack/react-query";
import { Link, Outlet } from "@tanstack/react-router";

import { AccountMenu } from "../account/AccountMenu.tsx";
import { AccountNotices } from "../account/AccountNotices.tsx";
import { SigningProvider } from "../account/SigningProvider.tsx";
import { exchangeQuery } from "../api/queries.ts";
import { useOnline } from "../live/useOnline.ts";
import { Bell } from "../notifications/Bell.tsx";
import { NewPage } from "../offline/NewPage.tsx";
import { TourHost } from "../tour/TourHost.tsx";
import { Navigation } from "./Navigation.tsx";
import { Value } from "./Value.tsx";

/** What stands around every page: where one is, where one can go, and whether there is a network. */
export function Shell() {
  return (
    <SigningProvider>
      <div className="flex min-h-dvh flex-col max-sm:pb-24 max-sm:has-[[data-bar]_.button+.button]:pb-40">
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
            <div className="ms-auto flex items-center gap-1">
              <Bell />
              <AccountMenu />
            </div>
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
        <TourHost />
      </div>
    </SigningProvider>
  );
}

function Notices() {
  const online = useOnline();
  const exchange = useQuery(exchangeQuery);
  return (
    <>
      <NewPage />
      <div role="status">
        {!online && (
          <p className="bg-wait-wash text-wait px-4 py-2 text-center font-medium">
            <Trans>You are offline. What you see is what was read last, and may be old.</Trans>
          </p>
        )}
      </div>
      <AccountNotices />
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
