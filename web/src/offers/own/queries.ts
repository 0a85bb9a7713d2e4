import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";

import { api, told, type Schema } from "../../api/client.ts";

export type Own = Schema["OwnOfferAnswer"];

const PAGE = 20;
const LOOKED_AT = 100;

/** The reader's offers in any state, the newest first. */
export const myOffersQuery = infiniteQueryOptions({
  queryKey: ["account", "offers"],
  queryFn: async ({ pageParam }) =>
    told(
      await api.GET("/v1/my/offers", {
        params: { query: { limit: PAGE, ...(pageParam && { cursor: pageParam }) } },
      }),
    ),
  initialPageParam: "",
  getNextPageParam: (last) => last.next_cursor,
});

/** The reader's newest offers over whose coins another one can be: to sell, in the coin. */
export const sharableQuery = (asset: string) =>
  queryOptions({
    queryKey: ["account", "offers", "sharable", asset],
    queryFn: async () =>
      told(await api.GET("/v1/my/offers", { params: { query: { limit: LOOKED_AT } } })).data.filter(
        (offer) =>
          offer.state !== "closed" &&
          offer.direction === "sell" &&
          offer.asset === asset &&
          offer.amount_unit === "asset",
      ),
  });

/** Whom the reader has named as trusted partners. */
export const partnersQuery = queryOptions({
  queryKey: ["account", "partners"],
  queryFn: async () => told(await api.GET("/v1/my/partners")).data,
});
