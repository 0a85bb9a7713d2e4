import type { Schema } from "../api/client.ts";

/** A step of a side's stair: from here outward so much can be traded. */
export interface Step {
  /** Percent over the market, or a price where there is no market. */
  at: number;
  /** How much can be traded up to there, in coins. Drawn, never reckoned with. */
  amount: number;
  offers: number;
}

/** What one can buy lies over the market, further outward to the right; what one can sell, to the left. */
export type SideName = "asks" | "bids";

/** A side of the book as a stair outward from its best price; its last step ends where its level does. */
export function steps(
  side: Schema["SideAnswer"],
  by: Schema["DepthAnswer"]["levels_by"],
  name: SideName,
): Step[] {
  const [inner, outer] =
    name === "asks" ? (["from_bps", "to_bps"] as const) : (["to_bps", "from_bps"] as const);
  let amount = 0;
  let offers = 0;
  const stair = side.levels.map((level) => {
    amount += Number(level.amount);
    offers += level.offers;
    const at = by === "premium" ? (level[inner] ?? 0) / 100 : Number(level.price);
    return { at, amount, offers };
  });
  const last = side.levels.at(-1);
  if (last !== undefined && by === "premium") {
    stair.push({ at: (last[outer] ?? 0) / 100, amount, offers });
  }
  return stair;
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
