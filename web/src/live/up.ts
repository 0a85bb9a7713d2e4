import { useSyncExternalStore } from "react";

let up: boolean | null = null;
const heard = new Set<() => void>();

/** Notes whether the account's stream is up; null while none is followed. */
export function setUp(now: boolean | null): void {
  if (now !== up) {
    up = now;
    heard.forEach((tell) => tell());
  }
}

function subscribe(tell: () => void): () => void {
  heard.add(tell);
  return () => heard.delete(tell);
}

/**
 * Whether the account's stream is up; null until it was tried, and where nobody is signed in. While
 * it is down, what is shown of the account is read anew each half minute.
 */
export const useUp = (): boolean | null => useSyncExternalStore(subscribe, () => up);
