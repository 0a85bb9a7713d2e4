import { useQueryClient, type QueryKey } from "@tanstack/react-query";
import { useEffect } from "react";

import { useSession } from "../account/session.ts";
import { api, told } from "../api/client.ts";
import { affected } from "./affected.ts";
import { follow } from "./stream.ts";
import { setUp } from "./up.ts";

/** What comes together is read together. */
const PAUSE_MS = 200;
/** How often all is read anew while the stream is down. */
const POLL_MS = 30_000;

const ALL: QueryKey = ["account"];

/**
 * Keeps all that is read of the account fresh: the queries whose key begins with "account". The
 * shell mounts it once. `useUp` tells whether the stream is up.
 */
export function useAccountLive(): void {
  const client = useQueryClient();
  const session = useSession();
  const token = session?.token;
  useEffect(() => {
    if (token === undefined) {
      return undefined;
    }
    const due = new Map<string, QueryKey>();
    let timer: ReturnType<typeof setTimeout> | undefined;
    let poll: ReturnType<typeof setInterval> | undefined;
    let first = true;
    const readAnew = (keys: readonly QueryKey[]) => {
      keys.forEach((key) => due.set(JSON.stringify(key), key));
      timer ??= setTimeout(() => {
        timer = undefined;
        const asked = [...due.values()];
        due.clear();
        asked.forEach((queryKey) => void client.invalidateQueries({ queryKey }));
      }, PAUSE_MS);
    };
    const leave = follow(
      ["trades", "notifications"],
      {
        onMessage: (_, message) =>
          readAnew(affected((message as { event?: unknown } | null)?.event)),
        onGap: () => readAnew([ALL]),
        onState: (connected) => {
          setUp(connected);
          if (connected && first) {
            first = false;
            readAnew([ALL]); // what was read before the stream began may be old by now
          }
          clearInterval(poll);
          poll = connected ? undefined : setInterval(() => readAnew([ALL]), POLL_MS);
        },
      },
      { ticket: async () => told(await api.POST("/v1/stream/tickets")).ticket },
    );
    return () => {
      leave();
      clearTimeout(timer);
      clearInterval(poll);
      setUp(null);
    };
  }, [client, token]);
}
