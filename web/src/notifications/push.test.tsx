import { fireEvent, screen, waitFor, within } from "@testing-library/react";
import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { keepSession } from "../account/session.ts";
import type { Schema } from "../api/client.ts";
import { choose } from "../language/load.ts";
import { account, session } from "../mock/account.ts";
import { problem, type Asked } from "../mock/api.ts";
import { openPage } from "../mock/open.tsx";
import { device, PUSH_KEY } from "../mock/push.ts";
import { deviceName } from "./deviceName.ts";
import { fromBase64url, toBase64url } from "./push.ts";

const AGENT = "Mozilla/5.0 (Android 16; Mobile; rv:150.0) Gecko/150.0 Firefox/150.0";
const KEYS = { p256dh: "B".padEnd(87, "A"), auth: "A".repeat(22) };

/** A browser that can be sent push messages, and its push service. */
class Browser {
  permission: NotificationPermission = "default";
  answer: NotificationPermission = "granted";
  subscription: ReturnType<Browser["made"]> | null = null;
  subscribed = 0;
  fails: Error | null = null;
  heard: unknown[] = [];

  made(key: Uint8Array) {
    this.subscribed += 1;
    const endpoint = `https://push.example/${this.subscribed}`;
    return {
      endpoint,
      options: { applicationServerKey: key.slice().buffer },
      toJSON: () => ({ endpoint, expirationTime: null, keys: KEYS }),
      unsubscribe: async () => {
        this.subscription = null;
        return true;
      },
    };
  }

  install(agent = AGENT): void {
    const browser = this;
    const registration = {
      active: { postMessage: (said: unknown) => this.heard.push(said) },
      pushManager: {
        getSubscription: async () => this.subscription,
        subscribe: async (how: { userVisibleOnly: boolean; applicationServerKey: Uint8Array }) => {
          if (this.fails !== null) {
            throw this.fails;
          }
          expect(how.userVisibleOnly).toBe(true);
          this.subscription = this.made(how.applicationServerKey);
          return this.subscription;
        },
      },
    };
    vi.stubGlobal("PushManager", class {});
    vi.stubGlobal("Notification", {
      get permission() {
        return browser.permission;
      },
      requestPermission: async () => (browser.permission = browser.answer),
    });
    vi.stubGlobal("navigator", {
      userAgent: agent,
      languages: ["en"],
      onLine: true,
      serviceWorker: Object.assign(new EventTarget(), {
        getRegistration: async () => registration,
      }),
    });
  }
}

let browser: Browser;
let devices: Schema["PushSubscriptionAnswer"][];
let asked: Asked[];

beforeEach(() => {
  browser = new Browser();
  devices = [];
  asked = [];
});

afterEach(() => vi.unstubAllGlobals());

const answers = {
  "/v1/push/subscriptions": () => ({ data: devices, next_cursor: null }),
  "POST /v1/push/subscriptions": (one: Asked) => {
    asked.push(one);
    const { label } = one.body as Schema["NewPushSubscriptionBody"];
    devices = [{ ...device, label, accepted_at: null }];
    return devices[0];
  },
  "DELETE /v1/push/subscriptions/:id": ({ id }: Asked) => {
    devices = devices.filter((each) => each.id !== id);
  },
};
type Own = Parameters<typeof openPage>[1];

async function open(own: Own = {}, kept: Record<string, string> = {}) {
  await openPage("/settings/notifications", { ...answers, ...own }, session, kept);
  const title = await screen.findByRole("heading", { name: "When no page is open" });
  return within(title.closest("section") as HTMLElement);
}

const on = async (section: Awaited<ReturnType<typeof open>>) => {
  fireEvent.click(await section.findByRole("button", { name: "Tell this device" }));
  await section.findByText(/This device is told of your trades/);
};
const own = () => JSON.parse(localStorage.getItem("tradepost.push") ?? "null") as unknown;

