import type { Address } from "viem";
import { beforeEach, expect, test, vi } from "vitest";

import { asTaker, type KnownTrade } from "../verify/agreement.ts";
import { readExchange, readOffer, readQuote, readTrade } from "../verify/shown.ts";
import { offerToldSo, quoteToldSo, stage, tradeToldSo } from "../verify/stage.ts";
import { checkTrade } from "../verify/trade.ts";
import { Notebook } from "./notebook.ts";

const WALLET = stage.buyer.address as Address;

function known(): KnownTrade {
  const own = { wallet: WALLET, key: stage.trade.buyer.encryption_key, depth: 2 };
  const exchange = readExchange(stage.exchange);
  const quote = readQuote(quoteToldSo());
  const agreement = asTaker(readOffer(offerToldSo()), exchange, quote, "sepa", own);
  return checkTrade(readTrade(tradeToldSo()), agreement);
}

const damaged = expect.objectContaining({ kind: "NoteDamaged" });
const book = () => new Notebook(WALLET);

beforeEach(() => localStorage.clear());

test("notes are kept exactly", () => {
  book().keepTrade(known());
  book().keepOffer(known().agreement);
  book().keepTaking(known().agreement);
  expect(book().trade(known().id)).toEqual(known());
  expect(book().offer(stage.offer.id)).toEqual(known().agreement);
  expect(book().taking(known().buyerKey)).toEqual(known().agreement);
  expect(book().trade(stage.other_trade)).toBeNull();
});

test("each wallet has its own", () => {
  book().keepTrade(known());
  expect(new Notebook(stage.seller.address as Address).trade(known().id)).toBeNull();
});

test("an escrow is for one trade", () => {
  book().keepTrade(known());
  book().keepTrade(known());
  const second = { ...known(), id: stage.other_trade };
  expect(() => book().keepTrade(second)).toThrow(expect.objectContaining({ kind: "EscrowReused" }));
  expect(book().trade(second.id)).toBeNull();
  const other = { ...second, escrowId: `0x${"5e".repeat(32)}` as const };
  book().keepTrade(other);
  expect(book().trade(second.id)).toEqual(other);
});

const trades = () => Object.keys(localStorage).find((key) => key.includes(".trades."))!;

test.each([
  ["", ""],
  ['"side":"buyer"', '"side":"judge"'],
  ['"amount":"100000000"', '"amount":"-1"'],
  ['"decimals":6', '"decimals":"6"'],
  ['"paymentMethods":["sepa"]', '"paymentMethods":{"__proto__":null}'],
  ['"words":"Own account only."', '"words":7'],
])("a damaged note is not passed over: %s", (before, after) => {
  book().keepTrade(known());
  const text = localStorage.getItem(trades())!;
  localStorage.setItem(trades(), before === "" ? text.slice(0, -9) : text.replace(before, after));
  expect(() => book().trade(known().id)).toThrow(damaged);
});

test("a note under another's name is not believed", () => {
  book().keepTrade(known());
  const text = localStorage.getItem(trades())!;
  localStorage.setItem(trades().replace(known().id, stage.other_trade), text);
  expect(() => book().trade(stage.other_trade)).toThrow(damaged);
});

test.each(["../x", "", "a/b", "A", "a".repeat(65), "__proto__"])(
  "an id leads nowhere: %s",
  (id) => {
    expect(() => book().trade(id)).toThrow(damaged);
  },
);

test("only so many are kept, the newest", () => {
  vi.useFakeTimers();
  const idOf = (at: number) => `0193579a-0000-7f13-b6d8-${String(at).padStart(12, "0")}`;
  for (let at = 0; at < 210; at += 1) {
    vi.setSystemTime(at);
    book().keepOffer({ ...known().agreement, offerId: idOf(at) });
  }
  vi.useRealTimers();
  expect(Object.keys(localStorage)).toHaveLength(200);
  expect(book().offer(idOf(209))).not.toBeNull();
  expect(book().offer(idOf(0))).toBeNull();
});

test("a browser that keeps nothing remembers while the page lives", () => {
  vi.spyOn(Storage.prototype, "setItem").mockImplementation(() => {
    throw new DOMException("It is full.", "QuotaExceededError");
  });
  const mine = book();
  mine.keepTrade(known());
  expect(mine.trade(known().id)).toEqual(known());
  expect(book().trade(known().id)).toBeNull();
});
