import { useSyncExternalStore } from "react";

import type { Signer } from "./signing.tsx";

/** After so long without use a wallet is locked. */
export const IDLE_MS = 30 * 60_000;

/** The wallet that is open: in the memory of this tab, and nowhere else. */
let opened: Signer | null = null;
let usedAt = 0;
let timer: ReturnType<typeof setTimeout> | undefined;
const heard = new Set<() => void>();

/** The open wallet, which is used by that; null where it is locked. */
export function openedSigner(): Signer | null {
  // A device that slept did not run the timer.
  if (opened !== null && Date.now() - usedAt >= IDLE_MS) {
    lock();
  }
  if (opened !== null) {
    used();
  }
  return opened;
}

export function keepOpen(signer: Signer): void {
  opened = signer;
  used();
  heard.forEach((tell) => tell());
}

/** Forgets the open wallet: what signs next has to open it again. */
export function lock(): void {
  clearTimeout(timer);
  opened = null;
  heard.forEach((tell) => tell());
}

function used(): void {
  usedAt = Date.now();
  clearTimeout(timer);
  timer = setTimeout(lock, IDLE_MS);
}

function subscribe(tell: () => void): () => void {
  heard.add(tell);
  return () => heard.delete(tell);
}

/** Whether a wallet is open; looking does not count as use. */
export const useIsOpen = (): boolean => useSyncExternalStore(subscribe, () => opened !== null);
