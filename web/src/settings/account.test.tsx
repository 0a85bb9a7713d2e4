import { fireEvent, screen, waitFor, within } from "@testing-library/react";
import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { session, trade } from "../mock/account.ts";
import { problem, type Asked } from "../mock/api.ts";
import { NOW } from "../mock/book.ts";
import { openPage } from "../mock/open.tsx";
import { DELIVERY_ID, tokens, webhook } from "../mock/settings.ts";

beforeEach(() => {
  vi.useFakeTimers({ now: new Date(NOW), shouldAdvanceTime: true });
});

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

const press = (name: string) => fireEvent.click(screen.getByRole("button", { name }));

test("the settings lead to the parts of the account only who is signed in", async () => {
  await openPage("/settings");
  expect(await screen.findByRole("link", { name: /^Your own node/ })).toBeTruthy();
  expect(screen.queryByRole("link", { name: /^Sessions and tokens/ })).toBeNull();
  await openPage("/settings", {}, session);
  expect(await screen.findByRole("link", { name: /^Sessions and tokens/ })).toBeTruthy();
  expect(screen.getByRole("link", { name: /^Payment accounts/ }).getAttribute("href")).toBe(
    "/settings/payment-accounts",
  );
});

test("tokens say what they may do, this device is marked, and only others can be revoked", async () => {
  let left = tokens;
  await openPage(
    "/settings/tokens",
    {
      "/v1/tokens": () => ({ data: left }),
      "DELETE /v1/tokens/:id": ({ id }) => {
        left = left.filter((token) => token.id !== id);
      },
    },
    session,
  );
  const [device, bot] = await screen.findAllByRole("listitem");
  expect(device?.textContent).toMatch(/This device.*May do everything that you may/);
  expect(within(device as HTMLElement).queryByRole("button")).toBeNull();
  expect(bot?.textContent).toMatch(/price bot.*Never used.*Publish and change offers/);
  press("Revoke");
  expect(document.activeElement).toBe(screen.getByRole("button", { name: "Leave it" }));
  press("Leave it");
  expect(left).toHaveLength(2);
  press("Revoke");
  press("Revoke");
  await waitFor(() => expect(screen.queryByText("price bot")).toBeNull());
});

test("a new token is shown once, and one intent has one key over its retries", async () => {
  const asked: Asked[] = [];
  await openPage(
    "/settings/tokens",
    {
      "POST /v1/tokens": (one) => {
        asked.push(one);
        if (asked.length === 1) {
          throw problem("too-many-tokens", 409, "You have as many tokens as one can have.");
        }
        return { token: "tp_secret" };
      },
    },
    session,
  );
  await screen.findAllByRole("listitem");
  const make = screen.getByRole("button", { name: "Make it", hidden: true });
  expect(make).toHaveProperty("disabled", true);
  fireEvent.change(screen.getByLabelText("What it is for"), { target: { value: " my agent " } });
  fireEvent.click(screen.getByText("Only what an agent needs: to look, and to ask you"));
  fireEvent.click(make);
  expect((await screen.findByRole("alert")).textContent).toContain("as many tokens");
  fireEvent.click(make);
  expect(await screen.findByText("tp_secret")).toBeTruthy();
  expect(asked[0]?.body).toEqual({
    label: "my agent",
    scopes: ["offers:read", "trades:read", "confirmations:read", "confirmations:ask"],
    expires_in_s: 7 * 86_400,
  });
  const [first, second] = asked.map(({ headers }) => headers.get("Idempotency-Key"));
  expect(first).toBe(second);
  press("I have it");
  expect(screen.queryByText("tp_secret")).toBeNull();
});

test("a webhook is named, and its secret is shown once", async () => {
  const body = vi.fn();
  await openPage(
    "/settings/webhooks",
    {
      "/v1/webhooks": () => ({ data: [] }),
      "POST /v1/webhooks": (asked) => {
        body(asked.body);
        return { ...webhook(), secret: "whsec_new" };
      },
    },
    session,
  );
  expect(await screen.findByText(/There is none yet/)).toBeTruthy();
  fireEvent.change(screen.getByLabelText("Address, beginning with https"), {
    target: { value: "https://shop.example/in" },
  });
  fireEvent.click(screen.getByLabelText("Everything that happens to your account"));
  expect(screen.getByRole("button", { name: "Name it", hidden: true })).toHaveProperty(
    "disabled",
    true,
  );
  fireEvent.click(screen.getByLabelText("Your trades"));
  fireEvent.click(screen.getByRole("button", { name: "Name it", hidden: true }));
  expect(await screen.findByText("whsec_new")).toBeTruthy();
  expect(body).toHaveBeenCalledWith({
    url: "https://shop.example/in",
    description: "",
    events: ["trade.*"],
  });
});

