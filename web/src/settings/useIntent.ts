import { useRef } from "react";

/**
 * The idempotency key of what the reader means to do: the same at each try, until it is done or
 * means something else. `said` is what is asked for.
 */
export function useIntent(): { header: (said: unknown) => Header; done: () => void } {
  const intent = useRef<{ said: string; key: string } | null>(null);
  return {
    header: (said) => {
      const text = JSON.stringify(said);
      if (intent.current?.said !== text) {
        intent.current = { said: text, key: crypto.randomUUID() };
      }
      return { "idempotency-key": intent.current.key };
    },
    done: () => {
      intent.current = null;
    },
  };
}

interface Header {
  "idempotency-key": string;
}
