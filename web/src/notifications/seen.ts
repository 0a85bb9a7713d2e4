import { useSyncExternalStore } from "react";

/** Up to which event the reader has seen all on this device, and of which trades later ones. */
export interface Seen {
  /** Null where this device is new to the account. */
  readonly upTo: number | null;
  readonly trades: Readonly<Record<string, number>>;
}

const NOTHING: Seen = { upTo: null, trades: {} };
const keyOf = (accountId: string) => `tradepost.seen.${accountId}`;
const heard = new Set<() => void>();
let read: { key: string; text: string | null; seen: Seen } = { key: "", text: null, seen: NOTHING };

export function seenOf(accountId: string): Seen {
  const key = keyOf(accountId);
  const text = localStorage.getItem(key);
  if (key !== read.key || text !== read.text) {
    read = { key, text, seen: parse(text) };
  }
  return read.seen;
}

function parse(text: string | null): Seen {
  try {
    const { upTo, trades } = JSON.parse(text ?? "null") as Partial<Seen>;
    return typeof upTo === "number" && typeof trades === "object" ? { upTo, trades } : NOTHING;
  } catch {
    return NOTHING;
  }
}

export function keepSeen(accountId: string, seen: Seen): void {
  try {
    localStorage.setItem(keyOf(accountId), JSON.stringify(seen));
  } catch {
    return; // then they are new again at the next visit
  }
  heard.forEach((tell) => tell());
}

/** All up to this number have been seen. It may be lower than before: see `findNewest`. */
export function sawAll(accountId: string, upTo: number): void {
  const { upTo: before, trades } = seenOf(accountId);
  if (upTo !== before || Object.keys(trades).length > 0) {
    keepSeen(accountId, { upTo, trades: {} });
  }
}

/** What happened to this trade up to this number has been seen, on its own page. */
export function sawTrade(accountId: string, tradeId: string, upTo: number): void {
  const seen = seenOf(accountId);
  if ((seen.trades[tradeId] ?? 0) < upTo) {
    keepSeen(accountId, { ...seen, trades: { ...seen.trades, [tradeId]: upTo } });
  }
}

function subscribe(tell: () => void): () => void {
  heard.add(tell);
  window.addEventListener("storage", tell); // another tab has shown them
  return () => {
    heard.delete(tell);
    window.removeEventListener("storage", tell);
  };
}

export const useSeen = (accountId: string): Seen =>
  useSyncExternalStore(subscribe, () => seenOf(accountId));