test("a webhook is changed as it was seen, disabled, rotated, tested and forgotten", async () => {
  const asked: [string, unknown, string | null][] = [];
  const note = (name: string) => (one: Asked) => {
    asked.push([name, one.body, one.headers.get("If-Match")]);
    return name === "rotate" ? { ...webhook(), secret: "whsec_rotated" } : webhook();
  };
  await openPage(
    "/settings/webhooks",
    {
      "PATCH /v1/webhooks/:id": note("edit"),
      "POST /v1/webhooks/:id/secret": note("rotate"),
      "POST /v1/webhooks/:id/test": note("test"),
      "DELETE /v1/webhooks/:id": note("forget"),
    },
    session,
  );
  expect(await screen.findByText("https://shop.example/tradepost")).toBeTruthy();
  press("Disable");
  await waitFor(() => expect(asked).toEqual([["edit", { enabled: false }, '"3"']]));
  await waitFor(() =>
    expect(screen.getByRole("button", { name: "Send a test" })).toHaveProperty("disabled", false),
  );
  press("Send a test");
  expect(await screen.findByText("trade.opened")).toBeTruthy(); // the log opens
  press("The secret has leaked");
  press("The secret has leaked");
  expect(await screen.findByText("whsec_rotated")).toBeTruthy();
  press("Forget it");
  press("Forget it");
  await waitFor(() =>
    expect(asked.slice(1).map(([name, body]) => [name, body])).toEqual([
      ["test", null],
      ["rotate", { overlap_s: 0 }],
      ["forget", null],
    ]),
  );
});

test("the log says how each try went, and a message can be sent again", async () => {
  const replayed = vi.fn();
  await openPage(
    "/settings/webhooks",
    { "POST /v1/webhooks/:id/deliveries/:id/replay": ({ id }) => void replayed(id) },
    session,
  );
  await screen.findByText("https://shop.example/tradepost");
  press("Messages");
  const tries = (await screen.findByText("Answered with", { exact: false })).closest("ol");
  expect(tries?.textContent).toMatch(/Answered with 503.*No answer within 15 seconds/);
  press("Send again");
  await waitFor(() => expect(replayed).toHaveBeenCalledWith(DELIVERY_ID));
});

test("a disabled webhook says why, and is sent nothing until it is enabled", async () => {
  const disabled = webhook({ enabled: false, disabled_reason: "secrets_lost" });
  await openPage("/settings/webhooks", { "/v1/webhooks": () => ({ data: [disabled] }) }, session);
  expect(await screen.findByText(/the exchange lost its secret/)).toBeTruthy();
  expect(screen.queryByRole("button", { name: "Send a test" })).toBeNull();
  expect(screen.getByRole("button", { name: "Enable" })).toBeTruthy();
});

test("a search is saved from the reader's side, and removed", async () => {
  const saved = vi.fn();
  await openPage(
    "/settings/searches",
    {
      "POST /v1/saved-searches": ({ body }) => {
        saved(body);
        return {};
      },
    },
    session,
  );
  const row = (await screen.findByText("cheap ether")).closest("li");
  expect(row?.textContent).toMatch(/You would buy.*ETH.*EUR.250\.00/);
  fireEvent.change(screen.getByLabelText("What you call it"), { target: { value: "mine" } });
  const amount = screen.getByLabelText("Amount of money, if you like");
  fireEvent.change(amount, { target: { value: "1e5" } });
  expect(screen.getByText("Write a number, as 250 or 0.25.")).toBeTruthy();
  fireEvent.change(amount, { target: { value: "100,5" } });
  fireEvent.click(screen.getByRole("button", { name: "Save", hidden: true }));
  await waitFor(() =>
    expect(saved).toHaveBeenCalledWith({
      name: "mine",
      direction: "sell",
      asset: "ETH",
      currency: "EUR",
      fiat_amount: "100.5",
    }),
  );
});

test("somebody with whom one has traded can be trusted, and nobody twice", async () => {
  let trusted: { id: string; name: string | null }[] = [];
  const seller = trade().seller;
  await openPage(
    "/settings/partners",
    {
      "/v1/trades": () => ({ data: [trade(), trade()], next_cursor: null }),
      "/v1/my/partners": () => ({ data: trusted }),
      "PUT /v1/my/partners/:id": ({ id }) => {
        trusted = [{ id, name: "rosa" }];
      },
    },
    session,
  );
  expect(await screen.findByText(/You trust nobody yet/)).toBeTruthy();
  const met = await screen.findByRole("region", { name: "With whom you have traded" });
  fireEvent.click(within(met).getByRole("button", { name: "Trust" }));
  expect(await screen.findByRole("button", { name: "Remove" })).toBeTruthy();
  expect(trusted[0]?.id).toBe(seller.id);
  expect(screen.queryByRole("region", { name: "With whom you have traded" })).toBeNull();
});

test("the system is asked for notifications by a button only, and told what became of it", async () => {
  const ask = vi.fn(async () => "granted");
  const system = Object.assign(vi.fn(), { permission: "default", requestPermission: ask });
  vi.stubGlobal("Notification", system);
  await openPage("/settings/notifications");
  const show = await screen.findByRole("button", { name: "Show them" });
  expect(ask).not.toHaveBeenCalled();
  ask.mockImplementation(async () => (system.permission = "granted"));
  fireEvent.click(show);
  expect(await screen.findByText("They are shown on this device.")).toBeTruthy();
  press("Show them no more");
  expect(await screen.findByRole("button", { name: "Show them" })).toBeTruthy();
  system.permission = "denied";
  await openPage("/settings/notifications");
  expect(await screen.findByText(/was told to show none/)).toBeTruthy();
  expect(screen.queryByRole("button", { name: "Show them" })).toBeNull();
});
