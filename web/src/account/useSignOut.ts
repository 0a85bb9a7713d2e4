import { useMutation, useMutationState } from "@tanstack/react-query";

import { lock } from "./opened.ts";
import { currentSession, keepSession, type Session } from "./session.ts";

const KEY = ["sign-out"];

/** Signs out: here at once, then at the exchange, which may be out of reach. */
export function useSignOut(): () => void {
  const { mutate } = useMutation({
    mutationKey: KEY,
    mutationFn: async (session: Session) => {
      const { endAtExchange } = await import("./signIn.ts");
      await endAtExchange(session);
    },
  });
  return () => {
    const session = currentSession();
    lock();
    keepSession(null);
    if (session !== null) {
      mutate(session);
    }
  };
}

/** Until when the exchange takes a session for alive of which it could not be told the end. */
export function useUntold(): string | null {
  const last = useMutationState({
    filters: { mutationKey: KEY },
    select: ({ state }) => ({
      failed: state.status === "error",
      until: (state.variables as Session | undefined)?.expiresAt ?? null,
    }),
  }).at(-1);
  return last?.failed ? last.until : null;
}
