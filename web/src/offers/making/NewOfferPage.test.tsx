import { act, fireEvent, screen, waitFor } from "@testing-library/react";
import { afterEach, beforeEach, expect, test, vi } from "vitest";

import type { ProblemError } from "../../api/client.ts";
import { problem } from "../../mock/api.ts";
import { NOW, offer } from "../../mock/book.ts";
import { ownOffer } from "../../mock/maker.ts";
import { openPage, openSignedIn, reopenPage } from "../../mock/open.tsx";
import { paymentAccount } from "../../mock/payments.ts";
import { mockSigner } from "../../mock/signer.ts";
import { readBalances } from "../../trading/balances.ts";
import type { Trader } from "../../trading/trader.ts";
import { SigningRefused } from "../../wallet/errors.ts";

vi.mock("../../trading/balances.ts", () => ({ readBalances: vi.fn(() => Promise.resolve([])) }));

type Publish = Trader["publishOffer"];

beforeEach(() => {
  vi.useFakeTimers({ now: new Date(NOW), shouldAdvanceTime: true });
});

afterEach(() => {
  vi.useRealTimers();
});

const press = async (name: string | RegExp) =>
  fireEvent.click(await screen.findByRole("button", { name }));
const type = async (label: string | RegExp, value: string) =>
  fireEvent.change(await screen.findByLabelText(label), { target: { value } });
const step = () => new URLSearchParams(window.location.search).get("step");
const heading = (name: string) => screen.findByRole("heading", { level: 2, name });

/** From the first step to the review, with everything that is needed. */
async function fill() {
  await heading("Direction and coin");
  await press("Next");
  await heading("Price");
  await type(/Percent above the market/, "-1.5");
  await press("Next");
  await heading("Amounts and terms");
  await type(/Least at once/, "50");
  await type(/Most at once/, "250");
  await type(/Over all trades/, "1000");
  fireEvent.click(await screen.findByRole("checkbox", { name: /SEPA Instant/ }));
  await press("Next");
  await heading("As takers see it");
}

const SAID = {
  direction: "sell",
  asset: "ETH",
  currency: "EUR",
  margin_bps: -150,
  amount_unit: "currency",
  min_amount: "50",
  max_amount: "250",
  total_amount: "1000",
  payment_methods: ["sepa_instant"],
};

test("four steps make an offer, and each has its address", async () => {
  const publish = vi.fn<Publish>(() => Promise.resolve(ownOffer()));
  await openSignedIn("/offers/new", {}, mockSigner({ publishOffer: publish }).asked);
  await fill();
  expect(step()).toBe("4");
  expect(screen.getByText("SEPA Instant", { selector: "li > bdi" })).toBeTruthy();
  const button = screen.getByRole("button", { name: "Publish" });
  fireEvent.click(button);
  fireEvent.click(button);
  expect(await screen.findByText("Your offer is published.")).toBeTruthy();
  expect(publish).toHaveBeenCalledTimes(1);
  expect(publish.mock.calls[0]?.[0]).toMatchObject(SAID);
  expect(localStorage.getItem("tradepost.draft")).toBeNull();
});

test("back goes through the steps, and what was typed is still there", async () => {
  await openPage("/offers/new");
  await fill();
  act(() => window.history.back());
  expect(await heading("Amounts and terms")).toBeTruthy();
  expect((screen.getByLabelText(/Least at once/) as HTMLInputElement).value).toBe("50");
  act(() => window.history.back());
  expect(await heading("Price")).toBeTruthy();
});

