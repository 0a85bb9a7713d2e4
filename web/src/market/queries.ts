import { queryOptions } from "@tanstack/react-query";

import { api, told } from "../api/client.ts";
import type { Pair } from "../offers/search.ts";

const LEVELS = 40;
const TRADES = 20;

export const marketQuery = (pair: Pair) =>
  queryOptions({
    queryKey: ["live", "market", pair],
    queryFn: async () => {
      const params = { path: { ...pair } };
      const [market, depth, methods, trades] = await Promise.all([
        api.GET("/v1/markets/{asset}/{currency}", { params }),
        api.GET("/v1/markets/{asset}/{currency}/depth", {
          params: { ...params, query: { levels: LEVELS } },
        }),
        api.GET("/v1/markets/{asset}/{currency}/methods", { params }),
        api.GET("/v1/markets/{asset}/{currency}/trades", {
          params: { ...params, query: { limit: TRADES } },
        }),
      ]);
      return {
        market: told(market),
        depth: told(depth),
        methods: told(methods).data,
        trades: told(trades).data,
      };
    },
  });
