import { fireEvent, screen, waitFor } from "@testing-library/react";
import { afterEach, beforeEach, expect, test, vi } from "vitest";

import type { ProblemError } from "../../api/client.ts";
import { problem } from "../../mock/api.ts";
import { NOW, offer } from "../../mock/book.ts";
import { session } from "../../mock/maker.ts";
import { openPage, openSignedIn, reopenPage } from "../../mock/open.tsx";
import { mockSigner } from "../../mock/signer.ts";
import type { Trade, Trader } from "../../trading/trader.ts";
import { SigningRefused } from "../../wallet/errors.ts";

const PAGE = `/offers/${offer().id}?amount=250`;
const TRADE = { id: "0193579a-9999-7f13-b6d8-4c5d6e7f8091" } as Trade;
const INTENT = `tradepost.intent.take.${session().account.id}.${offer().id}`;
type Take = Trader["takeOffer"];

beforeEach(() => {
  vi.useFakeTimers({ now: new Date(NOW), shouldAdvanceTime: true });
});

afterEach(() => {
  vi.useRealTimers();
});

const press = async (name: string) =>
  fireEvent.click(await screen.findByRole<HTMLButtonElement>("button", { name }));

async function toReview() {
  await waitFor(() => {
    const button = screen.getByRole<HTMLButtonElement>("button", { name: "Open trade" });
    expect(button.disabled).toBe(false);
  });
  await press("Open trade");
  await screen.findByRole("heading", { name: "Open this trade?" });
}

const seen = (said: Parameters<typeof offer>[0]) => ({
  "/v1/offers/:id": () => ({ ...offer(said), deposit_block: null }),
});

/** What the trader was asked to do, once for each time. */
const asked = (take: ReturnType<typeof vi.fn<Take>>) =>
  take.mock.calls.map(([, taking, once]) => ({ taking, once }));

test("who is not signed in comes back to the amount that he wrote", async () => {
  await openPage(PAGE);
  const amount = await screen.findByLabelText("Amount");
  fireEvent.change(amount, { target: { value: "300" } });
  await waitFor(() => expect(window.location.search).toContain("amount=300"));
  const then = screen.getByRole("link", { name: "Open trade" }).getAttribute("href") ?? "";
  const back = new URLSearchParams(then.split("?")[1]).get("then");
  expect(back).toBe(`/offers/${offer().id}?amount=300&method=sepa_instant`);
});

test("an offer is taken as it was reviewed, at the price that is held, once", async () => {
  const take = vi.fn<Take>(() => Promise.resolve(TRADE));
  await openSignedIn(PAGE, {}, mockSigner({ takeOffer: take }).asked);
  await toReview();
  expect(screen.getByText("You pay").nextSibling?.textContent).toMatch(/EUR\s250\.00/);
  expect(screen.getByText("You lock nothing.")).toBeTruthy();
  const button = screen.getByRole("button", { name: "Open the trade" });
  fireEvent.click(button);
  fireEvent.click(button);
  await waitFor(() => expect(window.location.pathname).toBe(`/trades/${TRADE.id}`));
  expect(take).toHaveBeenCalledTimes(1);
  expect(asked(take)[0]?.taking).toMatchObject({
    method: "sepa_instant",
    fiatAmount: "250",
    quote: { price: "2462.50", hold: "a-hold" },
  });
});

test("who sells is told what he locks, and that he chooses his account later", async () => {
  await openSignedIn(PAGE, seen({ direction: "buy" }), mockSigner().asked);
  await toReview();
  expect(screen.getByText(/You lock the coins within/).textContent).toMatch(/0\.5%/);
  expect(screen.getByText(/to which of your accounts he pays/)).toBeTruthy();
});

