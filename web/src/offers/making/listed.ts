import type { Schema } from "../../api/client.ts";
import type { Draft } from "./draft.ts";
import { saidBy } from "./draft.ts";
import { premiumBps } from "./preview.ts";

interface Shown {
  readonly maker: Schema["Maker"];
  /** What the draft's price is now; null where it follows a market without one. */
  readonly price: string | null;
  readonly market: string | null;
  readonly paymentS: number;
  readonly funded: boolean;
}

/** A draft as the book would show it, so that its maker sees what takers see. */
export function listed(
  draft: Draft,
  { maker, price, market, paymentS, funded }: Shown,
): Schema["OfferAnswer"] & { maker_online: boolean; quote: null } {
  const said = saidBy(draft);
  const now = new Date().toISOString();
  return {
    id: "00000000-0000-0000-0000-000000000000",
    version: 1,
    state: "active",
    maker,
    direction: said.direction,
    asset: said.asset,
    currency: said.currency,
    pricing: draft.pricing,
    margin_bps: said.margin_bps ?? null,
    limit_price: said.limit_price ?? null,
    price_source: said.price_source ?? null,
    amount_unit: draft.unit,
    min_amount: said.min_amount,
    max_amount: said.max_amount,
    total_amount: said.total_amount,
    remaining_amount: said.total_amount,
    shares_coins: draft.sharesWith !== "",
    payment_methods: said.payment_methods,
    country: said.country ?? null,
    terms: said.terms ?? "",
    funding_window_s: said.funding_window_s ?? 0,
    payment_window_s: said.payment_window_s ?? paymentS,
    visibility: draft.visibility,
    min_trades: said.min_trades ?? 0,
    min_account_age_days: said.min_account_age_days ?? 0,
    first_trade_limit: said.first_trade_limit ?? null,
    taker_countries: said.taker_countries ?? [],
    working_hours: said.working_hours ?? null,
    closes_at: said.closes_at ?? null,
    created_at: now,
    updated_at: now,
    price,
    premium_bps: price === null || market === null ? null : premiumBps(price, market),
    funded,
    deposit_block: null,
    maker_online: true,
    quote: null,
  };
}
