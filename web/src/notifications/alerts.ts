import { keep, kept } from "../settings/kept.ts";

/**
 * Notifications of the system, by the tab that is open: nothing is sent through anybody's server.
 * They need the browser's permission, which is asked for by a button in the settings only.
 */
export type Alerts = "on" | "off" | "denied" | "unsupported";

export function alertsNow(): Alerts {
  if (typeof Notification === "undefined") {
    return "unsupported";
  }
  if (Notification.permission === "denied") {
    return "denied";
  }
  return Notification.permission === "granted" && kept("alerts") === "on" ? "on" : "off";
}

/** Asks for permission where that is missing. */
export async function turnAlerts(on: boolean): Promise<Alerts> {
  if (on && alertsNow() === "off" && Notification.permission !== "granted") {
    await Notification.requestPermission();
  }
  keep(
    "alerts",
    on && alertsNow() === "off" && Notification.permission === "granted" ? "on" : null,
  );
  return alertsNow();
}

/** Shows one; of several tabs that tell the same (`tag`) it is one all the same. */
export async function alertOf(title: string, tag: string, path: string): Promise<void> {
  const options = { tag, icon: "/icon-192.png", data: { path } };
  // There is none without TLS, but on this machine.
  const container = navigator.serviceWorker as ServiceWorkerContainer | undefined;
  const worker = await container?.getRegistration();
  if (worker !== undefined) {
    // In the place of an older one of the same, with a sound unless it says the same.
    const [before] = await worker.getNotifications({ tag });
    const renotify = before !== undefined && before.title !== title;
    const shown: NotificationOptions & { renotify: boolean } = { ...options, renotify };
    await worker.showNotification(title, shown); // its click is the worker's: `offline/sw.ts`
    return;
  }
  const shown = new Notification(title, options);
  shown.addEventListener("click", () => window.focus());
}
