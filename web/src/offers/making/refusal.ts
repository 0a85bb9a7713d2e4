import { factOf, isRefusal, problemOf } from "../../api/problems.ts";
import type { DraftFault, Faults } from "./check.ts";
import type { FieldName } from "./draft.ts";

/** The draft's fields by the names that the exchange has for them. */
const FIELDS: Record<string, FieldName> = {
  direction: "direction",
  asset: "asset",
  currency: "currency",
  price: "price",
  margin_bps: "margin",
  limit_price: "limit",
  price_source: "source",
  amount_unit: "unit",
  min_amount: "least",
  max_amount: "most",
  total_amount: "total",
  payment_methods: "methods",
  payment_window_s: "paymentS",
  funding_window_s: "fundingS",
  terms: "terms",
  country: "country",
  visibility: "visibility",
  min_trades: "minTrades",
  min_account_age_days: "minAgeDays",
  first_trade_limit: "firstLimit",
  taker_countries: "takerCountries",
  working_hours: "hours",
  closes_at: "closesAt",
  shares_coins_with: "sharesWith",
};

/** Problems that are about one field, whatever they say of it. */
const ABOUT: Record<string, FieldName> = {
  "asset-not-traded": "asset",
  "currency-unknown": "currency",
  "country-unknown": "country",
  "payment-method-unknown": "methods",
  "payment-method-unfit": "methods",
  "price-source-unknown": "source",
  "hours-invalid": "hours",
  "reserved-by-trades": "total",
};

/** What the exchange says is wrong, by the fields it is about; none where it is about no field. */
export function faultsBy(error: unknown): Faults {
  const found = new Map<FieldName, DraftFault>();
  if (!isRefusal(error)) {
    return found;
  }
  for (const [at, text] of toldOf(factOf(error, "errors"))) {
    // "body.working_hours.spans.0.opens" is about the hours.
    const field = at.map((part) => FIELDS[part]).find((each) => each !== undefined);
    if (field !== undefined && !found.has(field)) {
      found.set(field, { kind: "said", text });
    }
  }
  const kind = problemOf(error);
  const text = error.problem?.detail ?? error.message;
  const about = ABOUT[kind];
  if (about !== undefined) {
    found.set(about, { kind: "said", text });
  } else if (kind === "offer-inconsistent") {
    const names = Object.keys(FIELDS).filter((name) => new RegExp(`\\b${name}\\b`).test(text));
    // "min_amount <= max_amount <= total_amount": the last one is where it can be put right.
    const field = FIELDS[names.at(-1) ?? ""];
    if (field !== undefined) {
      found.set(field, { kind: "said", text });
    }
  }
  return found;
}

function toldOf(errors: unknown): [string[], string][] {
  return (Array.isArray(errors) ? errors : []).flatMap((each: unknown) => {
    const { at, what } = (each ?? {}) as { at?: unknown; what?: unknown };
    return typeof at === "string" && typeof what === "string" ? [[at.split("."), what]] : [];
  });
}
