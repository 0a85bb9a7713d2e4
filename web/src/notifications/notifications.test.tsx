import { act, fireEvent, screen, waitFor, within } from "@testing-library/react";
import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { account, event, events, eventsOf, session, trade, TRADE_ID } from "../mock/account.ts";
import { MockEventSource, problem } from "../mock/api.ts";
import { NOW } from "../mock/book.ts";
import { openPage } from "../mock/open.tsx";
import { findNewest } from "./events.ts";
import { seenOf } from "./seen.ts";
import { meaningOf, placeOf } from "./words.ts";

beforeEach(() => {
  vi.useFakeTimers({ now: new Date(NOW), shouldAdvanceTime: true });
});

afterEach(() => {
  vi.useRealTimers();
});

/** The trade that the events are about. */
const TRADES = { "/v1/trades/:id": () => trade() };
const SEEN = `tradepost.seen.${account.id}`;
const upTo = (seq: number) => ({ [SEEN]: JSON.stringify({ upTo: seq, trades: {} }) });
const stream = async () =>
  waitFor(() => {
    const found = MockEventSource.opened.find(({ url }) => url.includes("ticket="));
    if (found === undefined) {
      throw new Error("The account's stream is not open.");
    }
    return found;
  });

test("the list tells each event in words, the newest first, with what it is about", async () => {
  await openPage("/notifications", TRADES, session);
  const rows = await screen.findAllByRole("listitem");
  expect(rows.map((row) => row.textContent)).toEqual([
    expect.stringMatching(/The coins are locked: you can pay now.*Buy 0\.1 ETH for EUR.250\.00/),
    expect.stringMatching(/You opened a trade/),
  ]);
  const link = within(rows[0] as HTMLElement).getByRole("link");
  expect(link.getAttribute("href")).toBe(`/trades/${TRADE_ID}`);
});

test("the bell counts what others did and this device has not shown, until the list was seen", async () => {
  await openPage("/settings/node", TRADES, session, upTo(0));
  const bell = await screen.findByRole("link", { name: /Notifications 1 is new/ });
  expect(document.title).toBe("(1) Your own node · Tradepost");
  fireEvent.click(bell);
  const rows = await screen.findAllByRole("listitem");
  expect(rows[0]?.textContent).toContain("New");
  expect(rows[1]?.textContent).not.toContain("New");
  await waitFor(() => expect(document.title).toBe("Notifications · Tradepost"));
  expect(seenOf(account.id)).toEqual({ upTo: 2, trades: {} });
});

test("a device that is new to the account begins without news", async () => {
  await openPage("/settings", {}, session);
  await waitFor(() => expect(seenOf(account.id).upTo).toBe(2));
  expect(await screen.findByRole("link", { name: "Notifications" })).toBeTruthy();
  expect(document.title).toBe("Settings · Tradepost");
});

test("who is not signed in has no bell, and is told how to get one", async () => {
  await openPage("/notifications");
  expect(await screen.findByRole("link", { name: "Sign in" })).toBeTruthy();
  expect(MockEventSource.opened).toHaveLength(0);
});

test("what happens is told at once, takes no focus, and can be dismissed", async () => {
  const happened = [...events];
  const asked = { ...TRADES, "/v1/account/events": eventsOf(happened) };
  await openPage("/settings", asked, session, upTo(2));
  const source = await stream();
  await screen.findByRole("link", { name: "Notifications" });
  await vi.advanceTimersByTimeAsync(300);
  const focused = document.activeElement;
  const release = { trade_id: TRADE_ID, state: "releasing", event: "release" };
  happened.push(event(3, "trade.advanced", release));
  act(() => source.says("event", { event: happened.at(-1) }, "trades=3"));
  const words = await screen.findByText(/The seller has released the coins/);
  expect(words.closest("[role=status]")).toBeTruthy();
  expect(document.activeElement).toBe(focused);
  expect(screen.getByRole("link", { name: "Look at it" }).getAttribute("href")).toBe(
    `/trades/${TRADE_ID}`,
  );
  fireEvent.click(screen.getByRole("button", { name: "Dismiss" }));
  expect(screen.queryByText(/The seller has released the coins/)).toBeNull();
  expect(await screen.findByRole("link", { name: /1 is new/ })).toBeTruthy();
});

