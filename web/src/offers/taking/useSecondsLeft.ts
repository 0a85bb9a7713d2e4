import { useEffect, useState } from "react";

import { serverNowMs } from "../../api/clock.ts";

/** Whole seconds until a moment of the exchange's clock, counted down to zero. */
export function useSecondsLeft(moment: string): number {
  const [, tick] = useState(0);
  const left = Math.max(0, Math.ceil((Date.parse(moment) - serverNowMs()) / 1_000));
  const running = left > 0;
  useEffect(() => {
    if (!running) {
      return undefined;
    }
    const timer = setInterval(() => tick((times) => times + 1), 500);
    return () => clearInterval(timer);
  }, [running, moment]);
  return left;
}
