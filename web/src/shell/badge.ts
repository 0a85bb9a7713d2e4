import { useSyncExternalStore } from "react";

let count = 0;
const heard = new Set<() => void>();

/** How much news stands in the title of the browser's tab. */
export function setBadge(now: number): void {
  if (now !== count) {
    count = now;
    heard.forEach((tell) => tell());
  }
}

function subscribe(tell: () => void): () => void {
  heard.add(tell);
  return () => heard.delete(tell);
}

export const useBadge = (): number => useSyncExternalStore(subscribe, () => count);
