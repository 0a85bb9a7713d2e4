import { expect, test } from "vitest";

import { depth } from "../mock/book.ts";
import { plotted, steps } from "./levels.ts";

test("amounts add up outward from the best price", () => {
  expect(steps(depth.asks, "premium", "asks")).toEqual([
    { at: -1.5, amount: 2, offers: 1 },
    { at: 2, amount: 3.75, offers: 2 },
    { at: 2.5, amount: 3.75, offers: 2 },
  ]);
  expect(steps(depth.bids, "premium", "bids").map((step) => step.at)).toEqual([-1.5, -2]);
});

test("without a market the places are prices", () => {
  const side = {
    levels: [{ from_bps: null, to_bps: null, price: "2510", amount: "1", offers: 1 }],
    complete: true,
  };
  expect(steps(side, "price", "asks")[0]?.at).toBe(2510);
});

test("both sides are drawn over the same places, in order", () => {
  const bids = [{ at: -2, amount: 3, offers: 1 }];
  const asks = [
    { at: -1, amount: 2, offers: 1 },
    { at: 1, amount: 4, offers: 2 },
  ];
  expect(plotted(bids, asks)).toEqual([
    [-2, -1, 1],
    [3, null, null],
    [null, 2, 4],
  ]);
});
