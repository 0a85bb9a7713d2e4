import { expect, test } from "vitest";

import { event } from "../mock/account.ts";
import { affected } from "./affected.ts";

test("an event of a trade concerns it, the lists, and what it takes from", () => {
  expect(affected(event(1, "trade.advanced", { trade_id: "t" }))).toEqual([
    ["account", "events"],
    ["account", "trades"],
    ["account", "trade", "t"],
    ["account", "offers"],
    ["account", "balances"],
  ]);
});

test.each([
  ["offer.paused", "offers"],
  ["confirmation.requested", "confirmations"],
  ["webhook.disabled", "webhooks"],
])("%s concerns %s", (type, key) => {
  expect(affected(event(1, type))).toEqual([
    ["account", "events"],
    ["account", key],
  ]);
});

test.each([null, {}, { type: 7 }, event(1, "sandbox.clock_moved"), event(1, "what.else")])(
  "what is not known may concern everything: %j",
  (strange) => expect(affected(strange)).toEqual([["account"]]),
);
