import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";

import { api, told, type Schema } from "../api/client.ts";
import { keepSeen, seenOf } from "./seen.ts";

export type AccountEvent = Schema["EventAnswer"];

const PAGE = 20;
/** As many as the exchange tells at once. */
const MOST = 100;

async function read(after: number, limit: number): Promise<readonly AccountEvent[]> {
  const answer = await api.GET("/v1/account/events", { params: { query: { after, limit } } });
  return told(answer).data;
}

const exists = async (seq: number) => seq <= 0 || (await read(seq - 1, 1)).length > 0;

/**
 * The number of the account's newest event; 0 where there is none. `known` is one that was there
 * once: the exchange counts on from it, unless it was brought back from an older state.
 *
 * Events are told in order, the oldest first, and their numbers have no gap: so the newest is
 * looked for in steps that double, and then by halving.
 */
export async function findNewest(known: number): Promise<number> {
  let low = (await exists(known)) ? known : 0;
  const next = await read(low, MOST);
  if (next.length < MOST) {
    return next.at(-1)?.seq ?? low;
  }
  low += MOST;
  let step = MOST;
  while (await exists(low + step)) {
    low += step;
    step *= 2;
  }
  let none = low + step;
  while (none - low > 1) {
    const middle = Math.floor((low + none) / 2);
    if (await exists(middle)) {
      low = middle;
    } else {
      none = middle;
    }
  }
  return low;
}

/** What the reader of this device has not seen yet, the oldest first: the newest 100 of it. */
export const unseenQuery = (accountId: string) =>
  queryOptions({
    queryKey: ["account", "events", "unseen", accountId],
    queryFn: async () => {
      const { upTo } = seenOf(accountId);
      if (upTo !== null) {
        const unseen = await read(upTo, MOST);
        const last = unseen.at(-1)?.seq ?? 0;
        return unseen.length < MOST ? unseen : read((await findNewest(last)) - MOST, MOST);
      }
      // A device that is new to the account begins now: what was before is in the list.
      keepSeen(accountId, { upTo: await findNewest(0), trades: {} });
      return [];
    },
  });

/** All that happened to the account, the newest first. */
export const eventsQuery = (accountId: string) =>
  infiniteQueryOptions({
    queryKey: ["account", "events", "list", accountId],
    queryFn: async ({ pageParam }) => {
      const last = pageParam ?? (await findNewest(seenOf(accountId).upTo ?? 0));
      const after = Math.max(0, last - PAGE);
      const events = last > 0 ? await read(after, last - after) : [];
      return { last, after, events: events.toReversed() };
    },
    initialPageParam: null as number | null,
    getNextPageParam: (page) => (page.after > 0 ? page.after : null),
  });

/** The trade that an event is about; it is of the account, so it is the account's to read. */
export const tradeQuery = (id: string) =>
  queryOptions({
    queryKey: ["account", "trade", id],
    queryFn: async () =>
      told(await api.GET("/v1/trades/{trade_id}", { params: { path: { trade_id: id } } })),
  });

/** A text of an event's payload, where it has one of this name. */
export function said(event: AccountEvent, name: string): string | undefined {
  const value = event.payload[name];
  return typeof value === "string" ? value : undefined;
}
