import type { Schema } from "../api/client.ts";

/** What is looked for, as it stands in the page's address. */
export interface BookSearch {
  /** What the reader does; the makers he looks for do the opposite. */
  direction?: "buy" | "sell";
  asset?: string;
  currency?: string;
  amount?: string;
  /** Of what the amount is: money, which is said first, or coins. */
  unit?: "asset";
  method?: string;
  funded?: true;
  online?: true;
}

const AMOUNT = /^[0-9]{1,15}(\.[0-9]{1,18})?$/;

/** Whether a text is an amount that can be asked for. */
export function isAmount(text: string): boolean {
  return AMOUNT.test(text) && /[1-9]/.test(text);
}

/** What somebody typed as the exchange writes it: a comma may stand for the point. */
export function typedAmount(text: string): string {
  return text
    .trim()
    .replace(/[\s\u00a0']/g, "")
    .replace(/,(?=[^,]*$)/, ".")
    .replace(/\.$/, "");
}

/** Reads an address: what is no part of a search is left out, whoever wrote it. */
export function readSearch(raw: Record<string, unknown>): BookSearch {
  const text = (name: string, form: RegExp) => {
    const said = raw[name];
    return typeof said === "string" && form.test(said) ? said : undefined;
  };
  const direction = text("direction", /^(buy|sell)$/) as BookSearch["direction"];
  const asset = text("asset", /^[A-Z0-9]{2,10}$/);
  const currency = text("currency", /^[A-Z]{3}$/);
  const amount = text("amount", AMOUNT);
  const method = text("method", /^[a-z0-9_]{1,40}$/);
  return {
    ...(direction && { direction }),
    ...(asset && { asset }),
    ...(currency && { currency }),
    ...(amount && { amount }),
    ...(text("unit", /^asset$/) && { unit: "asset" as const }),
    ...(method && { method }),
    ...(text("funded", /^true$/) && { funded: true as const }),
    ...(text("online", /^true$/) && { online: true as const }),
  };
}

export interface Pair {
  asset: string;
  currency: string;
}

/**
 * The pair that is shown: what the address says, else what was looked at last, else the liveliest.
 *
 * What the exchange does not trade is not taken from anywhere.
 */
export function choosePair(
  search: BookSearch,
  last: string | null,
  exchange: Schema["ExchangeBody"],
  markets: readonly Schema["InsightsMarketAnswer"][],
): Pair {
  const assets = exchange.assets.map((each) => each.code);
  const currencies = exchange.currencies.map((each) => each.code);
  const [lastAsset, lastCurrency] = last?.split("-") ?? [];
  const offers = (each: Schema["InsightsMarketAnswer"]) => each.buy_offers + each.sell_offers;
  const liveliest = [...markets].sort((one, other) => offers(other) - offers(one))[0];
  const known = (list: string[], ...wishes: (string | undefined)[]) =>
    wishes.find((wish) => wish !== undefined && list.includes(wish)) ?? list[0] ?? "";
  return {
    asset: known(assets, search.asset, lastAsset, liveliest?.asset),
    currency: known(currencies, search.currency, lastCurrency, liveliest?.currency, "EUR"),
  };
}
