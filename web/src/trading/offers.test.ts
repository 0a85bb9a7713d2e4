import { type Hex, recoverMessageAddress } from "viem";
import { expect, test } from "vitest";

import { keyStatement } from "../sealing/signedKeys.ts";
import { takerContext } from "../sealing/tradeKeys.ts";
import { FLOATING, type Lie, lied, offerToldSo, quoteToldSo, stage } from "../verify/stage.ts";
import {
  OFFERED,
  asked,
  buyer,
  exchange,
  finds,
  node,
  on,
  seller,
  shown,
  signed,
  take,
  TAKING,
} from "./play.ts";
import { type NewOffer } from "./trader.ts";

test("taking proves the wallet, asks at the quoted price, and signs the key", async () => {
  const trade = await take();
  expect(trade.id).toBe(stage.trade.id);
  expect(exchange.wallets).toEqual([stage.buyer.address]);
  const [sent] = exchange.posts("/v1/trades");
  expect(sent).toMatchObject({ hold: "a held price", price_limit: "0.98", amount: "100" });
  const known = buyer.keys.fresh(takerContext(stage.offer.id), "an intent").public;
  expect(sent).toMatchObject({ wallet: stage.buyer.address, encryption_key: known });
  const signature = sent?.["key_signature"] as Hex;
  const signer = await recoverMessageAddress({ message: keyStatement(known), signature });
  expect(signer).toBe(stage.buyer.address);
});

test("a lost answer gives the same trade: one key, one signature, one idempotency key", async () => {
  exchange.wallets = [stage.buyer.address];
  exchange.loses = 1;
  await take();
  await take();
  const sent = exchange.sent.filter(({ path }) => path === "/v1/trades");
  expect(sent.map(({ key }) => key)).toEqual(["an intent", "an intent", "an intent"]);
  expect(sent[1]?.body).toEqual(sent[0]?.body);
  expect(sent[2]?.body).toEqual(sent[0]?.body);
  expect(asked).toEqual(["text"]);
});

test("what was taken is held to, though the answer to it got lost with the page", async () => {
  exchange.wallets = [stage.buyer.address];
  exchange.loses = 3;
  await expect(take()).rejects.toThrow();
  exchange.lie = { price: "0.99", fiat_amount: "99.00" };
  const anew = (await on(stage.buyer.secret)).trader;
  await expect(anew.checkTrade(shown())).rejects.toThrow(finds("PriceChanged"));
});

test("a trade unlike the request is found out at once", async () => {
  exchange.lie = { amount: "99" };
  await expect(take()).rejects.toThrow(finds("AmountChanged"));
  expect(signed()).toEqual([]);
});

test("a worse quote than the offer is not taken", async () => {
  const quote = quoteToldSo({ price: "0.99", fiat_amount: "99.00" });
  const taking = { ...TAKING, quote };
  const taken = buyer.trader.takeOffer(offerToldSo(), taking, "an intent");
  await expect(taken).rejects.toThrow(finds("PriceChanged"));
  expect(exchange.posts("/v1/trades")).toEqual([]);
});

test.each([{}, { amount: "100", fiatAmount: "98" }])(
  "one amount is asked for: %j",
  async (said) => {
    const taking = { method: "sepa", quote: quoteToldSo(), ...said };
    await expect(buyer.trader.takeOffer(offerToldSo(), taking, "x")).rejects.toThrow(RangeError);
  },
);

test("an intent that is repeated has one key", async () => {
  await seller.trader.publishOffer(OFFERED, "line 7");
  await (await on(stage.seller.secret)).trader.publishOffer(OFFERED, "line 7");
  const [first, again] = exchange.sent.filter(({ path }) => path === "/v1/offers");
  expect(first).toEqual(again);
  expect(first?.key).toBe("line 7");
});

test("a floating offer is bounded by its limit", async () => {
  const { price: _, ...floating } = OFFERED;
  const limited = { ...floating, margin_bps: -200, limit_price: "0.95" };
  exchange.offer = { ...exchange.offer, price_source: "index" };
  await seller.trader.publishOffer(limited, "an offer");
  exchange.trade = lied(stage.trade, {
    viewer: { role: "seller" },
    seller: { encryption_key: exchange.offer["encryption_key"] },
  });
  exchange.lie = { price: "0.94", fiat_amount: "94.00" };
  await expect(seller.trader.checkTrade(shown())).rejects.toThrow(finds("PriceChanged"));
  exchange.lie = { price: "0.95", fiat_amount: "95.00" };
  await seller.trader.checkTrade(shown());
});

test.each<[string, Lie]>([
  ["price", { price: "0.97" }],
  ["min_amount", { min_amount: "1" }],
  ["max_amount", { max_amount: "501" }],
  ["direction", { direction: "buy" }],
  ["payment_methods", { payment_methods: ["sepa", "cash"] }],
  ["wallet", { wallet: stage.stranger }],
  ["encryption_key", { encryption_key: "0c".repeat(32) }],
  ["amount_unit", { amount_unit: "currency" }],
  ["pricing", FLOATING],
  ["visibility", { visibility: "trusted" }],
  ["first_trade_limit", { first_trade_limit: "500" }],
  ["taker_countries", { taker_countries: ["DE", "AT"] }],
  ["working_hours", { working_hours: null }],
  ["closes_at", { closes_at: "2026-12-31T00:00:01Z" }],
  ["shares_coins", { shares_coins: false }],
])("an offer that comes back changed is closed: %s", async (_, lie) => {
  exchange.offerLie = lie;
  const published = seller.trader.publishOffer(OFFERED, "an offer");
  await expect(published).rejects.toThrow(
    expect.objectContaining({ kind: expect.stringMatching(/Changed|Missing|NotOurs/) }),
  );
  expect(exchange.sent.at(-1)?.path).toMatch(/\/close$/);
});

test.each<Lie>([
  { margin_bps: 5 },
  { price: null },
  { price_source: "index" },
  { min_amount: "501" },
  { max_amount: "1001" },
])("what does not agree is not sent: %j", async (wrong) => {
  const said = { ...OFFERED, ...wrong } as NewOffer;
  await expect(seller.trader.publishOffer(said, "x")).rejects.toThrow(RangeError);
  expect(exchange.sent).toEqual([]);
});

test("a trader without notes goes on from his wallet", async () => {
  const key = buyer.keys.fresh(takerContext(stage.offer.id)).public;
  exchange.lie = { buyer: { encryption_key: key } };
  node.status = "locked";
  await buyer.trader.refund(shown());
  expect(signed()).toHaveLength(1);
});

test("a trader without notes knows his own key and wallet", async () => {
  await expect(buyer.trader.checkTrade(shown())).rejects.toThrow(finds("KeyNotOurs"));
  await expect(seller.trader.checkTrade(shown())).rejects.toThrow(finds("OwnWalletMissing"));
}, 30_000); // thousands of keys are tried before one is nobody's

test("notes outlive the page", async () => {
  await take();
  exchange.lie = { fiat_amount: "99.00", price: "0.99" };
  const anew = (await on(stage.buyer.secret)).trader;
  await expect(anew.checkTrade(shown())).rejects.toThrow(finds("PriceChanged"));
});
