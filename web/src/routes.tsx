import {
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
  type ErrorComponentProps,
} from "@tanstack/react-router";

import { BookPage } from "./offers/BookPage.tsx";
import { readSearch } from "./offers/search.ts";
import { Failure } from "./shell/Failure.tsx";
import { NotFound } from "./shell/NotFound.tsx";
import { Shell } from "./shell/Shell.tsx";
import { readStart } from "./start/search.ts";

/** The map of the page. The server knows the same addresses: `tradepost/entrypoints/page.py`. */
const root = createRootRoute({ component: Shell, notFoundComponent: NotFound });

const book = createRoute({
  getParentRoute: () => root,
  path: "/",
  validateSearch: readSearch,
  component: BookPage,
});

const offer = createRoute({
  getParentRoute: () => root,
  path: "/offers/$offerId",
  validateSearch: (raw: Record<string, unknown>): { amount?: string; link?: string } => {
    const { amount } = readSearch(raw);
    const link = raw["link"];
    return {
      ...(amount && { amount }),
      ...(typeof link === "string" && /^[\w-]{1,64}$/.test(link) && { link }),
    };
  },
  component: lazyRouteComponent(() => import("./offers/OfferPage.tsx"), "OfferPage"),
});

const market = createRoute({
  getParentRoute: () => root,
  path: "/market",
  validateSearch: (raw: Record<string, unknown>): { asset?: string; currency?: string } => {
    const { asset, currency } = readSearch(raw);
    return { ...(asset && { asset }), ...(currency && { currency }) };
  },
  component: lazyRouteComponent(() => import("./market/MarketPage.tsx"), "MarketPage"),
});

const settings = createRoute({
  getParentRoute: () => root,
  path: "/settings",
  component: lazyRouteComponent(() => import("./settings/SettingsPage.tsx"), "SettingsPage"),
});

const start = createRoute({
  getParentRoute: () => root,
  path: "/start",
  validateSearch: readStart,
  component: lazyRouteComponent(() => import("./start/StartPage.tsx"), "StartPage"),
});

const wallet = createRoute({
  getParentRoute: () => root,
  path: "/wallet",
  component: lazyRouteComponent(() => import("./purse/WalletPage.tsx"), "WalletPage"),
});

const trades = createRoute({
  getParentRoute: () => root,
  path: "/trades",
  component: lazyRouteComponent(() => import("./trades/TradesPage.tsx"), "TradesPage"),
});

const trade = createRoute({
  getParentRoute: () => root,
  path: "/trades/$tradeId",
  component: lazyRouteComponent(() => import("./trades/TradePage.tsx"), "TradePage"),
});

const verifying = createRoute({
  getParentRoute: () => root,
  path: "/verify/$tradeId",
  component: lazyRouteComponent(() => import("./verifying/VerifyPage.tsx"), "VerifyPage"),
});

const Failed = ({ error, reset }: ErrorComponentProps) => <Failure error={error} retry={reset} />;

export function makeRouter() {
  return createRouter({
    routeTree: root.addChildren([
      book,
      offer,
      market,
      settings,
      start,
      wallet,
      trades,
      trade,
      verifying,
    ]),
    defaultErrorComponent: Failed,
    scrollRestoration: true,
    // Plain words, as a person would write them: the router's own form puts quotes around numbers.
    parseSearch: (text) => Object.fromEntries(new URLSearchParams(text)),
    stringifySearch: (search) => {
      const words = Object.entries(search).flatMap(([name, value]) =>
        value === undefined ? [] : [[name, String(value)]],
      );
      return words.length > 0 ? `?${new URLSearchParams(words)}` : "";
    },
    // A link is read before it is followed only where the reader is about to.
    defaultPreload: "intent",
  });
}

declare module "@tanstack/react-router" {
  interface Register {
    router: ReturnType<typeof makeRouter>;
  }
}
