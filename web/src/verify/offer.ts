import { compareDecimals } from "../offers/decimals.ts";
import { OfferChanged } from "./errors.ts";
import { object } from "./read.ts";

/** What an offer says, by the names of the API's body. */
type Said = Readonly<Record<string, unknown>>;

const AMOUNTS = [
  "price",
  "limit_price",
  "min_amount",
  "max_amount",
  "total_amount",
  "first_trade_limit",
];
const SETS = ["payment_methods", "taker_countries"];
const EXACT = [
  "direction",
  "asset",
  "currency",
  "country",
  "margin_bps",
  "price_source",
  "amount_unit",
  "funding_window_s",
  "payment_window_s",
  "visibility",
  "min_trades",
  "min_account_age_days",
];
const COMPARED = [...AMOUNTS, ...SETS, ...EXACT, "working_hours", "closes_at"];

/** What the API promises of a new offer that says nothing about it. */
const DEFAULTS = {
  amount_unit: "asset",
  visibility: "public",
  min_trades: 0,
  min_account_age_days: 0,
};

/** A new offer's body with what the API promises where it says nothing, for `checkOffer`. */
export function expected(wanted: Said): Said {
  const follows = given(wanted["margin_bps"]) ? { price_source: "index" } : {};
  const said = Object.fromEntries(Object.entries(wanted).filter(([, value]) => given(value)));
  return { ...DEFAULTS, ...follows, ...said };
}

/** What does not agree within an offer, whatever the exchange; null where nothing does. */
export function fault(offer: Said): string | null {
  const fixed = given(offer["price"]);
  if (fixed === given(offer["margin_bps"])) {
    return "It takes either a price or a margin over the market.";
  }
  if (fixed && (given(offer["limit_price"]) || given(offer["price_source"]))) {
    return "Only a margin over the market has a limit and a source.";
  }
  if (above(offer["min_amount"], offer["max_amount"])) {
    return "The least amount is above the most.";
  }
  if (above(offer["max_amount"], offer["total_amount"])) {
    return "The most at once is above the most in all.";
  }
  return null;
}

const given = (value: unknown) => value !== undefined && value !== null;
const above = (one: unknown, other: unknown) => compareDecimals(String(one), String(other)) > 0;

/**
 * Holds an offer against what was asked for; throws `OfferChanged`.
 *
 * The words are left out: exchanges may clean them, and they bind the taker, who reads them. The
 * wallet and the key are held against the maker's own by `asMaker`.
 */
export function checkOffer(answer: unknown, wanted: Said): void {
  const offer = object(answer, "the offer");
  for (const [name, value] of Object.entries(wanted)) {
    if (!agrees(name, value, offer)) {
      throw new OfferChanged(`${name} was to be ${String(value)}, not ${String(offer[name])}.`);
    }
  }
  for (const [name, pricing] of [
    ["price", "fixed"],
    ["margin_bps", "floating"],
  ] as const) {
    if (given(wanted[name]) && offer["pricing"] !== pricing) {
      throw new OfferChanged(`Its price was to be ${pricing}.`);
    }
  }
}

function agrees(name: string, value: unknown, offer: Said): boolean {
  if (name === "shares_coins_with") {
    return offer["shares_coins"] === true;
  }
  const found = offer[name];
  if (!COMPARED.includes(name)) {
    return true;
  }
  if (!given(value) || !given(found)) {
    return given(value) === given(found);
  }
  if (AMOUNTS.includes(name)) {
    return isDecimal(found) && compareDecimals(found, String(value)) === 0;
  }
  if (SETS.includes(name)) {
    return sorted(found) === sorted(value);
  }
  if (name === "closes_at") {
    return Date.parse(String(found)) === Date.parse(String(value));
  }
  if (name === "working_hours") {
    return hours(found) === hours(value);
  }
  return found === value;
}

const isDecimal = (value: unknown): value is string =>
  typeof value === "string" && /^[0-9]+(\.[0-9]+)?$/.test(value);

const sorted = (value: unknown) => JSON.stringify(Array.isArray(value) ? [...value].sort() : value);

function hours(value: unknown): string {
  const { time_zone, spans } = value as { time_zone?: unknown; spans?: unknown };
  const told = Array.isArray(spans) ? (spans as Said[]) : [];
  return JSON.stringify([
    time_zone,
    sorted(told.map((span) => [span["day"], span["opens"], span["closes"]].join(" "))),
  ]);
}
