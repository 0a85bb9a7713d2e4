import { useSyncExternalStore } from "react";

/** How often an open page asks whether there is a new one. */
const LOOK_MS = 60 * 60_000;

let ready = false;
let registered: ServiceWorkerRegistration | undefined;
const heard = new Set<() => void>();

function found(): void {
  ready = true;
  heard.forEach((tell) => tell());
}

/** Keeps the page for when there is no network, once it has been shown; and looks for new ones. */
export function registerWorker(): void {
  // A part of this page that is not served any more: the exchange has a new page.
  window.addEventListener("vite:preloadError", found);
  if (!("serviceWorker" in navigator)) {
    return; // without TLS there is none, but on this machine
  }
  void navigator.serviceWorker
    .register("/sw.js", { updateViaCache: "none" })
    .then((registration) => {
      watch(registration);
      return keepLanguage();
    })
    .catch(() => undefined); // a browser can refuse: the page works without
}

/** Notices each new build that waits to take over. */
export function watch(registration: ServiceWorkerRegistration): void {
  registered = registration;
  // The first one of a browser takes over from nobody.
  const isNew = () => navigator.serviceWorker.controller !== null;
  if (registration.waiting !== null && isNew()) {
    found();
  }
  registration.addEventListener("updatefound", () => {
    const { installing } = registration;
    installing?.addEventListener("statechange", () => {
      if (installing.state === "installed" && isNew()) {
        found();
      }
    });
  });
  setInterval(() => void registration.update().catch(() => undefined), LOOK_MS);
}

/** What was loaded before the worker was there, such as the language, is kept as well. */
async function keepLanguage(): Promise<void> {
  if (navigator.serviceWorker.controller !== null) {
    return;
  }
  const loaded = performance
    .getEntriesByType("resource")
    .map(({ name }) => new URL(name))
    .filter(({ origin, pathname }) => origin === location.origin && pathname.startsWith("/assets/"))
    .map(({ pathname }) => pathname);
  const assets = await caches.open("assets");
  await assets.addAll([...new Set(loaded)]);
}

function subscribe(tell: () => void): () => void {
  heard.add(tell);
  return () => heard.delete(tell);
}

/** Whether the exchange has a newer page than this one. */
export const useNewPage = (): boolean => useSyncExternalStore(subscribe, () => ready);

/** Loads the newest page in the place of this one. */
export function loadNewPage(): void {
  const waiting = registered?.waiting;
  if (!waiting) {
    window.location.reload();
    return;
  }
  navigator.serviceWorker.addEventListener("controllerchange", () => window.location.reload(), {
    once: true,
  });
  waiting.postMessage("take over");
}