test("a price that is over is asked for again, and another one has to be accepted", async () => {
  let quotes = 0;
  const take = vi.fn<Take>(() => Promise.resolve(TRADE));
  await openSignedIn(
    PAGE,
    {
      "/v1/offers/:id/quote": () => {
        quotes += 1;
        return {
          price: quotes === 1 ? "2462.50" : "2470",
          premium_bps: null,
          amount: "0.1",
          fiat_amount: "250.00",
          rounded_for: "seller",
          held_until: new Date(Date.now() + 60_000).toISOString(),
          hold: `hold-${quotes}`,
          market: null,
        };
      },
    },
    mockSigner({ takeOffer: take }).asked,
  );
  await toReview();
  await vi.advanceTimersByTimeAsync(61_000);
  await press("Ask for the price again");
  expect((await screen.findByRole("alert")).textContent).toMatch(
    /from EUR\s2,462\.50 to EUR\s2,470/,
  );
  expect(screen.queryByRole("button", { name: "Open the trade" })).toBeNull();
  await press("Accept the new price");
  await press("Open the trade");
  await waitFor(() => expect(asked(take)[0]?.taking.quote.hold).toBe("hold-2"));
});

test("who says no in his wallet is where he was, and nothing is kept of it", async () => {
  const take = vi.fn<Take>(() => Promise.reject(new SigningRefused()));
  await openSignedIn(PAGE, {}, mockSigner({ takeOffer: take }).asked);
  await toReview();
  await press("Open the trade");
  await waitFor(() => expect(take).toHaveBeenCalled());
  expect(await screen.findByRole("button", { name: "Open the trade" })).toBeTruthy();
  expect(screen.queryByRole("alert")).toBeNull();
  expect(localStorage.getItem(INTENT)).toBeNull();
});

test("after a lost answer nothing else can be opened here; the same is sent under the same key", async () => {
  let lost = true;
  const take = vi.fn<Take>(() =>
    lost ? Promise.reject(new TypeError("Failed to fetch")) : Promise.resolve(TRADE),
  );
  const signer = mockSigner({ takeOffer: take }).asked;
  await openSignedIn(PAGE, {}, signer);
  await toReview();
  await press("Open the trade");
  expect(await screen.findByText(/its answer was never heard/)).toBeTruthy();
  expect(localStorage.getItem(INTENT)).not.toBeNull();
  expect(screen.queryByRole("button", { name: "Open the trade" })).toBeNull();

  // The page dies, and the price is not held any more.
  await vi.advanceTimersByTimeAsync(120_000);
  await reopenPage(PAGE, {}, signer);
  lost = false;
  await press("Find out what became of it");
  await waitFor(() => expect(window.location.pathname).toBe(`/trades/${TRADE.id}`));
  expect(asked(take)).toHaveLength(2);
  expect(asked(take)[1]).toEqual(asked(take)[0]);
  expect(localStorage.getItem(INTENT)).toBeNull();
});

test("a lost one that was refused in truth is told as that, and one can begin anew", async () => {
  const take = vi
    .fn<Take>()
    .mockRejectedValueOnce(new TypeError("Failed to fetch"))
    .mockRejectedValueOnce(problem("hold-invalid", 409, "The price is not held any more."))
    .mockResolvedValueOnce(TRADE);
  await openSignedIn(PAGE, {}, mockSigner({ takeOffer: take }).asked);
  await toReview();
  await press("Open the trade");
  await press("Find out what became of it");
  expect((await screen.findByRole("alert")).textContent).toMatch(/Nothing was opened/);
  await press("Open the trade");
  await waitFor(() => expect(take).toHaveBeenCalledTimes(3));
});

function refusal(name: string, facts: Record<string, unknown> = {}): ProblemError {
  const refused = problem(name, 409, `Words of ${name}.`);
  Object.assign(refused.problem ?? {}, facts);
  return refused;
}

