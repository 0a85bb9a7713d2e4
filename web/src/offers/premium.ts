/** How a price is for the one who looks at it, not for its maker. */
export type Standing = "better" | "same" | "worse";

export interface AgainstMarket {
  side: "below" | "above" | "at";
  /** How far, in hundredths of a percent; never negative. */
  bps: number;
  standing: Standing;
}

/**
 * Puts a premium in words: a buyer is glad of what is below the market, a seller of what is above.
 *
 * @param viewer what the one who looks would do: the opposite of what the maker does.
 */
export function againstMarket(premiumBps: number, viewer: "buy" | "sell"): AgainstMarket {
  if (premiumBps === 0) {
    return { side: "at", bps: 0, standing: "same" };
  }
  const side = premiumBps < 0 ? "below" : "above";
  const better = (viewer === "buy") === (side === "below");
  return { side, bps: Math.abs(premiumBps), standing: better ? "better" : "worse" };
}
