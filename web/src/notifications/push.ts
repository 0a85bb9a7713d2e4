import { api, ProblemError, told, type Schema } from "../api/client.ts";
import type { PushWords } from "../offline/push.ts";
import { keep, kept } from "../settings/kept.ts";
import { deviceName } from "./deviceName.ts";

/**
 * Push messages: the browser's maker wakes this device where no page is open. The exchange seals
 * what it says for the device; the service worker finds the words (`offline/push.ts`).
 */
export type Push = "unsupported" | "denied" | "off" | "on";
export type Device = Schema["PushSubscriptionAnswer"];

/** What this device remembers of its subscription, beside the browser. */
interface Kept {
  readonly id: string;
  readonly accountId: string;
  readonly endpoint: string;
  readonly key: string;
}

type Keyed = (said: unknown) => { "idempotency-key": string };
const once: Keyed = () => ({ "idempotency-key": crypto.randomUUID() });

/** How long a browser may take to reach its push service. */
const PATIENCE_MS = 30_000;

/** The browser did not reach its push service in time. */
export class PushServiceSilent extends Error {}

const workers = () => navigator.serviceWorker as ServiceWorkerContainer | undefined;

/** The page's service worker, where this browser can be sent push messages at all. */
async function registrationOf(): Promise<ServiceWorkerRegistration | undefined> {
  if (typeof Notification === "undefined" || !("PushManager" in globalThis)) {
    return undefined;
  }
  return workers()?.getRegistration();
}

/** The id of this device's subscription for an account, as far as it knows itself. */
export async function ownSubscription(accountId: string): Promise<string | null> {
  const own = read();
  const registration = await registrationOf();
  const found = await registration?.pushManager.getSubscription();
  const isOurs = own?.accountId === accountId && found?.endpoint === own.endpoint;
  return isOurs ? own.id : null;
}

/** How it stands here; `devices` are those that the exchange knows. */
export async function pushNow(accountId: string, devices: readonly Device[]): Promise<Push> {
  if ((await registrationOf()) === undefined) {
    return "unsupported";
  }
  if (Notification.permission === "denied") {
    return "denied";
  }
  const id = await ownSubscription(accountId);
  const on = Notification.permission === "granted" && devices.some((device) => device.id === id);
  return on ? "on" : "off";
}

/** The account's devices, and how this one stands. */
export async function readPush(
  accountId: string,
): Promise<{ devices: readonly Device[]; now: Push; own: string | null }> {
  const devices = told(await api.GET("/v1/push/subscriptions")).data;
  const now = await pushNow(accountId, devices);
  return { devices, now, own: now === "on" ? await ownSubscription(accountId) : null };
}

/**
 * Has this device told of an account's trades; asks the reader for permission first, so it has to
 * be called by his own click. Rejects with `PushServiceSilent`, and what a request rejects with.
 */
export async function turnPushOn(
  accountId: string,
  words: PushWords,
  keyed: Keyed = once,
): Promise<void> {
  if (Notification.permission === "default") {
    await Notification.requestPermission();
  }
  const registration = await registrationOf();
  if (registration === undefined || Notification.permission !== "granted") {
    return;
  }
  await subscribe(registration, accountId, await exchangeKey(), keyed);
  tellWords(registration, words);
}

/** Ends it on this device. What the exchange does not hear now, the push service tells it. */
export async function turnPushOff(): Promise<void> {
  const own = read();
  await forgetPush();
  if (own !== null) {
    await end(own.id).catch(() => undefined);
  }
}

/** Ends the subscription of any device; one that is gone already is no failure. */
export async function end(id: string): Promise<void> {
  try {
    await api.DELETE("/v1/push/subscriptions/{subscription_id}", {
      params: { path: { subscription_id: id } },
    });
  } catch (error) {
    if (!(error instanceof ProblemError && error.status === 404)) {
      throw error;
    }
  }
}

/** Ends what this device was subscribed to, without a word to the exchange: nobody is signed in. */
export async function forgetPush(): Promise<void> {
  keep("push", null);
  const registration = await registrationOf();
  const found = await registration?.pushManager.getSubscription();
  await found?.unsubscribe();
}

/**
 * Puts right what has changed since the last visit: the browser's subscription, the exchange's key,
 * the language. A subscription of another account ends: its owner is not signed in here any more.
 */
export async function refreshPush(accountId: string, words: PushWords): Promise<void> {
  const own = read();
  const registration = await registrationOf();
  if (own === null || registration === undefined || Notification.permission !== "granted") {
    return;
  }
  if (own.accountId !== accountId) {
    await forgetPush();
    return;
  }
  tellWords(registration, words);
  const key = await exchangeKey();
  const found = await registration.pushManager.getSubscription();
  if (found?.endpoint !== own.endpoint || key !== own.key) {
    await subscribe(registration, accountId, key, once);
  }
}

async function exchangeKey(): Promise<string> {
  return told(await api.GET("/v1/push/key")).key;
}

async function subscribe(
  registration: ServiceWorkerRegistration,
  accountId: string,
  key: string,
  keyed: Keyed,
): Promise<void> {
  let subscription = await subscriptionTo(registration, key);
  let made: Device;
  try {
    made = await announce(subscription, keyed);
  } catch (error) {
    if (!(error instanceof ProblemError && error.problem?.type.endsWith(":push-endpoint-taken"))) {
      throw error;
    }
    // The endpoint is known with other secrets than this browser has: it needs a new one.
    await subscription.unsubscribe();
    subscription = await subscriptionTo(registration, key);
    made = await announce(subscription, keyed);
  }
  const own: Kept = { id: made.id, accountId, endpoint: subscription.endpoint, key };
  keep("push", JSON.stringify(own));
}

/** The browser's subscription to this key; one to another key ends, as a browser has only one. */
async function subscriptionTo(
  registration: ServiceWorkerRegistration,
  key: string,
): Promise<PushSubscription> {
  const found = await registration.pushManager.getSubscription();
  if (found !== null) {
    const before = found.options.applicationServerKey;
    if (before !== null && toBase64url(new Uint8Array(before)) === key) {
      return found;
    }
    await found.unsubscribe();
  }
  const asked = registration.pushManager.subscribe({
    userVisibleOnly: true,
    applicationServerKey: fromBase64url(key),
  });
  return inTime(asked);
}

async function announce(subscription: PushSubscription, keyed: Keyed): Promise<Device> {
  const { endpoint = "", keys = {} } = subscription.toJSON();
  const body = {
    endpoint,
    keys: { p256dh: keys["p256dh"] ?? "", auth: keys["auth"] ?? "" },
    label: deviceName(navigator.userAgent),
  };
  return told(await api.POST("/v1/push/subscriptions", { body, params: { header: keyed(body) } }));
}

function tellWords(registration: ServiceWorkerRegistration, words: PushWords): void {
  (registration.active ?? registration.waiting)?.postMessage({ words });
}

async function inTime<T>(asked: Promise<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new PushServiceSilent()), PATIENCE_MS);
  });
  try {
    return await Promise.race([asked, late]);
  } finally {
    clearTimeout(timer);
  }
}

function read(): Kept | null {
  try {
    const own = JSON.parse(kept("push") ?? "null") as Kept | null;
    return typeof own?.id === "string" && typeof own.endpoint === "string" ? own : null;
  } catch {
    return null;
  }
}

export function fromBase64url(text: string): Uint8Array<ArrayBuffer> {
  const raw = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(raw, (character) => character.charCodeAt(0));
}

export function toBase64url(raw: Uint8Array): string {
  const text = btoa(String.fromCharCode(...raw));
  return text.replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
}
