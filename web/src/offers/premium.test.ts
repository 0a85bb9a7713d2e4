import { expect, test } from "vitest";

import { againstMarket } from "./premium.ts";

test.each([
  [-170, "buy", "below", "better"],
  [-170, "sell", "below", "worse"],
  [230, "buy", "above", "worse"],
  [230, "sell", "above", "better"],
] as const)("a premium of %i is for who would %s: %s, %s", (bps, viewer, side, standing) => {
  expect(againstMarket(bps, viewer)).toEqual({ side, bps: Math.abs(bps), standing });
});

test("no premium is neither good nor bad", () => {
  expect(againstMarket(0, "buy")).toEqual({ side: "at", bps: 0, standing: "same" });
});
