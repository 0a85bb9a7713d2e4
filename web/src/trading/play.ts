import { readFileSync } from "node:fs";

import type { Hex } from "viem";
import { beforeEach, expect, vi } from "vitest";

import { lied, offerToldSo, quoteToldSo, stage } from "../verify/stage.ts";
import type { TradeKeys, Wallet } from "../wallet/wallet.ts";
import { FakeExchange } from "./fakeExchange.ts";
import { CONTRACT, FakeNode, fakeWallet, traderOn } from "./fakes.ts";
import type { NewOffer, Taking, Trade, Trader } from "./trader.ts";

/** A buyer and a seller on a fake exchange and a fake node, new before each test. */
export const CHAIN = stage.exchange.chain.chain_id;
export const DETAILS = { iban: "DE02" };
const { deployedBytecode: CODE } = JSON.parse(
  readFileSync("../src/tradepost_contracts/artifacts/TradepostEscrow.json", "utf8"),
) as { deployedBytecode: Hex };
export const TAKING: Taking = { method: "sepa", amount: "100", quote: quoteToldSo() };
export const OFFERED: NewOffer = {
  direction: "sell",
  asset: "USDT",
  currency: "EUR",
  price: "0.98",
  min_amount: "10",
  max_amount: "500",
  total_amount: "1000",
  payment_methods: ["sepa"],
  terms: "Own account only.",
  amount_unit: "asset",
  funding_window_s: 1800,
  visibility: "public",
  min_trades: 0,
  min_account_age_days: 0,
  first_trade_limit: "100",
  taker_countries: ["DE"],
  working_hours: {
    time_zone: "Europe/Berlin",
    spans: [
      { day: "mon", opens: "09:00", closes: "17:30" },
      { day: "sat", opens: "10:00", closes: "24:00" },
    ],
  },
  closes_at: "2026-12-31T00:00:00Z",
  shares_coins_with: stage.other_trade,
};
const STEPS = ["payment-sent", "release", "refund", "cancel", "settlement"];

export let node: FakeNode;
export let exchange: FakeExchange;
export let asked: string[];
export let buyer: { wallet: Wallet; trader: Trader; keys: TradeKeys };
export let seller: { wallet: Wallet; trader: Trader; keys: TradeKeys };

beforeEach(async () => {
  localStorage.clear();
  node = new FakeNode();
  node.code.set(CONTRACT, CODE);
  exchange = new FakeExchange();
  vi.stubGlobal("fetch", exchange.fetch);
  asked = [];
  buyer = await on(stage.buyer.secret);
  seller = await on(stage.seller.secret);
});

export async function on(secret: string) {
  const wallet = fakeWallet(secret, node, asked);
  return { wallet, trader: traderOn(node, wallet).trader, keys: await wallet.tradeKeys() };
}

export const finds = (kind: string) => expect.objectContaining({ kind });
export const shown = () => exchange.shown() as unknown as Trade;
export const signed = () =>
  STEPS.flatMap((step) => exchange.posts(step)).filter((body) => "signature" in body);

/** The buyer has taken the stage's offer. */
export const take = () => buyer.trader.takeOffer(offerToldSo(), TAKING, "an intent");

/** The seller's offer was taken, by whom the stage says. */
export async function taken(): Promise<void> {
  await seller.trader.publishOffer(OFFERED, "an offer");
  exchange.trade = lied(stage.trade, {
    viewer: { role: "seller" },
    seller: { encryption_key: exchange.offer["encryption_key"] },
  });
  exchange.sent = [];
}
