import type { Schema } from "../../api/client.ts";
import type { NewOffer } from "../../trading/trader.ts";
import { shortest } from "../decimals.ts";
import { typedAmount } from "../search.ts";

export type Direction = Schema["Direction"];
export type Span = Schema["WorkingSpan"];

/** What a maker has typed so far: texts as they are, each empty where he says nothing. */
export interface Draft {
  readonly direction: Direction;
  readonly asset: string;
  readonly currency: string;
  readonly pricing: "floating" | "fixed";
  /** Of a fixed price. */
  readonly price: string;
  /** Percent over the market, below zero under it. */
  readonly margin: string;
  readonly limit: string;
  readonly source: string;
  readonly unit: "asset" | "currency";
  readonly least: string;
  readonly most: string;
  readonly total: string;
  readonly methods: readonly string[];
  /** Seconds; empty: as long as the methods usually need. */
  readonly paymentS: string;
  readonly fundingS: string;
  readonly terms: string;
  readonly country: string;
  readonly visibility: Schema["Visibility"];
  readonly minTrades: string;
  readonly minAgeDays: string;
  readonly firstLimit: string;
  readonly takerCountries: readonly string[];
  readonly hours: { readonly zone: string; readonly spans: readonly Span[] } | null;
  /** On this device's clock, as an input of that kind has it: "2026-12-01T18:00". */
  readonly closesAt: string;
  readonly sharesWith: string;
}

export type FieldName = keyof Draft;

export function emptyDraft(said: Pick<Draft, "direction" | "asset" | "currency">): Draft {
  return {
    ...said,
    pricing: "floating",
    price: "",
    margin: "",
    limit: "",
    source: "index",
    unit: "currency",
    least: "",
    most: "",
    total: "",
    methods: [],
    paymentS: "",
    fundingS: "1800",
    terms: "",
    country: "",
    visibility: "public",
    minTrades: "",
    minAgeDays: "",
    firstLimit: "",
    takerCountries: [],
    hours: null,
    closesAt: "",
    sharesWith: "",
  };
}

const numberless = (count: number) => (count === 0 ? "" : String(count));

/** What a maker would have typed for an offer that is there. */
export function draftOf(offer: Schema["OfferAnswer"]): Draft {
  return {
    direction: offer.direction,
    asset: offer.asset,
    currency: offer.currency,
    pricing: offer.pricing,
    price: offer.pricing === "fixed" ? shortest(offer.price ?? "") : "",
    margin: offer.margin_bps === null ? "" : percentOf(offer.margin_bps),
    limit: shortest(offer.limit_price ?? ""),
    source: offer.price_source ?? "index",
    unit: offer.amount_unit,
    least: shortest(offer.min_amount),
    most: shortest(offer.max_amount),
    total: shortest(offer.total_amount),
    methods: offer.payment_methods,
    paymentS: String(offer.payment_window_s),
    fundingS: String(offer.funding_window_s),
    terms: offer.terms,
    country: offer.country ?? "",
    visibility: offer.visibility,
    minTrades: numberless(offer.min_trades),
    minAgeDays: numberless(offer.min_account_age_days),
    firstLimit: shortest(offer.first_trade_limit ?? ""),
    takerCountries: offer.taker_countries,
    hours: offer.working_hours && {
      zone: offer.working_hours.time_zone,
      spans: offer.working_hours.spans,
    },
    closesAt: offer.closes_at === null ? "" : localTime(offer.closes_at),
    sharesWith: "",
  };
}

/** A moment as this device's clock shows it, in the form of an input. */
function localTime(at: string): string {
  const moment = new Date(at);
  const shifted = new Date(moment.getTime() - moment.getTimezoneOffset() * 60_000);
  return shifted.toISOString().slice(0, 16);
}

const MARGIN = /^([+-]?)(\d{1,3})(?:\.(\d{1,2}))?$/;

/** "1.5" as 150; null where it is no percentage with two digits. */
export function bpsOf(percent: string): number | null {
  const [, sign = "", whole = "", part = ""] =
    MARGIN.exec(typedAmount(percent.replace(/[%\u2212]/g, (mark) => (mark === "%" ? "" : "-")))) ??
    [];
  return whole === "" ? null : Number(`${sign}${whole}${part.padEnd(2, "0")}`);
}

/** 150 as "1.5". */
export function percentOf(bps: number): string {
  const text = String(Math.abs(bps)).padStart(3, "0");
  return `${bps < 0 ? "-" : ""}${shortest(`${text.slice(0, -2)}.${text.slice(-2)}`)}`;
}

const orNull = (text: string) => (text === "" ? null : typedAmount(text));

/** The offer that a draft without faults says. */
export function saidBy(draft: Draft): NewOffer {
  const { asset, currency, direction } = draft;
  const follows = draft.pricing === "floating";
  return {
    direction,
    asset,
    currency,
    ...(follows
      ? {
          margin_bps: bpsOf(draft.margin) ?? 0,
          limit_price: orNull(draft.limit),
          price_source: draft.source,
        }
      : { price: typedAmount(draft.price) }),
    amount_unit: draft.unit,
    min_amount: typedAmount(draft.least),
    max_amount: typedAmount(draft.most),
    total_amount: typedAmount(draft.total),
    payment_methods: [...draft.methods],
    country: orNull(draft.country),
    terms: draft.terms.trim(),
    funding_window_s: Number(draft.fundingS),
    ...(draft.paymentS !== "" && { payment_window_s: Number(draft.paymentS) }),
    visibility: draft.visibility,
    min_trades: Number(draft.minTrades),
    min_account_age_days: Number(draft.minAgeDays),
    first_trade_limit: orNull(draft.firstLimit),
    taker_countries: [...draft.takerCountries],
    working_hours: draft.hours && { time_zone: draft.hours.zone, spans: [...draft.hours.spans] },
    closes_at: draft.closesAt === "" ? null : new Date(draft.closesAt).toISOString(),
    ...(draft.sharesWith !== "" && { shares_coins_with: draft.sharesWith }),
  };
}

/** What an edit changes: only what is said otherwise than before. */
export function changesOf(before: Draft, after: Draft): Schema["EditOfferBody"] {
  const old = saidBy(before) as Record<string, unknown>;
  const said = saidBy(after) as Record<string, unknown>;
  const changed = Object.entries(said).filter(
    ([name, value]) => JSON.stringify(value) !== JSON.stringify(old[name]),
  );
  return Object.fromEntries(changed);
}

/** A draft over an offer that has changed since: what its maker had not touched is as it is now. */
export function rebased(draft: Draft, before: Draft, now: Draft): Draft {
  const same = (name: FieldName) => JSON.stringify(draft[name]) === JSON.stringify(before[name]);
  const untouched = (Object.keys(draft) as FieldName[]).filter(same);
  return { ...draft, ...Object.fromEntries(untouched.map((name) => [name, now[name]])) };
}
