import { infiniteQueryOptions, keepPreviousData, queryOptions } from "@tanstack/react-query";

import { api, told, type Schema } from "../api/client.ts";
import { setClock } from "../api/clock.ts";
import type { Trade } from "../trading/trader.ts";
import { OtherTrade } from "../verify/errors.ts";
import { isMismatch } from "./mismatches.tsx";

export type TradeState = Schema["TradeState"];

/** Nothing is left to be done in these, unless the chain takes something back. */
const OVER: ReadonlySet<TradeState> = new Set([
  "completed",
  "expired",
  "cancelled",
  "refunded",
  "resolved",
]);
const OPEN = [
  "awaiting_escrow",
  "escrowed",
  "payment_sent",
  "releasing",
  "refunding",
  "disputed",
  "splitting",
] as const satisfies readonly TradeState[];

export const isOver = (trade: Trade): boolean => OVER.has(trade.state);

/** What the stream tells is read anew at once; this is for when it is down, or not up yet. */
const POLL_MS = 30_000;
/** While blocks are counted. */
const HURRIED_MS = 5_000;
const PAGE = 50;
const LARGEST_PAGE = 100;

function pauseMs(trade: Trade | undefined): number | false {
  if (trade === undefined || (isOver(trade) && !isMoving(trade))) {
    return false;
  }
  return isMoving(trade) ? HURRIED_MS : POLL_MS;
}

/** Whether something is on its way to the chain, or not deep in it yet. */
export const isMoving = (trade: Trade): boolean =>
  trade.escrow.state.endsWith("ing") ||
  trade.escrow.lock?.state === "sent" ||
  trade.escrow.lock?.state === "waiting" ||
  trade.state === "releasing" ||
  trade.state === "splitting" ||
  // No event tells of these two: the seller's request gets to the chain, and the buyer's answer.
  (trade.state === "refunding" && trade.escrow.cancel_at === null) ||
  (trade.state === "payment_sent" && trade.escrow.cancel_at !== null);

/** One trade as its viewer sees it; it sets the clock on the way. Throws `OtherTrade`. */
export const tradeQuery = (id: string) =>
  queryOptions({
    queryKey: ["account", "trade", id],
    queryFn: async () => {
      const trade = told(
        await api.GET("/v1/trades/{trade_id}", { params: { path: { trade_id: id } } }),
      );
      if (trade.id !== id.toLowerCase()) {
        throw new OtherTrade(`It was ${id}, it is ${trade.id}.`);
      }
      setClock(trade.viewer.server_now);
      return trade;
    },
    refetchInterval: ({ state }) => pauseMs(state.data),
  });

export const historyQuery = (id: string) =>
  queryOptions({
    queryKey: ["account", "trade", id, "history"],
    queryFn: async () =>
      told(
        await api.GET("/v1/trades/{trade_id}/history", {
          params: { path: { trade_id: id }, query: { limit: 200 } },
        }),
      ).data,
  });

/** What the chain says of a trade's escrow. What reads and checks it is fetched when it is needed. */
export const escrowQuery = (trade: Trade) => {
  const { id, chain_id, contract, terms, state, tx_hash } = trade.escrow;
  return queryOptions({
    // All that is held against the chain, so that another word of the exchange is looked at anew.
    queryKey: [
      ...["account", "trade", trade.id, "escrow", id],
      { chain_id, contract, terms, state, tx_hash },
    ],
    queryFn: async () => {
      const { seeEscrow } = await import("../trading/seeEscrow.ts");
      return seeEscrow(trade);
    },
    // That the exchange's word does not hold is known at once.
    retry: (failures, error) => failures < 1 && !isMismatch(error),
    placeholderData: keepPreviousData,
    refetchInterval: pauseMs(trade),
  });
};

/** All trades, the newest first, page by page. */
export const tradesQuery = infiniteQueryOptions({
  queryKey: ["account", "trades"],
  queryFn: ({ pageParam }) => page({ limit: PAGE, cursor: pageParam }),
  initialPageParam: null as string | null,
  getNextPageParam: (last) => last.next_cursor,
});

/**
 * Every trade that is not over, for those who have more trades than one page: an old one that
 * waits must not be missed because newer ones are done.
 */
export const openTradesQuery = queryOptions({
  queryKey: ["account", "trades", "open"],
  queryFn: async () => (await Promise.all(OPEN.map(allIn))).flat(),
});

async function allIn(state: TradeState): Promise<Trade[]> {
  const found: Trade[] = [];
  let cursor: string | null = null;
  do {
    const next: Schema["TradePage"] = await page({ state, limit: LARGEST_PAGE, cursor });
    found.push(...next.data);
    cursor = next.next_cursor;
  } while (cursor !== null);
  return found;
}

async function page(query: { limit: number; cursor: string | null; state?: TradeState }) {
  const { cursor, ...rest } = query;
  const answer = told(
    await api.GET("/v1/trades", { params: { query: { ...rest, ...(cursor && { cursor }) } } }),
  );
  const first = answer.data[0];
  if (first !== undefined) {
    setClock(first.viewer.server_now);
  }
  return answer;
}

/** How a method's fields are called; it asks for no more. */
export const methodFormQuery = (code: string, locale: string) =>
  queryOptions({
    queryKey: ["method-form", code, locale],
    queryFn: async () => {
      const language = FORM_LANGUAGES.find((known) => known === locale) ?? "en";
      const answer = told(
        await api.GET("/v1/payment-methods/{code}", {
          params: { path: { code }, query: { language, fields: "code,name,fields" } },
        }),
      );
      return { name: answer.name, labels: new Map(answer.fields.map((f) => [f.name, f.label])) };
    },
    staleTime: Infinity,
  });

const FORM_LANGUAGES = ["en", "es", "pt", "fr", "de", "ru", "zh", "hi"] as const;
