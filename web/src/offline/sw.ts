/**
 * The service worker: the page opens without a network, as it was built last. It keeps files of the
 * page and nothing that the exchange answered; what is kept of trades is `keeping.ts`.
 */
import { cleanupOutdatedCaches, matchPrecache, precacheAndRoute } from "workbox-precaching";
import { NavigationRoute, registerRoute } from "workbox-routing";
import { CacheFirst } from "workbox-strategies";

import { keepWords, onPush, type Pushed, type PushScope } from "./push.ts";

/** What of a worker's world is used here: its types cannot stand beside those of a document. */
interface Lasting extends Event {
  waitUntil(done: Promise<unknown>): void;
}
interface Window {
  readonly focused: boolean;
  focus(): Promise<unknown>;
  postMessage(message: unknown): void;
}
declare const self: {
  readonly location: Location;
  readonly registration: PushScope["registration"];
  readonly clients: {
    matchAll(how: { type: "window" }): Promise<readonly Window[]>;
    openWindow(path: string): Promise<unknown>;
  };
  skipWaiting(): Promise<void>;
  addEventListener(type: "activate", heard: (event: Lasting) => void): void;
  addEventListener(type: "message", heard: (event: Lasting & { data: unknown }) => void): void;
  addEventListener(type: "push", heard: (event: Pushed) => void): void;
  addEventListener(
    type: "notificationclick",
    heard: (event: Lasting & { readonly notification: Notification }) => void,
  ): void;
};
/** Both are put in by the build (`vite.config.ts`). */
declare const __BEFOREHAND__: { url: string; revision: string | null }[];
declare const __HASHED__: string[];

const ASSETS = "assets";
/** Who has waited for so long is shown the page as it was. */
const PATIENCE_MS = 4_000;
/** What the exchange answers under other addresses is not the page. */
const NO_PAGES = [/^\/(v1|docs|mcp|static-offline-docs)(\/|$)/, /^\/(livez|readyz)$/, /\.\w+$/];

cleanupOutdatedCaches();
precacheAndRoute(__BEFOREHAND__, { directoryIndex: "", cleanURLs: false });

// The page itself is asked for anew each time, as its policy may have changed with it.
registerRoute(new NavigationRoute(({ request }) => opened(request), { denylist: NO_PAGES }));
registerRoute(
  ({ url }) => url.origin === self.location.origin && url.pathname.startsWith("/assets/"),
  new CacheFirst({ cacheName: ASSETS }),
);

async function opened(request: Request): Promise<Response> {
  const asked = fetch(request);
  asked.catch(() => undefined); // it may fail after somebody has waited long enough
  const kept = await matchPrecache("/index.html");
  if (kept === undefined) {
    return asked;
  }
  // What stands before an exchange answers for it while that is away.
  const page = asked.then((answer) => (answer.status >= 500 ? kept : answer));
  const late = new Promise<Response>((show) => setTimeout(() => show(kept), PATIENCE_MS));
  return Promise.race([page, late]).catch(() => kept);
}

self.addEventListener("activate", (event) => event.waitUntil(tidy()));

/** Drops the files of former builds. */
async function tidy(): Promise<void> {
  const assets = await caches.open(ASSETS);
  const present = new Set(__HASHED__);
  const old = (await assets.keys()).filter(({ url }) => !present.has(new URL(url).pathname));
  await Promise.all(old.map((request) => assets.delete(request)));
}

// The page says when: a new build takes over where the reader has asked for it.
self.addEventListener("message", (event) => {
  if (event.data === "take over") {
    void self.skipWaiting();
  }
  const { words } = (event.data ?? {}) as { words?: unknown };
  if (words !== undefined) {
    event.waitUntil(keepWords(words));
  }
});

self.addEventListener("push", (event) => onPush(event, self));

self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  const { path } = (event.notification.data ?? {}) as { path?: unknown };
  event.waitUntil(show(typeof path === "string" && /^\/(?!\/)/.test(path) ? path : "/"));
});

/** Shows a place in a tab that is open, which is not loaded anew: something may be under way there. */
async function show(path: string): Promise<void> {
  const [tab] = await self.clients.matchAll({ type: "window" });
  if (tab === undefined) {
    await self.clients.openWindow(path);
    return;
  }
  await tab.focus();
  tab.postMessage({ show: path });
}
