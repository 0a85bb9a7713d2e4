import { fireEvent, screen, within } from "@testing-library/react";
import { vi } from "vitest";

import type { OpenSigner } from "../account/signing.tsx";
import type { Path } from "./api.ts";
import { openPage } from "./open.tsx";
import { mockSigner } from "./tradeSigner.ts";
import { trader } from "./trades.ts";
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
  await screen.findByRole("heading", { level: 1 }, { timeout: 5_000 });
  return page;
}

/** What `useSigner` gives in a test that mocks it. */
export const signing: { open: OpenSigner } = { open: () => Promise.reject(new Error("Nobody.")) };

/** Opens a trade for its viewer to act; it is as `after` once `becomes` was told of a deed. */
export async function openActing(before: Trade, after: Trade = before) {
  let now = before;
  const next = { ...after, id: before.id };
  const mock = mockSigner(next);
  signing.open = vi.fn(() => Promise.resolve(mock.signer));
  const becomes = <T,>(deed: { mockImplementation(to: () => Promise<T>): unknown }, answer: T) =>
    deed.mockImplementation(() => {
      now = next;
      return Promise.resolve(answer);
    });
  await openTrade(() => now, {
    "POST /v1/trades/:id/dispute": () => {
      now = next;
      return next;
    },
  });
  return { ...mock, becomes, next };
}

type Within = Pick<ReturnType<typeof within>, "findByRole">;

export const press = async (name: RegExp | string, inside: Within = screen) =>
  fireEvent.click(await inside.findByRole("button", { name }));

export const dialog = async () => within(await screen.findByRole("dialog"));
