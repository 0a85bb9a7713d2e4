import { useSyncExternalStore } from "react";

import type { Schema } from "../api/client.ts";

/** Who is signed in on this device, and as whom he may act until when. */
export interface Session {
  readonly account: Schema["AccountAnswer"];
  readonly token: string;
  readonly expiresAt: string;
  /** The wallet that this device signs with. */
  readonly wallet: string;
}

const KEY = "tradepost.session";
const heard = new Set<() => void>();
let read: { text: string | null; session: Session | null } = { text: null, session: null };

/** The session of this device; null where nobody is signed in, or it has run out. */
export function currentSession(): Session | null {
  const text = localStorage.getItem(KEY);
  if (text !== read.text) {
    read = { text, session: parse(text) };
  }
  const { session } = read;
  return session !== null && Date.parse(session.expiresAt) > Date.now() ? session : null;
}

function parse(text: string | null): Session | null {
  try {
    return text === null ? null : (JSON.parse(text) as Session);
  } catch {
    return null;
  }
}

/** Begins a session on this device, or ends it. */
export function keepSession(session: Session | null): void {
  if (session === null) {
    localStorage.removeItem(KEY);
  } else {
    localStorage.setItem(KEY, JSON.stringify(session));
  }
  heard.forEach((tell) => tell());
}

function subscribe(tell: () => void): () => void {
  heard.add(tell);
  window.addEventListener("storage", tell); // another tab has signed in or out
  return () => {
    heard.delete(tell);
    window.removeEventListener("storage", tell);
  };
}

/** The session, and again whenever it begins or ends. */
export const useSession = (): Session | null => useSyncExternalStore(subscribe, currentSession);
