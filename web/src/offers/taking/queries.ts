import { queryOptions } from "@tanstack/react-query";

import { api, told, type Schema } from "../../api/client.ts";

const LOOKED_AT = 100;

/** Whether an offer's maker is there now; null of an offer that is not in the book. */
export const makerQuery = (offer: Schema["OfferAnswer"]) =>
  queryOptions({
    queryKey: ["live", "maker", offer.id],
    queryFn: async () => {
      const { direction, asset, currency, maker } = offer;
      const query = { direction, asset, currency, maker: maker.id, limit: LOOKED_AT };
      const { data } = told(await api.GET("/v1/offers", { params: { query } }));
      return data.find(({ id }) => id === offer.id)?.maker_online ?? null;
    },
  });
