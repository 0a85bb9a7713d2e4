import { expect, test } from "vitest";

import { exchange } from "../../mock/book.ts";
import { bpsOf, emptyDraft, percentOf } from "./draft.ts";
import { floatingPrice, neededFor, premiumBps, priceOf } from "./preview.ts";

const draft = emptyDraft({ direction: "sell", asset: "ETH", currency: "EUR" });

/** As `tradepost.kernel.pricing.floating` gives them. */
test.each([
  ["sell", "2500", 150, null, "2537.5"],
  ["sell", "2500", -150, "2480", "2480"],
  ["buy", "2500", 150, "2520", "2520"],
  ["buy", "2500", -150, "2480", "2462.5"],
  ["sell", "2501.23456", 1, null, "2501.4847"],
  ["buy", "2501.23456", 1, null, "2501.4846"],
  ["sell", "0.00012345678", 33, null, "0.00012386419"],
  ["buy", "100", -10_000, null, null],
  ["sell", "100", -10_000, "90", "90"],
  ["sell", "123456789012", 1, null, "123469134691"],
] as const)("to %s at %s and %i bps, held at %s", (direction, market, bps, limit, price) => {
  expect(floatingPrice(direction, market, bps, limit)).toBe(price);
});

test.each([
  ["2537.5", "2500", 150],
  ["2462.5", "2500", -150],
  ["2500", "2500.0", 0],
  ["2500.15", "2500", 1],
  ["2499.85", "2500", -1],
])("%s against %s", (price, market, bps) => {
  expect(premiumBps(price, market)).toBe(bps);
});

test.each([
  ["1.5", 150],
  ["-2", -200],
  ["−0,25 %", -25],
  ["+3", 300],
  ["0", 0],
  ["", null],
  ["1.555", null],
  ["abc", null],
])("%j percent", (typed, bps) => {
  expect(bpsOf(typed)).toBe(bps);
  expect(bps === null || bpsOf(percentOf(bps)) === bps).toBe(true);
});

test("a draft has a price once it says one, and the market has one to follow", () => {
  expect(priceOf(draft, "2500")).toBeNull();
  expect(priceOf({ ...draft, margin: "1.5" }, "2500")).toBe("2537.5");
  expect(priceOf({ ...draft, margin: "1.5" }, null)).toBeNull();
  expect(priceOf({ ...draft, margin: "1.5", limit: "x" }, "2500")).toBeNull();
  expect(priceOf({ ...draft, pricing: "fixed", price: "2600,50" }, null)).toBe("2600.50");
});

test("what a seller locks is the coins and the fee, rounded down", () => {
  const coins = { ...draft, unit: "asset" as const };
  expect(neededFor("2", coins, null, exchange)).toEqual({ coins: "2", fee: "0.01", both: "2.01" });
  expect(neededFor("250", draft, "2500", exchange)).toEqual({
    coins: "0.1",
    fee: "0.0005",
    both: "0.1005",
  });
  expect(neededFor("100", draft, "3", exchange)?.coins).toBe("33.333333333333333333");
  expect(neededFor("250", draft, null, exchange)).toBeNull();
});
