import { expect, test } from "vitest";

import { offer } from "../mock/book.ts";
import { compareDecimals, isWithin } from "./decimals.ts";

test.each([
  ["1", "1.000", 0],
  ["0.1", "0.09999999999999999999999999", 1],
  ["9", "10", -1],
  ["12345678901234567890.1", "12345678901234567890.2", -1],
])("%s against %s", (one, other, result) => {
  expect(compareDecimals(one, other)).toBe(result);
});

test("limits are of the unit that the offer has them in, and what remains is one", () => {
  const sum = (amount: string, fiat_amount: string) => ({ amount, fiat_amount });
  const money = offer({ remaining_amount: "60.00" });
  expect(isWithin(money, sum("9", "50"))).toBe(true);
  expect(isWithin(money, sum("9", "49.99"))).toBe(false);
  expect(isWithin(money, sum("9", "60.01"))).toBe(false);
  const coins = offer({ amount_unit: "asset", min_amount: "0.1", max_amount: "2" });
  expect(isWithin(coins, sum("0.1", "1"))).toBe(true);
  expect(isWithin(coins, sum("2.000000000000000001", "60"))).toBe(false);
});
