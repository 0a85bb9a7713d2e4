import { expect, test } from "vitest";

import { isUnchecked, recipientFault, recipientOf } from "./recipient.ts";

const OWN = "0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf";
const OTHER = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8";
const ESCROW = "0x5FbDB2315678afecb367f032d93F642f64180aa3";

test.each([
  [OTHER, null],
  [OTHER.toLowerCase(), null],
  [OTHER.replace("C8", "c8"), "check"],
  [OTHER.slice(0, -1), "form"],
  [` ${OTHER}`, "form"],
  ["rosa.eth", "form"],
  [OWN, "self"],
  [OWN.toLowerCase(), "self"],
  [ESCROW, "contract"],
  [`0x${"0".repeat(40)}`, "nobody"],
])("%s: %s", (typed, fault) => {
  expect(recipientFault(typed, OWN, [ESCROW])).toBe(fault);
});

test("an address without capital letters has no check digits", () => {
  expect(isUnchecked(OTHER.toLowerCase())).toBe(true);
  expect(isUnchecked(OTHER)).toBe(false);
  expect(recipientOf(OTHER.toLowerCase())).toBe(OTHER);
});
