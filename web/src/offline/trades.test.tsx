import { onlineManager } from "@tanstack/react-query";
import { screen } from "@testing-library/react";
import { afterEach, expect, test, vi } from "vitest";

import { exchange, NOW } from "../mock/book.ts";
import { openPage } from "../mock/open.tsx";
import { idOf, trade, trader } from "../mock/trades.ts";

const READ_AT = Date.parse(NOW);

/** What the device kept of one trade when it had a network. */
const kept = () => {
  const one = trade("escrowed", "buyer");
  const page = { data: [one], next_cursor: null };
  const all = [
    { key: ["exchange"], data: exchange, at: READ_AT },
    { key: ["account", "trades"], data: { pages: [page], pageParams: [null] }, at: READ_AT },
    { key: ["account", "trade", one.id], data: one, at: READ_AT },
  ];
  return { "tradepost.trades": JSON.stringify({ owner: trader.account.id, kept: all }) };
};

afterEach(() => {
  onlineManager.setOnline(true);
  vi.useRealTimers();
});

test.each(["/trades", `/trades/${idOf("escrowed", "buyer")}`])(
  "without a network %s shows what was read last, of when it is, and nothing to do",
  async (path) => {
    vi.useFakeTimers({ now: READ_AT + 60_000, shouldAdvanceTime: true });
    onlineManager.setOnline(false);
    await openPage(path, {}, trader, kept());
    expect(await screen.findByText(/exchange is out of reach/)).toBeTruthy();
    expect(screen.getAllByText(/ETH/).length).toBeGreaterThan(0);
    expect(screen.queryByRole("button", { name: /paid/i })).toBeNull();
  },
);
