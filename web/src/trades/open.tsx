import { screen } from "@testing-library/react";

import type { Path } from "../mock/api.ts";
import { openPage } from "../mock/open.tsx";
import { trader } from "../mock/trades.ts";
import type { Trade } from "../trading/trader.ts";

type Own = Parameters<typeof openPage>[1];

/** Opens the page of a trade for a test; `trade` may be what changes while it is open. */
export async function openTrade(trade: Trade | (() => Trade), own: Own = {}) {
  // A browser has these; this one has the element without them.
  HTMLDialogElement.prototype.showModal = function () {
    this.open = true;
  };
  HTMLDialogElement.prototype.close = function () {
    this.open = false;
  };
  const now = typeof trade === "function" ? trade : () => trade;
  const answers: Partial<Record<Path, () => unknown>> = { "/v1/trades/:id": now };
  const page = await openPage(`/trades/${now().id}`, { ...answers, ...own }, trader);
  await screen.findByRole("heading", { level: 1 });
  return page;
}