test("what happens to the trade that is looked at is no news", async () => {
  await openPage(`/trades/${TRADE_ID}`, TRADES, session, upTo(1));
  await waitFor(() => expect(seenOf(account.id)).toEqual({ upTo: 1, trades: { [TRADE_ID]: 2 } }));
  expect(await screen.findByRole("link", { name: "Notifications" })).toBeTruthy();
});

test("an empty list says what will be there, a failure is tried again", async () => {
  let failing = true;
  await openPage(
    "/notifications",
    {
      "/v1/account/events": (asked) => {
        if (failing) {
          throw problem("not-found", 404, "It failed.");
        }
        return eventsOf([])(asked);
      },
    },
    session,
  );
  const alert = await screen.findByRole("alert");
  failing = false;
  fireEvent.click(within(alert).getByRole("button", { name: "Try again" }));
  expect(await screen.findByText(/Nothing has happened yet/)).toBeTruthy();
});

test("a long list goes on where it ended", async () => {
  const many = Array.from({ length: 25 }, (_, place) => event(place + 1, "offer.created"));
  await openPage("/notifications", { "/v1/account/events": eventsOf(many) }, session);
  expect(await screen.findAllByRole("listitem")).toHaveLength(20);
  fireEvent.click(screen.getByRole("button", { name: "Show what was before" }));
  await waitFor(() => expect(screen.getAllByRole("listitem")).toHaveLength(25));
  expect(screen.queryByRole("button", { name: "Show what was before" })).toBeNull();
});

test.each([0, 1, 99, 100, 101, 399, 5_000])(
  "the newest of %i events is found with few questions",
  async (last) => {
    const many = Array.from({ length: last }, (_, place) => event(place + 1, "offer.created"));
    let questions = 0;
    await openPage("/nowhere", {
      "/v1/account/events": (asked) => {
        questions += 1;
        return eventsOf(many)(asked);
      },
    });
    expect(await findNewest(0)).toBe(last);
    expect(await findNewest(last)).toBe(last);
    expect(await findNewest(last + 7)).toBe(last); // the exchange was brought back to before
    expect(questions).toBeLessThan(50);
  },
);

test("each side is told in its own words, and what it did itself is no news", () => {
  const released = event(1, "trade.advanced", { state: "releasing", event: "release" });
  const buyer = trade();
  const seller = trade({ viewer: { ...buyer.viewer, role: "seller" } });
  expect(meaningOf(released, buyer).quiet).toBe(false);
  expect(meaningOf(released, seller).quiet).toBe(true);
  expect(meaningOf(event(1, "trade.opened"), buyer).quiet).toBe(true);
  expect(meaningOf(event(1, "trade.opened"), seller).quiet).toBe(false);
  const shared = event(1, "trade.settlement_signed", { party: "buyer" });
  expect([meaningOf(shared, buyer).quiet, meaningOf(shared, seller).quiet]).toEqual([true, false]);
  const late = event(1, "trade.advanced", { state: "refunding", event: "escrow_locked" });
  expect(meaningOf(late, buyer).words).not.toEqual(
    meaningOf(event(1, "trade.advanced", { state: "escrowed", event: "escrow_locked" }), buyer)
      .words,
  );
});

test("an event leads to what it is about, whatever the exchange writes into it", () => {
  expect(placeOf(event(1, "saved.search_matched", { offer_id: "o" }))).toBe("/offers/o");
  expect(placeOf(event(1, "trade.opened", { trade_id: "../../evil?" }))).toBe(
    "/trades/..%2F..%2Fevil%3F",
  );
  expect(placeOf(event(1, "offer.paused", { offer_id: "o" }))).toBe("/my/offers");
  expect(placeOf(event(1, "what.else"))).toBe("/notifications");
});
