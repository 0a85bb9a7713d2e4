import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";

import { api, told } from "../api/client.ts";

/** The live tokens and sessions of the account, the newest first. */
export const tokensQuery = queryOptions({
  queryKey: ["account", "tokens"],
  queryFn: async () => told(await api.GET("/v1/tokens")).data,
});

export const searchesQuery = queryOptions({
  queryKey: ["account", "searches"],
  queryFn: async () => told(await api.GET("/v1/saved-searches")).data,
});

export const webhooksQuery = queryOptions({
  queryKey: ["account", "webhooks"],
  queryFn: async () => told(await api.GET("/v1/webhooks")).data,
});

/** The log of a webhook, the newest message first. */
export const deliveriesQuery = (id: string) =>
  infiniteQueryOptions({
    queryKey: ["account", "webhooks", id, "deliveries"],
    queryFn: async ({ pageParam }) =>
      told(
        await api.GET("/v1/webhooks/{webhook_id}/deliveries", {
          params: {
            path: { webhook_id: id },
            query: { limit: 20, ...(pageParam !== null && { cursor: pageParam }) },
          },
        }),
      ),
    initialPageParam: null as string | null,
    getNextPageParam: (last) => last.next_cursor,
  });

/** What programs asked for lately, the newest first, with what became of it. */
export const confirmationsQuery = infiniteQueryOptions({
  queryKey: ["account", "confirmations"],
  queryFn: async ({ pageParam }) =>
    told(
      await api.GET("/v1/confirmations", {
        params: { query: { limit: 20, ...(pageParam !== null && { cursor: pageParam }) } },
      }),
    ),
  initialPageParam: null as string | null,
  getNextPageParam: (last) => last.next_cursor,
});
