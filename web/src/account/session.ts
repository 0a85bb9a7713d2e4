import { useSyncExternalStore } from "react";

import type { Schema } from "../api/client.ts";
import { serverNowMs } from "../api/clock.ts";

/** Who is signed in on this device, and as whom he may act until when. */
export interface Session {
  readonly account: Schema["AccountAnswer"];
  readonly token: string;
  readonly expiresAt: string;
  /** The wallet that this device signs with. */
  readonly wallet: string;
}

/** Whose session has ended by itself: he gets back by one sign-in. */
export type Ended = Pick<Session, "account" | "wallet">;

const KEY = "tradepost.session";
const ENDED = "tradepost.ended";
const heard = new Set<() => void>();
const session = reader<Session>(KEY);
const ended = reader<Ended>(ENDED);

/** Reads a kept object; the same text is the same object, as React wants it. */
function reader<T>(key: string): () => T | null {
  let text: string | null = null;
  let value: T | null = null;
  return () => {
    const now = localStorage.getItem(key);
    if (now !== text) {
      text = now;
      value = parse<T>(now);
    }
    return value;
  };
}

function parse<T>(text: string | null): T | null {
  try {
    return text === null ? null : (JSON.parse(text) as T);
  } catch {
    return null;
  }
}

/** The session of this device; null where nobody is signed in, or it has run out. */
export function currentSession(): Session | null {
  const kept = session();
  // By the exchange's clock, which has set the time: this device's may be wrong.
  return kept !== null && Date.parse(kept.expiresAt) > serverNowMs() ? kept : null;
}

/** Whose session ended without his doing; null while one lives, and after he has signed out. */
export function endedSession(): Ended | null {
  return currentSession() === null ? (ended() ?? session()) : null;
}

/** Begins a session on this device, or ends it because the reader leaves. */
export function keepSession(begun: Session | null): void {
  localStorage.removeItem(ENDED);
  if (begun === null) {
    localStorage.removeItem(KEY);
  } else {
    localStorage.setItem(KEY, JSON.stringify(begun));
  }
  heard.forEach((tell) => tell());
}

/** Ends the session because the exchange does not know it any more, or its time is over. */
export function endSession(): void {
  const kept = session();
  if (kept !== null) {
    const { account, wallet } = kept;
    localStorage.setItem(ENDED, JSON.stringify({ account, wallet } satisfies Ended));
    localStorage.removeItem(KEY);
  }
  heard.forEach((tell) => tell());
}

/** Calls `tell` whenever the session begins or ends, here or in another tab. */
export function onSessionChange(tell: () => void): () => void {
  heard.add(tell);
  window.addEventListener("storage", tell); // another tab has signed in or out
  return () => {
    heard.delete(tell);
    window.removeEventListener("storage", tell);
  };
}

/** The session, and again whenever it begins or ends. */
export const useSession = (): Session | null =>
  useSyncExternalStore(onSessionChange, currentSession);

/** Whose session ended by itself, and again whenever that changes. */
export const useEnded = (): Ended | null => useSyncExternalStore(onSessionChange, endedSession);