test("a browser without push messages is told so, and shows the other devices", async () => {
  devices = [device];
  const section = await open();
  expect(await section.findByText(/This browser takes none here/)).toBeTruthy();
  expect(section.queryByRole("button", { name: "Tell this device" })).toBeNull();
  expect(section.getByRole("listitem").textContent).toMatch(/Firefox, Android.*Last told/);
});

test("a browser that was told to show none says where that can be changed", async () => {
  browser.permission = "denied";
  browser.install();
  const section = await open();
  expect(await section.findByText(/was told to show none of this exchange/)).toBeTruthy();
});

test("it is turned on by a click: permission, subscription, the exchange, the words", async () => {
  browser.install();
  const section = await open();
  expect(browser.subscribed).toBe(0);
  await on(section);
  expect(asked).toHaveLength(1);
  expect(asked[0]?.body).toEqual({
    endpoint: "https://push.example/1",
    keys: KEYS,
    label: "Firefox, Android",
  });
  expect(asked[0]?.headers.get("idempotency-key")).toBeTruthy();
  expect(own()).toMatchObject({ id: device.id, accountId: account.id, key: PUSH_KEY });
  const { words } = browser.heard.at(-1) as { words: { lang: string; news: object } };
  expect(words.lang).toBe("en");
  expect(words.news).toMatchObject({ taken: "Your offer was taken" });
  expect(Object.keys(words.news)).toHaveLength(13);
  expect(section.getByRole("listitem").textContent).toMatch(/This device.*Nothing was sent yet/);
});

test("who does not permit it stays without, and nobody is told", async () => {
  browser.answer = "denied";
  browser.install();
  const section = await open();
  fireEvent.click(await section.findByRole("button", { name: "Tell this device" }));
  expect(await section.findByText(/was told to show none of this exchange/)).toBeTruthy();
  expect(asked).toHaveLength(0);
});

test("it is turned off at the browser and at the exchange", async () => {
  browser.install();
  const section = await open();
  await on(section);
  fireEvent.click(section.getByRole("button", { name: "Tell this device no more" }));
  expect(await section.findByRole("button", { name: "Tell this device" })).toBeTruthy();
  expect(browser.subscription).toBeNull();
  expect(devices).toEqual([]);
  expect(own()).toBeNull();
});

test("it is off at the browser also where the exchange does not hear of it", async () => {
  browser.install();
  const section = await open({
    "DELETE /v1/push/subscriptions/:id": () => {
      throw problem("busy", 503, "Too busy.");
    },
  });
  await on(section);
  fireEvent.click(section.getByRole("button", { name: "Tell this device no more" }));
  expect(await section.findByRole("button", { name: "Tell this device" })).toBeTruthy();
  expect(browser.subscription).toBeNull();
});

test("a push service that fails is told, and can be tried again with one key", async () => {
  browser.install();
  browser.fails = new DOMException("no push service", "AbortError");
  const section = await open();
  fireEvent.click(await section.findByRole("button", { name: "Tell this device" }));
  expect((await section.findByRole("alert")).textContent).toMatch(/did not get a place/);
  browser.fails = null;
  await on(section);
  expect(section.queryByRole("alert")).toBeNull();
});

test("what the exchange refuses is told, and one intent has one key", async () => {
  browser.install();
  const keys: (string | null)[] = [];
  const section = await open({
    "POST /v1/push/subscriptions": (one: Asked) => {
      keys.push(one.headers.get("idempotency-key"));
      if (keys.length === 1) {
        throw problem("too-many-push-subscriptions", 409, "You have as many devices as can be.");
      }
      return answers["POST /v1/push/subscriptions"](one);
    },
  });
  fireEvent.click(await section.findByRole("button", { name: "Tell this device" }));
  expect((await section.findByRole("alert")).textContent).toMatch(/as many devices/);
  await on(section);
  expect(keys[0]).toBe(keys[1]);
});

