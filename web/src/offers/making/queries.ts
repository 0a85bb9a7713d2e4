import { keepPreviousData, queryOptions } from "@tanstack/react-query";

import { api, told, type Schema } from "../../api/client.ts";
import { problemOf } from "../../api/problems.ts";
import { compareDecimals } from "../decimals.ts";
import type { Pair } from "../search.ts";
import type { Direction } from "./draft.ts";

/** As many offers as one page of the book has. */
const LOOKED_AT = 100;

/** The market's price with its sources; null where nobody quotes the pair, or not freshly. */
export const priceQuery = ({ asset, currency }: Pair) =>
  queryOptions({
    queryKey: ["live", "price", asset, currency],
    queryFn: async (): Promise<Schema["PriceDetailAnswer"] | null> => {
      try {
        const params = { path: { asset, currency } };
        return told(await api.GET("/v1/prices/{asset}/{currency}", { params }));
      } catch (error) {
        if (["pair-not-quoted", "price-unavailable", "not-found"].includes(problemOf(error))) {
          return null;
        }
        throw error;
      }
    },
  });

export interface Better {
  readonly count: number;
  /** Whether there are more than were looked at. */
  readonly more: boolean;
}

/** How many offers of the book a taker finds above one at this price. */
export const betterQuery = (direction: Direction, { asset, currency }: Pair, price: string) =>
  queryOptions({
    queryKey: ["live", "better", direction, asset, currency, price],
    queryFn: async (): Promise<Better> => {
      const query = { direction, asset, currency, limit: LOOKED_AT, fields: "price" };
      const { data } = told(await api.GET("/v1/offers", { params: { query } }));
      const sign = direction === "sell" ? 1 : -1;
      const count = data.filter((offer) => compareDecimals(offer.price, price) * sign < 0).length;
      return { count, more: count === LOOKED_AT };
    },
    placeholderData: keepPreviousData,
  });
