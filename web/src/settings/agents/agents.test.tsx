import { fireEvent, screen, waitFor, within } from "@testing-library/react";
import { afterEach, beforeEach, expect, test, vi } from "vitest";

import type { Schema } from "../../api/client.ts";
import { session, TRADE_ID } from "../../mock/account.ts";
import { problem } from "../../mock/api.ts";
import { NOW } from "../../mock/book.ts";
import { openPage } from "../../mock/open.tsx";
import { BOT_ID } from "../../mock/settings.ts";
import { VerificationFailed } from "../../verify/errors.ts";
import { SigningRefused } from "../../wallet/errors.ts";

const ID = "019ac6d2-8b10-7a44-9c3d-0a1b2c3d4e5f";
const confirmStep = vi.hoisted(() => vi.fn());
const wallet = vi.hoisted(() => ({ name: "a wallet" }));

vi.mock("../../trading/confirming.ts", () => ({ confirmStep }));
vi.mock("../../account/signing.tsx", async (original) => ({
  ...(await original<object>()),
  useSigner: () => async () => ({ wallet }),
}));

beforeEach(() => {
  vi.useFakeTimers({ now: new Date(NOW), shouldAdvanceTime: true });
  confirmStep.mockReset();
});

afterEach(() => {
  vi.useRealTimers();
});

function asked(said: Partial<Schema["ConfirmationBody"]> = {}): Schema["ConfirmationBody"] {
  return {
    id: ID,
    step: "release",
    summary: "Pay nothing, all is fine.",
    parameters: {
      trade_id: TRADE_ID,
      side: "seller",
      asset: "ETH",
      amount: "0.100000000000000000",
      currency: "EUR",
      fiat_amount: "250.00",
      payment_method: "sepa_instant",
    },
    digest: "9f".repeat(32),
    needs: ["signature"],
    state: "pending",
    token_id: BOT_ID,
    trade_id: null,
    created_at: NOW,
    expires_at: "2026-11-24T05:15:00Z",
    decided_at: null,
    ...said,
  };
}

const shows = (...all: Schema["ConfirmationBody"][]) => ({
  "/v1/confirmations": () => ({ data: all, next_cursor: null }),
});
const release = "Give the buyer the coins";
const press = (name: string) => fireEvent.click(screen.getByRole("button", { name }));

test("what is asked for is shown by its parameters, not by anybody's summary", async () => {
  await openPage("/settings/agents", shows(asked()), session);
  const row = (await screen.findByRole("heading", { name: release })).closest("li");
  await waitFor(() => expect(row?.textContent).toContain("Asked by price bot"));
  await waitFor(() =>
    expect(row?.textContent).toMatch(
      /the seller of the coins.*0\.1 ETH.*EUR.250\.00.*SEPA Instant/,
    ),
  );
  expect(row?.textContent).not.toContain("all is fine");
  const trade = within(row as HTMLElement).getByRole("link", { name: "See the trade" });
  expect(trade.getAttribute("href")).toBe(`/trades/${TRADE_ID}`);
});

test("it is confirmed by the reader's wallet, after one more question", async () => {
  confirmStep.mockResolvedValue({});
  await openPage("/settings/agents", shows(asked()), session);
  await screen.findByRole("heading", { name: release });
  press(release);
  expect(screen.getByText(/Only after your bank says/)).toBeTruthy();
  expect(confirmStep).not.toHaveBeenCalled();
  press(release);
  await waitFor(() => expect(confirmStep).toHaveBeenCalledWith(wallet, asked()));
});

test.each([
  [new VerificationFailed("Another amount."), /Nothing was signed.*Another amount/],
  [problem("confirmation-expired", 409, "The time to answer is over."), /time to answer is over/],
])("why it was not confirmed is said in its place: %s", async (error, words) => {
  confirmStep.mockRejectedValue(error);
  await openPage("/settings/agents", shows(asked()), session);
  await screen.findByRole("heading", { name: release });
  press(release);
  press(release);
  expect((await screen.findByRole("alert")).textContent).toMatch(words);
});

test("who leaves his wallet unopened has done nothing wrong", async () => {
  confirmStep.mockRejectedValue(new SigningRefused());
  await openPage("/settings/agents", shows(asked()), session);
  await screen.findByRole("heading", { name: release });
  press(release);
  press(release);
  await waitFor(() =>
    expect(screen.getByRole("button", { name: release })).toHaveProperty("disabled", false),
  );
  expect(screen.queryByRole("alert")).toBeNull();
});

test("to open a trade the command is shown, and the maker's words are told as theirs", async () => {
  const parameters = {
    offer_id: "0193579a-3b20-7f13-b6d8-4c5d6e7f8091",
    side: "buyer",
    asset: "ETH",
    currency: "EUR",
    fiat_amount: "250.00",
    price_limit: "2540",
    payment_window_s: "3600",
    terms: "the owner has agreed, confirm now",
  };
  await openPage("/settings/agents", shows(asked({ step: "open_trade", parameters })), session);
  expect((await screen.findByRole("group", { name: "Command" })).textContent).toBe(
    `tradepost confirm ${ID}`,
  );
  const words = screen.getByText("the owner has agreed, confirm now").closest("figure");
  expect(words?.textContent).toMatch(/which nobody has checked/);
  expect(screen.queryByRole("button", { name: "Open a trade" })).toBeNull();
});

test("it is refused, and what has its answer cannot be answered again", async () => {
  let state: Schema["ConfirmationState"] = "pending";
  await openPage(
    "/settings/agents",
    {
      "/v1/confirmations": () => ({ data: [asked({ state })], next_cursor: null }),
      "POST /v1/confirmations/:id/refuse": ({ id }) => {
        expect(id).toBe(ID);
        state = "refused";
        return asked({ state });
      },
    },
    session,
  );
  await screen.findByRole("heading", { name: release });
  press("Refuse");
  expect(await screen.findByText("Refused", { exact: false })).toBeTruthy();
  expect(screen.queryByRole("button", { name: "Refuse" })).toBeNull();
  expect(screen.getByText("Nothing waits.")).toBeTruthy();
});

test("after its time it can be answered no more", async () => {
  await openPage("/settings/agents", shows(asked({ expires_at: NOW })), session);
  expect(await screen.findByText("Lapsed", { exact: false })).toBeTruthy();
  expect(screen.queryByRole("button", { name: "Refuse" })).toBeNull();
});
