import { expect, test } from "vitest";

import { exchange, market } from "../mock/book.ts";
import { choosePair, isAmount, readSearch, typedAmount } from "./search.ts";

test("an address is read as it was written", () => {
  const search = {
    direction: "sell",
    asset: "ETH",
    currency: "EUR",
    amount: "250.5",
    unit: "asset",
    method: "sepa_instant",
    funded: true,
    online: true,
  };
  const written = Object.fromEntries(Object.entries(search).map(([k, v]) => [k, String(v)]));
  expect(readSearch(written)).toEqual(search);
});

test.each([
  { direction: "steal" },
  { asset: "<b>" },
  { currency: "EURO" },
  { amount: "1e9" },
  { amount: "-1" },
  { method: "../../etc" },
  { funded: "1" },
  { amount: ["1"] },
])("what is no part of a search is left out: %o", (raw) => {
  expect(readSearch(raw)).toEqual({});
});

test.each([
  ["250", "250"],
  ["0,25", "0.25"],
  ["1 250,50", "1250.50"],
  ["250.", "250"],
])("%s is typed for %s", (typed, amount) => {
  expect(typedAmount(typed)).toBe(amount);
  expect(isAmount(amount)).toBe(true);
});

test.each(["0", "0.00", "abc", "1.2.3", "--", ""])("%s is no amount", (text) => {
  expect(isAmount(typedAmount(text))).toBe(false);
});

test("the pair is the address's, else the last, else the liveliest; never one not traded", () => {
  const yen = { ...market, asset: "USDT", currency: "JPY", sell_offers: 90 };
  const choose = (search: object, last: string | null) =>
    choosePair(search, last, exchange, [market, yen]);
  expect(choose({ asset: "ETH", currency: "USD" }, "USDT-JPY")).toEqual({
    asset: "ETH",
    currency: "USD",
  });
  expect(choose({}, "ETH-USD")).toEqual({ asset: "ETH", currency: "USD" });
  expect(choose({}, null)).toEqual({ asset: "USDT", currency: "JPY" });
  expect(choose({ asset: "DOGE" }, "XXX-YYY")).toEqual({ asset: "USDT", currency: "JPY" });
});
