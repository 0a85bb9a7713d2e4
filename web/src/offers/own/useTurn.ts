import { useQueryClient, type InfiniteData } from "@tanstack/react-query";

import { api, told } from "../../api/client.ts";
import { problemOf } from "../../api/problems.ts";
import { useAction, type Action } from "../../api/useAction.ts";
import { myOffersQuery, type Own } from "./queries.ts";

/** What moves an offer from one state to another. */
export type Turn = "pause" | "resume" | "close";

const AFTER = { pause: "paused", resume: "active", close: "closed" } as const;

type Pages = InfiniteData<{ data: Own[]; next_cursor: string | null }, string>;

/** Puts an offer as the exchange now tells it into the list, and has what shows it read anew. */
export function useReplace(): (offer: Own) => void {
  const client = useQueryClient();
  return (offer) => {
    client.setQueryData<Pages>(
      myOffersQuery.queryKey,
      (old) =>
        old && {
          ...old,
          pages: old.pages.map((page) => ({
            ...page,
            data: page.data.map((each) => (each.id === offer.id ? offer : each)),
          })),
        },
    );
    void client.invalidateQueries({ queryKey: ["account", "offers"] });
    void client.invalidateQueries({ queryKey: ["live"] });
  };
}

/** Pauses an offer, resumes or closes it. */
export function useTurn(offer: Own): Action<Turn> {
  const client = useQueryClient();
  const replace = useReplace();
  return useAction<Turn>(async (turn, once) => {
    const params = { path: { offer_id: offer.id }, header: { "idempotency-key": once } };
    try {
      replace(told(await ask(turn, params)));
    } catch (error) {
      await client.invalidateQueries({ queryKey: myOffersQuery.queryKey });
      // It may be so already: by another device, or by a try whose answer was lost.
      const { data } = await api.GET("/v1/offers/{offer_id}", {
        params: { path: { offer_id: offer.id } },
      });
      if (problemOf(error) !== "offer-state-conflict" || data?.state !== AFTER[turn]) {
        throw error;
      }
    }
  });
}

interface Params {
  path: { offer_id: string };
  header: { "idempotency-key": string };
}

function ask(turn: Turn, params: Params): Promise<{ data?: Own }> {
  switch (turn) {
    case "pause":
      return api.POST("/v1/offers/{offer_id}/pause", { params });
    case "resume":
      return api.POST("/v1/offers/{offer_id}/resume", { params });
    case "close":
      return api.POST("/v1/offers/{offer_id}/close", { params });
  }
}
