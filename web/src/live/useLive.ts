import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";

import { follow } from "./stream.ts";

/** Offers change one at a time, prices of many offers at once and often. */
const OFFER_PAUSE_MS = 1_000;
const PRICE_PAUSE_MS = 5_000;

/**
 * Keeps what is read of a pair fresh: what the stream tells is read anew, at most once in a pause.
 *
 * Returns whether the stream is up; null until it was tried.
 */
export function useLive(pair: { asset: string; currency: string } | undefined): boolean | null {
  const client = useQueryClient();
  const [connected, setConnected] = useState<boolean | null>(null);
  const name = pair && `${pair.asset}-${pair.currency}`;
  useEffect(() => {
    if (name === undefined) {
      return undefined;
    }
    let due: { at: number; timer: ReturnType<typeof setTimeout> } | undefined;
    const readAnew = (pauseMs: number) => {
      const at = Date.now() + pauseMs;
      if (due !== undefined && due.at <= at) {
        return;
      }
      clearTimeout(due?.timer);
      const timer = setTimeout(() => {
        due = undefined;
        void client.invalidateQueries({ queryKey: ["live"] });
      }, pauseMs);
      due = { at, timer };
    };
    const leave = follow([`offers:${name}`, `prices:${name}`], {
      onMessage: (type) => readAnew(type === "price" ? PRICE_PAUSE_MS : OFFER_PAUSE_MS),
      onGap: () => readAnew(0),
      onState: setConnected,
    });
    return () => {
      leave();
      clearTimeout(due?.timer);
    };
  }, [client, name]);
  return connected;
}
