import type { Hex } from "viem";

import type { Schema } from "../api/client.ts";
import vectors from "./vectors.json";

/** What the Python client's tests play on, for the page's: who trades what, and how it is told. */
export const stage = vectors.stage;

/** Part of an answer, to be put in the place of what the stage says. */
export type Lie = { readonly [name: string]: unknown };

/** A body with some of it told otherwise. */
export function lied<T extends object>(body: T, lie: Lie): T {
  const told = structuredClone(body) as Record<string, unknown>;
  for (const [name, value] of Object.entries(lie)) {
    const before = told[name];
    const isDeep = typeof value === "object" && value !== null && !Array.isArray(value);
    told[name] = isDeep && before ? lied(before as object, value as Lie) : value;
  }
  return told as T;
}

/** The stage's trade as a buyer sees it, or as a liar tells it. */
export const tradeToldSo = (lie: Lie = {}): Schema["TradeBody"] =>
  lied(stage.trade, lie) as unknown as Schema["TradeBody"];

export const sellersTrade = (lie: Lie = {}): Schema["TradeBody"] =>
  lied(tradeToldSo({ viewer: { role: "seller" } }), lie);

export const offerToldSo = (lie: Lie = {}): Schema["OfferAnswer"] =>
  lied(stage.offer, lie) as unknown as Schema["OfferAnswer"];

export const quoteToldSo = (lie: Lie = {}): Schema["OffersQuoteAnswer"] =>
  lied(stage.quote, lie) as unknown as Schema["OffersQuoteAnswer"];

/** Offers whose price follows the market, 2 % below it. */
export const FLOATING: Lie = {
  pricing: "floating",
  margin_bps: -200,
  price_source: "index",
  price: "0.98",
  limit_price: null,
};

export const hexOf = (secret: string): Hex => `0x${secret}`;
