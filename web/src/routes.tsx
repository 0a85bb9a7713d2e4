import {
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
  type ErrorComponentProps,
} from "@tanstack/react-router";

import { BookPage } from "./offers/BookPage.tsx";
import { readMaking, readStep } from "./offers/making/search.ts";
import { readSearch } from "./offers/search.ts";
import { readOffer } from "./offers/taking/search.ts";
import { SETTINGS } from "./settings/routes.ts";
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
  validateSearch: readOffer,
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

const newOffer = createRoute({
  getParentRoute: () => root,
  path: "/offers/new",
  validateSearch: readMaking,
  component: lazyRouteComponent(() => import("./offers/making/NewOfferPage.tsx"), "NewOfferPage"),
});

const myOffers = createRoute({
  getParentRoute: () => root,
  path: "/my/offers",
  validateSearch: (raw: Record<string, unknown>): { published?: true } =>
    raw["published"] === "true" || raw["published"] === true ? { published: true } : {},
  component: lazyRouteComponent(() => import("./offers/own/MyOffersPage.tsx"), "MyOffersPage"),
});

const editOffer = createRoute({
  getParentRoute: () => root,
  path: "/my/offers/$offerId",
  validateSearch: readStep,
  component: lazyRouteComponent(() => import("./offers/making/EditOfferPage.tsx"), "EditOfferPage"),
});

const paymentAccounts = createRoute({
  getParentRoute: () => root,
  path: "/settings/payment-accounts",
  component: lazyRouteComponent(() => import("./payments/AccountsPage.tsx"), "AccountsPage"),
});

const notifications = createRoute({
  getParentRoute: () => root,
  path: "/notifications",
  component: lazyRouteComponent(
    () => import("./notifications/NotificationsPage.tsx"),
    "NotificationsPage",
  ),
});

const admin = createRoute({
  getParentRoute: () => root,
  path: "/admin",
  component: lazyRouteComponent(() => import("./admin/HealthPage.tsx"), "HealthPage"),
});

const settingsParts = Object.entries(SETTINGS).map(([name, component]) =>
  createRoute({ getParentRoute: () => root, path: `/settings/${name}`, component }),
);

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
      newOffer,
      myOffers,
      editOffer,
      paymentAccounts,
      ...settingsParts,
      notifications,
      admin,
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