test.each([
  [refusal("own-offer"), /is your own/],
  [refusal("offer-not-active"), /paused or closed it/],
  [
    refusal("offer-already-taken", { remaining_amount: "60.00 EUR" }),
    /faster: EUR\s60\.00 are left/,
  ],
  [refusal("outside-working-hours", { opens_at: "2026-11-24T08:00:00Z" }), /again from .*2026/],
  [refusal("taker-refused", { rule: "min_trades", needed: 5, yours: 2 }), /trades: 5\. You have 2/],
  [refusal("taker-refused", { rule: "min_account_age_days", needed: 30 }), /older than 30 days/],
  [refusal("taker-refused", { rule: "first_trade_limit" }), /first trade its maker gives/],
  [refusal("taker-refused", { rule: "countries" }), /in the countries/],
  [refusal("taker-refused", { rule: "something new" }), /Words of taker-refused/],
  [refusal("method-limit-exceeded"), /more than one trade may pay/],
  [refusal("too-many-open-trades"), /too many trades/],
  [refusal("escrow-impossible"), /Words of escrow-impossible/],
])("a refusal is told in words: %s", async (error, words) => {
  const take = vi.fn<Take>(() => Promise.reject(error));
  await openSignedIn(
    PAGE,
    seen({ first_trade_limit: "100" }),
    mockSigner({ takeOffer: take }).asked,
  );
  await toReview();
  await press("Open the trade");
  expect((await screen.findByRole("alert")).textContent).toMatch(words);
  // Nothing was opened: the same can be tried again at once.
  expect(screen.getByRole("button", { name: "Open the trade" })).toBeTruthy();
});

test("what stands in the way is told before", async () => {
  const { asked: signer } = mockSigner();
  await openSignedIn(PAGE, seen({ maker: { id: session().account.id, name: null } }), signer);
  expect(await screen.findByText("This offer is your own.")).toBeTruthy();
  expect(screen.queryByRole("button", { name: "Open trade" })).toBeNull();

  await openSignedIn(PAGE, seen({ min_account_age_days: 30 }), signer);
  expect(await screen.findByText(/yours is\s+younger/)).toBeTruthy();

  await openSignedIn(PAGE, seen({ state: "paused" }), signer);
  expect(await screen.findByText(/has paused this offer/)).toBeTruthy();
  expect(screen.queryByRole("button", { name: "Open trade" })).toBeNull();
});

test("an offer that asks for the country is told one", async () => {
  const take = vi.fn<Take>(() => Promise.resolve(TRADE));
  const own = seen({ taker_countries: ["DE", "FR"] });
  await openSignedIn(PAGE, own, mockSigner({ takeOffer: take }).asked);
  const country = await screen.findByLabelText("Where you are: its maker asks");
  await screen.findByText("You pay");
  const button = screen.getByRole<HTMLButtonElement>("button", { name: "Open trade" });
  expect(button.disabled).toBe(true);
  fireEvent.change(country, { target: { value: "elsewhere" } });
  expect(await screen.findByText(/in the countries that he names only/)).toBeTruthy();
  fireEvent.change(country, { target: { value: "FR" } });
  await toReview();
  await press("Open the trade");
  await waitFor(() => expect(asked(take)[0]?.taking.country).toBe("FR"));
});

test("an absent maker without coins in the contract, his hours and limits are told", async () => {
  const said = {
    funded: false,
    first_trade_limit: "250",
    working_hours: {
      time_zone: "Europe/Berlin",
      spans: [
        { day: "mon" as const, opens: "09:00", closes: "12:00" },
        { day: "mon" as const, opens: "13:00", closes: "24:00" },
      ],
    },
  };
  await openPage(PAGE, {
    ...seen(said),
    "/v1/offers": () => ({
      data: [offer({ maker_online: false })],
      next_cursor: null,
      market: null,
    }),
  });
  expect(await screen.findByText(/Its maker is away now/)).toBeTruthy();
  expect(screen.getByText(/coins are not in the contract yet/)).toBeTruthy();
  expect(screen.getByText(/For a first trade at most/).textContent).toMatch(/EUR\s250\.00/);
  expect(screen.getByText("09:00–12:00, 13:00–24:00").parentElement?.textContent).toMatch(
    /^Monday/,
  );
});