test("an endpoint that is another's is given up for a new one", async () => {
  browser.install();
  let first = true;
  const section = await open({
    "POST /v1/push/subscriptions": (one: Asked) => {
      if (first) {
        first = false;
        throw problem("push-endpoint-taken", 409, "This address is another device's.");
      }
      return answers["POST /v1/push/subscriptions"](one);
    },
  });
  await on(section);
  expect(own()).toMatchObject({ endpoint: "https://push.example/2" });
});

test("another device is ended after a question", async () => {
  devices = [{ ...device, label: "Old phone" }];
  browser.install();
  const section = await open();
  fireEvent.click(await section.findByRole("button", { name: "Tell it no more" }));
  fireEvent.click(section.getByRole("button", { name: "Tell it no more" }));
  await waitFor(() => expect(section.queryByText("Old phone")).toBeNull());
  expect(devices).toEqual([]);
});

test("a device that was ended elsewhere is off", async () => {
  browser.install();
  await on(await open());
  const kept = localStorage.getItem("tradepost.push") ?? "";
  devices = [];
  const section = await open({}, { "tradepost.push": kept });
  expect(await section.findByRole("button", { name: "Tell this device" })).toBeTruthy();
});

test("a visit renews what changed: the exchange's key, the browser's subscription", async () => {
  browser.install();
  await on(await open());
  const kept = { "tradepost.push": localStorage.getItem("tradepost.push") ?? "" };
  await open({}, kept);
  await waitFor(() => expect(browser.heard).toHaveLength(2));
  expect(asked).toHaveLength(1);
  const other = `${PUSH_KEY.slice(0, -1)}0`;
  await open({ "/v1/push/key": () => ({ key: other }) }, kept);
  await waitFor(() => expect(asked).toHaveLength(2));
  expect(own()).toMatchObject({ endpoint: "https://push.example/2", key: other });
  browser.subscription = null; // the browser has dropped it
  await open(
    { "/v1/push/key": () => ({ key: other }) },
    {
      "tradepost.push": localStorage.getItem("tradepost.push") ?? "",
    },
  );
  await waitFor(() => expect(asked).toHaveLength(3));
});

test("another language is handed to the worker", async () => {
  browser.install();
  await on(await open());
  const before = browser.heard.length;
  await choose("de");
  await waitFor(() => expect(browser.heard.length).toBeGreaterThan(before));
  expect(browser.heard.at(-1)).toMatchObject({ words: { lang: "de", dir: "ltr" } });
});

test("signing out ends it on this device", async () => {
  browser.install();
  await on(await open());
  keepSession(null);
  await waitFor(() => expect(browser.subscription).toBeNull());
  expect(own()).toBeNull();
});

test("another account's is ended, not taken over", async () => {
  browser.install();
  await on(await open());
  const kept = JSON.parse(localStorage.getItem("tradepost.push") ?? "{}") as object;
  await open({}, { "tradepost.push": JSON.stringify({ ...kept, accountId: "another" }) });
  await waitFor(() => expect(browser.subscription).toBeNull());
  expect(asked).toHaveLength(1);
  expect(own()).toBeNull();
});

test("keys are written as browsers write them", () => {
  expect(fromBase64url(PUSH_KEY)).toHaveLength(65);
  expect(toBase64url(fromBase64url(PUSH_KEY))).toBe(PUSH_KEY);
  expect(toBase64url(new Uint8Array([251, 255, 254]))).toBe("-__-");
});

test.each([
  [AGENT, "Firefox, Android"],
  [
    "Mozilla/5.0 (Windows NT 10.0; Win64) AppleWebKit Chrome/150 Safari/537 Edg/150",
    "Edge, Windows",
  ],
  ["Mozilla/5.0 (iPhone; CPU iPhone OS 26 like Mac OS X) CriOS/150 Safari/605", "Chrome, iOS"],
  ["Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15) Version/26 Safari/605", "Safari, macOS"],
  ["Mozilla/5.0 (X11; Linux x86_64) Chrome/150 Safari/537", "Chrome, Linux"],
  ["curl", "Web"],
])("a device is called by its browser and system: %s", (agent, name) => {
  expect(deviceName(agent)).toBe(name);
});
