import { infiniteQueryOptions, keepPreviousData, queryOptions } from "@tanstack/react-query";

import { api, told } from "../api/client.ts";
import { isAmount, type BookSearch, type Pair } from "./search.ts";

const PAGE = 20;

/** The filters as the exchange knows them: it is asked for makers who do the opposite. */
function filters(search: BookSearch, pair: Pair) {
  const amount = search.amount !== undefined && isAmount(search.amount) ? search.amount : undefined;
  return {
    direction: search.direction === "sell" ? ("buy" as const) : ("sell" as const),
    ...pair,
    ...(amount && (search.unit === "asset" ? { amount } : { fiat_amount: amount })),
    ...(search.funded && { funded: true }),
    ...(search.online && { online: true }),
  };
}

/** The offers that a search finds, the best price first. */
export const bookQuery = (search: BookSearch, pair: Pair) =>
  infiniteQueryOptions({
    queryKey: ["live", "book", search, pair],
    queryFn: async ({ pageParam }) =>
      told(
        await api.GET("/v1/offers", {
          params: {
            query: {
              ...filters(search, pair),
              ...(search.method && { payment_method: [search.method] }),
              ...(pageParam && { cursor: pageParam }),
              limit: PAGE,
            },
          },
        }),
      ),
    initialPageParam: "",
    getNextPageParam: (last) => last.next_cursor,
    placeholderData: keepPreviousData,
  });

/** How many offers each payment method has, of those that the other filters find. */
export const facetsQuery = (search: BookSearch, pair: Pair) =>
  queryOptions({
    queryKey: ["live", "facets", { ...search, method: undefined }, pair],
    queryFn: async () =>
      told(await api.GET("/v1/offers/facets", { params: { query: filters(search, pair) } })),
    placeholderData: keepPreviousData,
  });

export const offerQuery = (id: string, link?: string) =>
  queryOptions({
    queryKey: ["live", "offer", id, link],
    queryFn: async () =>
      told(
        await api.GET("/v1/offers/{offer_id}", {
          params: { path: { offer_id: id }, query: link ? { link } : {} },
        }),
      ),
  });

/** What an amount of an offer costs, at a price that the exchange holds for a minute. */
export const quoteQuery = (id: string, amount: string, unit: "asset" | "currency", link?: string) =>
  queryOptions({
    queryKey: ["quote", id, amount, unit, link],
    queryFn: async () =>
      told(
        await api.GET("/v1/offers/{offer_id}/quote", {
          params: {
            path: { offer_id: id },
            query: {
              ...(unit === "asset" ? { amount } : { fiat_amount: amount }),
              ...(link && { link }),
            },
          },
        }),
      ),
    enabled: isAmount(amount),
    staleTime: 50_000,
  });