test("a step is not left before what it needs is there, and the fault is told at its field", async () => {
  await openPage("/offers/new?step=1");
  await press("Next");
  await press("Next");
  expect(await screen.findByText(/Write percent with at most two digits/)).toBeTruthy();
  const margin = screen.getByLabelText(/Percent above the market/);
  expect(document.activeElement).toBe(margin);
  expect(margin.getAttribute("aria-invalid")).toBe("true");
  await type(/Percent above the market/, "1");
  await press("Next");
  await type(/Least at once/, "50");
  await type(/Most at once/, "20");
  await type(/Over all trades/, "10.001");
  await press("Next");
  expect(await screen.findByText("It cannot be less than the least.")).toBeTruthy();
  expect(screen.getByText(/digits can stand behind the point/).textContent).toMatch(/2/);
  expect(screen.getAllByText("This is needed.")).toHaveLength(1);
});

test("an address cannot skip what the steps before it need", async () => {
  await openPage("/offers/new?step=4");
  expect(await heading("Price")).toBeTruthy();
});

test("a price is previewed against the market, with the better offers of the book", async () => {
  await openPage("/offers/new?step=2", {
    "/v1/offers": ({ query }) => {
      expect(query.get("direction")).toBe("sell");
      const prices = ["2400", "2462.5", "2462.49", "2500"];
      return { data: prices.map((price) => ({ price })), next_cursor: null };
    },
  });
  await type(/Percent above the market/, "-1.5");
  const preview = () => screen.getByText(/You sell at/).closest(".card")?.textContent;
  await screen.findByText(/You sell at/);
  expect(preview()).toMatch(/EUR\s2,462\.50.*1\.5% below market/);
  await waitFor(() => expect(preview()).toMatch(/for a taker: 2/));
  await type(/Never below/, "2600");
  await waitFor(() => expect(preview()).toMatch(/EUR\s2,600\.00.*4% above market/));
  fireEvent.click(screen.getByRole("radio", { name: /It is fixed/ }));
  await type(/Price of one/, "2550");
  await waitFor(() => expect(preview()).toMatch(/EUR\s2,550\.00.*2% above market/));
});

test("without a market's price it says that an offer which follows it is not found", async () => {
  await openPage("/offers/new?step=2", {
    "/v1/prices/:id": () => {
      throw problem("pair-not-quoted", 404, "Nobody quotes it.");
    },
  });
  await type(/Percent above the market/, "1");
  expect(await screen.findByText(/no fresh price of this pair/)).toBeTruthy();
  expect(screen.queryByText(/You sell at/)).toBeNull();
});

test("a draft outlives the page: a reload goes on at its step, a later visit asks", async () => {
  await openPage("/offers/new");
  await fill();
  await reopenPage(`/offers/new${window.location.search}`);
  expect(await heading("As takers see it")).toBeTruthy();
  await reopenPage("/offers/new");
  expect(await heading("You have a draft")).toBeTruthy();
  await press("Go on with it");
  expect(await heading("As takers see it")).toBeTruthy();
  await reopenPage("/offers/new");
  await press("Begin anew");
  expect(await heading("Direction and coin")).toBeTruthy();
  await press("Next");
  expect((await screen.findByLabelText<HTMLInputElement>(/Percent above/)).value).toBe("");
});

test("a draft of another form than this page's is not taken for one", async () => {
  await openPage("/offers/new");
  localStorage.setItem("tradepost.draft", '{"step":2,"draft":{"direction":"sell"}}');
  await reopenPage("/offers/new");
  expect(await heading("Direction and coin")).toBeTruthy();
});

test("the book hands on what was looked for: who would buy makes an offer to buy", async () => {
  const none = { data: [], next_cursor: null, market: null };
  await openPage("/?amount=300&method=wise", { "/v1/offers": () => none });
  fireEvent.click(await screen.findByRole("link", { name: "Create this offer" }));
  expect((await screen.findByRole<HTMLInputElement>("radio", { name: /^Buy/ })).checked).toBe(true);
  await press("Next");
  await type(/Percent above the market/, "1");
  await press("Next");
  expect((await screen.findByLabelText<HTMLInputElement>(/Most at once/)).value).toBe("300");
  const wise = await screen.findByRole<HTMLInputElement>("checkbox", { name: /Wise/ });
  expect(wise.checked).toBe(true);
});

