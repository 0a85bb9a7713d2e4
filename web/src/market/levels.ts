import type { Schema } from "../api/client.ts";

/** Where the cumulated amount of a side stands, from the best price outward. */
export interface Step {
  /** Percent over the market, or a price where there is no market. */
  at: number;
  /** How much can be traded up to there, in coins. Drawn, never reckoned with. */
  amount: number;
  offers: number;
}

/** A side of the book as steps outward from its best price. */
export function steps(
  side: Schema["SideAnswer"],
  by: Schema["DepthAnswer"]["levels_by"],
  outward: "from_bps" | "to_bps",
): Step[] {
  let amount = 0;
  let offers = 0;
  return side.levels.map((level) => {
    amount += Number(level.amount);
    offers += level.offers;
    const at = by === "premium" ? (level[outward] ?? 0) / 100 : Number(level.price);
    return { at, amount, offers };
  });
}

/** What uPlot draws: one row of places, and for each side the amounts at them, null elsewhere. */
export function plotted(
  bids: readonly Step[],
  asks: readonly Step[],
): [number[], (number | null)[], (number | null)[]] {
  const places = [...new Set([...bids, ...asks].map((step) => step.at))].sort((a, b) => a - b);
  const along = (side: readonly Step[]) => {
    const known = new Map(side.map((step) => [step.at, step.amount]));
    return places.map((at) => known.get(at) ?? null);
  };
  return [places, along(bids), along(asks)];
}
