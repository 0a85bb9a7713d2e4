import { useEffect, useState } from "react";

import { serverNowMs } from "../api/clock.ts";

/** Below it, seconds are shown. */
export const HOUR_MS = 3_600_000;

/** How much is left until a moment of the exchange's clock, in milliseconds; it counts down. */
export function useLeft(moment: string): number {
  const until = Date.parse(moment);
  const [left, setLeft] = useState(() => until - serverNowMs());
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout>;
    const look = () => {
      const now = until - serverNowMs();
      setLeft(now);
      if (now > 0) {
        // To the next moment at which another number is shown.
        const step = now > HOUR_MS ? 60_000 : 1_000;
        timer = setTimeout(look, (now % step) + 5);
      }
    };
    look();
    return () => clearTimeout(timer);
  }, [until]);
  return left;
}

/** A screen reader is told at these only, in seconds. */
export const THRESHOLDS_S = [3_600, 900, 300, 60, 0] as const;

/** The last threshold that was crossed; undefined before the first. */
export const crossed = (leftMs: number): number | undefined =>
  THRESHOLDS_S.findLast((seconds) => leftMs <= seconds * 1_000);