test("who is not signed in publishes after he has come back, with the draft as it was", async () => {
  await openPage("/offers/new");
  await fill();
  const link = screen.getByRole("link", { name: "Sign in or begin" });
  expect(link.getAttribute("href")).toBe(
    `/start?then=${encodeURIComponent(`/offers/new${window.location.search}`)}`,
  );
  expect(screen.queryByRole("button", { name: "Publish" })).toBeNull();
});

test("methods with an account come first, and ten are enough", async () => {
  const own = { "/v1/payment-accounts": () => ({ data: [paymentAccount({ method: "wise" })] }) };
  await openSignedIn("/offers/new?step=1", own, mockSigner().asked);
  await press("Next");
  await type(/Percent above the market/, "1");
  await press("Next");
  await screen.findByText("You have an account");
  const names = screen
    .getAllByRole("checkbox")
    .map((box) => box.closest("label")?.textContent ?? "");
  expect(names[0]).toMatch(/^Wise/);
  fireEvent.change(screen.getByRole("searchbox"), { target: { value: "revo" } });
  expect(screen.queryByRole("checkbox", { name: /Wise/ })).toBeNull();
  expect(screen.getByRole("checkbox", { name: /Revolut/ })).toBeTruthy();
});

test("a seller is told what he locks and whether he has it", async () => {
  vi.mocked(readBalances).mockResolvedValue([{ asset: "ETH", wallet: 10n ** 17n, deposited: 0n }]);
  await openSignedIn("/offers/new", {}, mockSigner().asked);
  await fill();
  expect((await screen.findByText(/You have/)).textContent).toMatch(/0\.1 ETH in your wallet/);
  // 250 at 2462.50, and half a percent of it.
  expect(screen.getByText("For the largest trade").nextSibling?.textContent).toBe(
    "0.10152284 ETH and 0.00050761 ETH fee",
  );
  expect(screen.getByText(/less than the largest trade needs/)).toBeTruthy();
  expect(screen.getByText(/With a deposit of/).textContent).toMatch(/0\.40812183 ETH/);
});

test("what the exchange finds wrong leads to its step and field", async () => {
  const wrong: ProblemError = problem("malformed-request", 422, "It has another form.");
  Object.assign(wrong.problem ?? {}, {
    errors: [{ at: "body.limit_price", what: "too many digits" }],
  });
  const publish = vi
    .fn<Publish>()
    .mockRejectedValueOnce(wrong)
    .mockRejectedValueOnce(problem("payment-method-unfit", 400, "It does not take EUR."))
    .mockRejectedValueOnce(problem("too-many-offers", 409, "You have as many as you can."));
  await openSignedIn("/offers/new", {}, mockSigner({ publishOffer: publish }).asked);
  await fill();
  await press("Publish");
  expect(await screen.findByText("too many digits")).toBeTruthy();
  expect(step()).toBe("2");
  await waitFor(() => expect(document.activeElement).toBe(screen.getByLabelText(/Never below/)));
  await type(/Never below/, "2000");
  expect(screen.queryByText("too many digits")).toBeNull();
  await press("Next");
  await press("Next");
  await press("Publish");
  expect(await screen.findByText("It does not take EUR.")).toBeTruthy();
  expect(step()).toBe("3");
  fireEvent.click(await screen.findByRole("checkbox", { name: /Revolut/ }));
  await press("Next");
  await press("Publish");
  expect((await screen.findByRole("alert")).textContent).toMatch(/as many as you can/);
});

