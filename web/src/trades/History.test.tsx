import { fireEvent, screen } from "@testing-library/react";
import { expect, test, vi } from "vitest";

import type { Schema } from "../api/client.ts";
import { speak } from "../language/load.ts";
import { seenOf } from "../mock/tradeSigner.ts";
import { history, trade } from "../mock/trades.ts";
import type { Trade } from "../trading/trader.ts";
import { openTrade } from "../mock/openTrade.tsx";

vi.mock("../trading/seeEscrow.ts", () => ({
  seeEscrow: (shown: Trade) => Promise.resolve(seenOf(shown)),
}));

type State = Schema["TradeState"];
type Entry = Schema["HistoryEntryBody"];

const AT = "2026-11-24T04:50:00Z";
const step = (from: State, to: State, event: string, by: Entry["by"]): Entry => ({
  at: AT,
  from,
  to,
  event,
  by,
});
const refunded = step("refunding", "refunded", "escrow_refunded", null);

test.each<[State, "buyer" | "seller", Entry[], RegExp]>([
  ["expired", "buyer", [step("awaiting_escrow", "expired", "expire", null)], /^rosa did not lock/],
  ["expired", "seller", [step("awaiting_escrow", "expired", "expire", null)], /^You did not lock/],
  [
    "cancelled",
    "buyer",
    [step("awaiting_escrow", "cancelled", "cancel", "buyer")],
    /^You cancelled/,
  ],
  [
    "cancelled",
    "seller",
    [step("awaiting_escrow", "cancelled", "cancel", "buyer")],
    /^bruno cancelled/,
  ],
  [
    "refunded",
    "seller",
    [step("escrowed", "refunding", "refund", "buyer"), refunded],
    /^bruno gave the coins back/,
  ],
  [
    "refunded",
    "buyer",
    [step("escrowed", "refunding", "cancel_escrow", "seller"), refunded],
    /^rosa asked for the coins back, since/,
  ],
  [
    "refunded",
    "seller",
    [
      step("awaiting_escrow", "expired", "expire", null),
      step("expired", "refunding", "escrow_locked", null),
      refunded,
    ],
    /locked after the trade had ended/,
  ],
  [
    "completed",
    "buyer",
    [
      step("payment_sent", "releasing", "release", "seller"),
      step("releasing", "completed", "escrow_released", null),
    ],
    /^rosa released the coins/,
  ],
  [
    "resolved",
    "buyer",
    [
      step("disputed", "splitting", "settle", "arbitrator"),
      step("splitting", "resolved", "escrow_split", null),
    ],
    /^The arbitrator and one of the traders/,
  ],
])("of %s, seen by the %s, it says who caused it", async (state, role, steps, words) => {
  await openTrade(trade(state, role), {
    "/v1/trades/:id/history": () => ({
      data: [...history.slice(0, 1), ...steps],
      next_cursor: null,
    }),
  });
  expect(
    await screen.findByText(
      (_, element) => element?.tagName === "P" && words.test(element.textContent),
    ),
  ).toBeTruthy();
  if (state !== "expired" && state !== "cancelled") {
    expect(screen.getByText(`0x${"e1".repeat(32)}`)).toBeTruthy();
  }
});

test("what has happened is read when it is opened", async () => {
  await openTrade(trade("payment_sent", "buyer"));
  const details = (await screen.findByText("What has happened")).closest("details");
  expect(screen.queryByText("The offer was taken")).toBeNull();
  if (details) {
    details.open = true;
    fireEvent(details, new Event("toggle"));
  }
  expect(await screen.findByText(/The offer was taken/)).toBeTruthy();
  expect(screen.getByText(/The payment was said to be sent/).textContent).toMatch(/by the buyer$/);
});

test("from right to left, names and codes keep their own direction", async () => {
  const arabic = trade("payment_sent", "seller");
  await openTrade({ ...arabic, buyer: { ...arabic.buyer, name: "ليلى" } });
  await speak("ar");
  expect(document.documentElement.dir).toBe("rtl");
  expect(screen.getAllByText("ليلى").every((name) => name.closest("bdi") !== null)).toBe(true);
  for (const code of [arabic.escrow.contract, arabic.buyer.wallet]) {
    expect(screen.getByText(code).tagName).toBe("BDI");
  }
});
