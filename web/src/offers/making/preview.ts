import type { Schema } from "../../api/client.ts";
import { compareDecimals, digitsOf, scaled, unscaled } from "../decimals.ts";
import { typedAmount } from "../search.ts";
import { bpsOf, type Direction, type Draft } from "./draft.ts";

/** A floating price is rounded to so many digits of the market's price. */
const SIGNIFICANT = 8;
const PRICE_DECIMALS = 12;

/**
 * What a margin over the market comes to, as the exchange works it out: rounded once, for the
 * maker, and held at his limit. Null where nothing is left of it.
 */
export function floatingPrice(
  direction: Direction,
  market: string,
  marginBps: number,
  limit: string | null,
): string | null {
  const digits = digitsOf(market);
  const exact = scaled(market, digits) * BigInt(10_000 + marginBps); // in 10^-(digits + 4)
  const [whole = "0"] = market.split(".");
  const before = /[1-9]/.test(whole)
    ? whole.replace(/^0+/, "").length
    : -(/^0*/.exec(market.split(".")[1] ?? "")?.[0].length ?? 0);
  const decimals = Math.max(0, Math.min(PRICE_DECIMALS, SIGNIFICANT - before));
  const free = unscaled(exact, digits + 4);
  if (limit !== null && compareDecimals(free, limit) * (direction === "sell" ? 1 : -1) < 0) {
    return limit;
  }
  const finer = digits + 4 - decimals;
  if (finer <= 0) {
    return exact > 0n ? free : null;
  }
  const step = 10n ** BigInt(finer);
  const up = direction === "sell" && exact % step > 0n ? 1n : 0n;
  const price = exact / step + up;
  return price > 0n ? unscaled(price, decimals) : null;
}

/** How far a price is above the market's, in hundredths of a percent, rounded to the nearest. */
export function premiumBps(price: string, market: string): number {
  const digits = Math.max(digitsOf(price), digitsOf(market));
  const [one, other] = [scaled(price, digits), scaled(market, digits)];
  const twice = ((one - other) * 20_000n) / other;
  return Number((twice + (twice < 0n ? -1n : 1n)) / 2n);
}

/** What a draft's price is now; null where it says none, or the market has none to follow. */
export function priceOf(draft: Draft, market: string | null): string | null {
  const limit = draft.limit === "" ? null : typedAmount(draft.limit);
  if (draft.pricing === "fixed") {
    const price = typedAmount(draft.price);
    return PRICE.test(price) && /[1-9]/.test(price) ? price : null;
  }
  const bps = bpsOf(draft.margin);
  return market === null || bps === null || bps < -10_000 || (limit !== null && !PRICE.test(limit))
    ? null
    : floatingPrice(draft.direction, market, bps, limit);
}

const PRICE = /^[0-9]{1,18}(\.[0-9]{1,12})?$/;

export interface Needed {
  /** Coins for an amount of the draft, and the fee that is locked on top. */
  readonly coins: string;
  readonly fee: string;
  readonly both: string;
}

/**
 * What a seller of the draft locks for an amount in its unit, at a price: a preview, the exchange's
 * quote counts. Null where there is no price to work it out by.
 */
export function neededFor(
  amount: string,
  draft: Draft,
  price: string | null,
  exchange: Schema["ExchangeBody"],
): Needed | null {
  const decimals = exchange.assets.find(({ code }) => code === draft.asset)?.decimals;
  if (decimals === undefined || (draft.unit === "currency" && price === null)) {
    return null;
  }
  const coins =
    draft.unit === "asset" || price === null
      ? scaled(amount, decimals)
      : divided(amount, price, decimals);
  const fee = (coins * BigInt(exchange.fee_bps)) / 10_000n;
  const written = (units: bigint) => unscaled(units, decimals);
  return { coins: written(coins), fee: written(fee), both: written(coins + fee) };
}

/** A sum over a price, in the smallest units of a coin, rounded down. */
function divided(sum: string, price: string, decimals: number): bigint {
  const digits = Math.max(digitsOf(sum), digitsOf(price));
  return (scaled(sum, digits) * 10n ** BigInt(decimals)) / scaled(price, digits);
}
