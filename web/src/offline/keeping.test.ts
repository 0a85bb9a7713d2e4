import { QueryClient } from "@tanstack/react-query";
import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { keepSession } from "../account/session.ts";
import { exchange } from "../mock/book.ts";
import { account, session, trade, TRADE_ID } from "../mock/account.ts";
import { keepTrades, restoreTrades } from "./keeping.ts";

const KEY = "tradepost.trades";
const ONE = ["account", "trade", TRADE_ID];
const LIST = ["account", "trades"];
let leave = () => {};

beforeEach(() => {
  vi.useFakeTimers({ now: new Date("2026-11-24T05:00:00Z") });
  localStorage.clear();
  keepSession(session);
});

afterEach(() => {
  leave();
  vi.useRealTimers();
});

/** Opens a page that reads, and tells what its device keeps. */
function visit(): QueryClient {
  const client = restoreTrades(new QueryClient());
  leave = keepTrades(client);
  return client;
}

const settle = () => vi.advanceTimersByTime(1_000);
const written = () => localStorage.getItem(KEY) ?? "";

test("what was read of trades is there at the next visit, with when it was read", () => {
  const client = visit();
  const readAt = Date.now();
  client.setQueryData(ONE, trade());
  client.setQueryData(LIST, {
    pages: [{ data: [trade()], next_cursor: null }],
    pageParams: [null],
  });
  settle();
  leave();
  vi.advanceTimersByTime(60_000);
  const later = visit();
  expect(later.getQueryData(ONE)).toEqual(trade());
  expect(later.getQueryState(ONE)?.dataUpdatedAt).toBe(readAt);
  expect(later.getQueryData(LIST)).toBeTruthy();
});

test("what the exchange says of itself is kept beside them, as sums need it", () => {
  const client = visit();
  client.setQueryData(["exchange"], exchange);
  settle();
  leave();
  expect(visit().getQueryData(["exchange"])).toEqual(exchange);
});

test("nothing but trades is kept, and of a trade nothing that was opened or looked up", () => {
  const client = visit();
  client.setQueryData(["account", "tokens"], "secret-1");
  client.setQueryData([...ONE, "details"], "secret-2");
  client.setQueryData(["live", "book"], "secret-3");
  client.setQueryData(ONE, trade());
  settle();
  expect(written()).toContain(TRADE_ID);
  expect(written()).not.toContain("secret");
});

test("signing out wipes it, here and in what the page holds", () => {
  const client = visit();
  client.setQueryData(ONE, trade());
  settle();
  client.setQueryData(ONE, trade({ state: "completed" }));
  keepSession(null);
  settle();
  expect(localStorage.getItem(KEY)).toBeNull();
  expect(client.getQueryData(ONE)).toBeUndefined();
});

test("another account is shown nothing of it, even where it was left behind", () => {
  const client = visit();
  client.setQueryData(ONE, trade());
  settle();
  leave();
  localStorage.setItem(
    "tradepost.session",
    JSON.stringify({ ...session, account: { ...account, id: "another" } }),
  );
  expect(visit().getQueryData(ONE)).toBeUndefined();
  expect(localStorage.getItem(KEY)).toBeNull();
});

test("it is bounded, and the newest stay", () => {
  const client = visit();
  for (let number = 0; number < 40; number += 1) {
    vi.advanceTimersByTime(1);
    client.setQueryData(["account", "trade", `t${number}`], trade({ id: `t${number}` }));
  }
  vi.advanceTimersByTime(1);
  client.setQueryData(ONE, trade({ terms: "x".repeat(600_000) }));
  settle();
  const kept = (JSON.parse(written()) as { kept: { key: string[] }[] }).kept;
  expect(kept).toHaveLength(29);
  expect(kept[0]?.key).toEqual(["account", "trade", "t39"]);
  expect(written().length).toBeLessThan(500_000);
});

test.each(["{", "7", '{"owner":1,"kept":"x"}', '{"kept":[{"key":["account","tokens"]}]}'])(
  "what is broken is nothing: %s",
  (text) => {
    localStorage.setItem(KEY, text);
    const client = visit();
    expect(client.getQueryCache().getAll()).toHaveLength(0);
  },
);
