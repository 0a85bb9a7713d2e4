import { useEffect, useState, useSyncExternalStore } from "react";

import { serverNowMs } from "../api/clock.ts";

function subscribe(changed: () => void): () => void {
  window.addEventListener("online", changed);
  window.addEventListener("offline", changed);
  return () => {
    window.removeEventListener("online", changed);
    window.removeEventListener("offline", changed);
  };
}

/** Whether this device has a network at all. */
export function useOnline(): boolean {
  return useSyncExternalStore(subscribe, () => navigator.onLine);
}

/** Whether a moment of the exchange's clock has passed; it is looked at once, when that is due. */
export function usePassed(moment: string | undefined): boolean {
  const [, look] = useState(0);
  const leftMs = moment === undefined ? Infinity : Date.parse(moment) - serverNowMs();
  useEffect(() => {
    if (leftMs <= 0 || leftMs > 2 ** 31) {
      return undefined;
    }
    const timer = setTimeout(() => look((times) => times + 1), leftMs + 50);
    return () => clearTimeout(timer);
  }, [leftMs]);
  return leftMs <= 0;
}
