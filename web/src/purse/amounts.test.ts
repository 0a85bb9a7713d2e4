import { expect, test } from "vitest";

import { fromMinor, toMinor } from "./amounts.ts";

test.each([
  ["1", 18, 10n ** 18n],
  ["0.000000000000000001", 18, 1n],
  ["2500.5", 6, 2_500_500_000n],
  ["007", 0, 7n],
  ["123456789012345678901234567890", 18, 123456789012345678901234567890n * 10n ** 18n],
])("%s of a coin with %i digits", (typed, decimals, minor) => {
  expect(toMinor(typed, decimals)).toBe(minor);
});

test.each(["", "1,5", "-1", "1e3", ".5", "1.", "0.0000001", " 1", "0x1", "1.2.3"])(
  "%j is no amount of a coin with six digits",
  (typed) => {
    expect(toMinor(typed, 6)).toBeNull();
  },
);

test.each([
  [0n, 18, "0"],
  [1n, 18, "0.000000000000000001"],
  [10n ** 18n, 18, "1"],
  [2_500_500_000n, 6, "2500.5"],
  [42n, 0, "42"],
])("%i is written as a decimal", (minor, decimals, text) => {
  expect(fromMinor(minor, decimals)).toBe(text);
});
