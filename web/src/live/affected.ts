import type { QueryKey } from "@tanstack/react-query";

import type { Schema } from "../api/client.ts";

const ALL: QueryKey = ["account"];
const EVENTS: QueryKey = ["account", "events"];

/** The keys of what an event of the account may have changed; what is not known changes all. */
export function affected(event: unknown): readonly QueryKey[] {
  const { type, payload } = (event ?? {}) as Partial<Schema["EventAnswer"]>;
  switch (typeof type === "string" ? type.split(".")[0] : undefined) {
    case "trade":
      return [
        EVENTS,
        ["account", "trades"],
        typeof payload?.["trade_id"] === "string"
          ? ["account", "trade", payload["trade_id"]]
          : ["account", "trade"],
        // A trade takes from an offer or gives back to it, and moves coins.
        ["account", "offers"],
        ["account", "balances"],
      ];
    case "offer":
      return [EVENTS, ["account", "offers"]];
    case "saved":
      return [EVENTS];
    case "confirmation":
      return [EVENTS, ["account", "confirmations"]];
    case "webhook":
      return [EVENTS, ["account", "webhooks"]];
    default:
      return [ALL];
  }
}