test("after a lost answer the same offer goes out under the same key, also after a reload", async () => {
  const publish = vi
    .fn<Publish>()
    .mockRejectedValueOnce(new TypeError("Failed to fetch"))
    .mockRejectedValueOnce(new SigningRefused())
    .mockResolvedValue(ownOffer());
  const signer = mockSigner({ publishOffer: publish }).asked;
  await openSignedIn("/offers/new", {}, signer);
  await fill();
  await press("Publish");
  expect((await screen.findByRole("alert")).textContent).toMatch(/nothing is done twice/);
  await reopenPage(`/offers/new${window.location.search}`, {}, signer);
  expect(await screen.findByText(/earlier try was not answered/)).toBeTruthy();
  // Leaving the wallet now does not make the earlier try unsaid.
  await press("Publish");
  await waitFor(() => expect(publish).toHaveBeenCalledTimes(2));
  await press("Publish");
  expect(await screen.findByText("Your offer is published.")).toBeTruthy();
  const keys = new Set(publish.mock.calls.map(([, once]) => once));
  expect(publish).toHaveBeenCalledTimes(3);
  expect(keys.size).toBe(1);
});

test("the rarer things are said too: hours, countries, partners, the end", async () => {
  const publish = vi.fn<Publish>(() => Promise.resolve(ownOffer()));
  await openSignedIn("/offers/new?step=1", {}, mockSigner({ publishOffer: publish }).asked);
  await press("Next");
  await type(/Percent above the market/, "0");
  await press("Next");
  await type(/Least at once/, "1");
  await type(/Most at once/, "2");
  await type(/Over all trades/, "3");
  fireEvent.click(await screen.findByRole("checkbox", { name: /Wise/ }));
  fireEvent.click(screen.getByRole("radio", { name: "Your trusted partners" }));
  expect(await screen.findByText(/named no trusted partners/)).toBeTruthy();
  await type(/Trades that a taker has completed/, "3");
  await type(/Days that his account is old/, "30");
  await type(/Most for who has never traded/, "1.5");
  await type(/Countries that a taker may be in/, "FR");
  await type(/Where you are/, "DE");
  await type(/It closes at/, "2026-12-01T18:00");
  fireEvent.click(screen.getByRole("checkbox", { name: /certain hours only/ }));
  await press("Next");
  await press("Publish");
  await waitFor(() => expect(publish).toHaveBeenCalled());
  expect(publish.mock.calls[0]?.[0]).toMatchObject({
    margin_bps: 0,
    visibility: "trusted",
    min_trades: 3,
    min_account_age_days: 30,
    first_trade_limit: "1.5",
    taker_countries: ["FR"],
    country: "DE",
    closes_at: new Date("2026-12-01T18:00").toISOString(),
    working_hours: {
      spans: expect.arrayContaining([{ day: "fri", opens: "09:00", closes: "17:00" }]),
    },
  });
});

test("an offer over the coins of another one takes its total", async () => {
  const other = ownOffer({ amount_unit: "asset", total_amount: "2", remaining_amount: "1.5" });
  const publish = vi.fn<Publish>(() => Promise.resolve(ownOffer()));
  await openSignedIn(
    "/offers/new?step=1&unit=asset",
    { "/v1/my/offers": () => ({ data: [other], next_cursor: null }) },
    mockSigner({ publishOffer: publish }).asked,
  );
  await press("Next");
  await type(/Percent above the market/, "0");
  await press("Next");
  await type(/Least at once/, "0.1");
  await type(/Most at once/, "1");
  await type(/Over the same coins/, other.id);
  expect((screen.getByLabelText(/Over all trades/) as HTMLInputElement).value).toBe("2");
  fireEvent.click(await screen.findByRole("checkbox", { name: /Wise/ }));
  await press("Next");
  await press("Publish");
  await waitFor(() => expect(publish.mock.calls[0]?.[0].shares_coins_with).toBe(other.id));
});

test("the row of the review is a picture: it leads nowhere", async () => {
  await openPage("/offers/new");
  await fill();
  expect((await screen.findByText("In the book, at the prices of this moment")).nextSibling).toBe(
    document.querySelector("ol[inert]"),
  );
  expect(document.querySelector("ol[inert]")?.textContent).toMatch(/EUR\s2,462\.50/);
  expect(offer().price).toBe("2462.50");
});
