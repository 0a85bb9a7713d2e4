import { useCallback, useRef, useState } from "react";

import { SigningRefused } from "../wallet/errors.ts";
import { isRefusal } from "./problems.ts";

export interface Action<Said> {
  /** Does nothing while it is under way. */
  run(said: Said): void;
  readonly pending: boolean;
  readonly error: Error | null;
  /** What was begun, also by an earlier visit, and never heard the end of; only where it is kept. */
  readonly left: Said | null;
  /** Takes the error away, where what it was about has changed. */
  forget(): void;
  /** Does not go on with what was left. */
  drop(): void;
}

interface Intent {
  readonly text: string;
  readonly once: string;
  readonly at: number;
}

/** The exchange knows a key for 48 hours; after that the same key would begin anew. */
const KEPT_MS = 40 * 3_600_000;

/**
 * Something that the reader does: once at a time, however often he clicks, and under one
 * idempotency key for as long as he says the same, so that a retry after a lost answer does
 * nothing twice. Leaving one's wallet is no failure.
 *
 * @param kept a name under which an intent outlives this page, until it is known what became of it.
 */
export function useAction<Said>(
  act: (said: Said, once: string) => Promise<void>,
  kept?: string,
): Action<Said> {
  const [pending, setPending] = useState(false);
  const [error, setError] = useState<Error | null>(null);
  const [left, setLeft] = useState<Intent | null>(() => read(kept));
  const busy = useRef(false);
  const intent = useRef(left);
  const latest = useRef(act);
  latest.current = act;

  const run = useCallback(
    async (said: Said) => {
      if (busy.current) {
        return;
      }
      busy.current = true;
      const text = JSON.stringify(said) ?? "";
      const before = intent.current?.text === text ? intent.current : null;
      const now = before ?? { text, once: crypto.randomUUID(), at: Date.now() };
      intent.current = now;
      write(kept, now);
      setPending(true);
      setError(null);
      try {
        await latest.current(said, now.once);
        intent.current = null;
        write(kept, null);
        setLeft(null);
      } catch (failure) {
        // Said no to, or never signed: it is known that nothing came of it.
        if (isRefusal(failure) || (failure instanceof SigningRefused && before === null)) {
          write(kept, null);
          setLeft(null);
        } else if (kept !== undefined) {
          setLeft(now);
        }
        if (!(failure instanceof SigningRefused)) {
          setError(failure instanceof Error ? failure : new Error(String(failure)));
        }
      } finally {
        busy.current = false;
        setPending(false);
      }
    },
    [kept],
  );
  const forget = useCallback(() => setError(null), []);
  const drop = useCallback(() => {
    intent.current = null;
    write(kept, null);
    setLeft(null);
    setError(null);
  }, [kept]);
  return {
    run: (said) => void run(said),
    pending,
    error,
    left: left === null ? null : (JSON.parse(left.text) as Said),
    forget,
    drop,
  };
}

const key = (name: string) => `tradepost.intent.${name}`;

function read(name: string | undefined): Intent | null {
  try {
    const text = name === undefined ? null : localStorage.getItem(key(name));
    const intent = text === null ? null : (JSON.parse(text) as Intent);
    return intent !== null && Date.now() - intent.at < KEPT_MS ? intent : null;
  } catch {
    return null; // nothing can be kept here, or it is not what this page wrote
  }
}

function write(name: string | undefined, intent: Intent | null): void {
  try {
    if (name !== undefined && intent !== null) {
      localStorage.setItem(key(name), JSON.stringify(intent));
    } else if (name !== undefined) {
      localStorage.removeItem(key(name));
    }
  } catch {
    // then it lives as long as this page
  }
}
