import { readSearch, type BookSearch } from "../search.ts";
import type { Step } from "./check.ts";

/** What the address of a new offer says: the step, and what it begins with. */
export interface MakingSearch extends Pick<
  BookSearch,
  "asset" | "currency" | "amount" | "unit" | "method"
> {
  step?: Step;
  /** What the maker does. */
  direction?: "buy" | "sell";
}

export function readStep(raw: Record<string, unknown>): { step?: Step } {
  const step = Number(raw["step"]);
  return step === 1 || step === 2 || step === 3 || step === 4 ? { step } : {};
}

export function readMaking(raw: Record<string, unknown>): MakingSearch {
  const { asset, currency, amount, unit, method } = readSearch(raw);
  const direction = raw["direction"];
  return {
    ...readStep(raw),
    ...((direction === "buy" || direction === "sell") && { direction }),
    ...(asset && { asset }),
    ...(currency && { currency }),
    ...(amount && { amount }),
    ...(unit && { unit }),
    ...(method && { method }),
  };
}
