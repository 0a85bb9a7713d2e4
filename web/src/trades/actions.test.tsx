import { act, fireEvent, screen, waitFor } from "@testing-library/react";
import { beforeEach, expect, test, vi } from "vitest";

import { problem } from "../mock/api.ts";
import { openPage } from "../mock/open.tsx";
import { seenOf } from "../mock/tradeSigner.ts";
import { seenAs, trade, trader } from "../mock/trades.ts";
import type { EscrowSeen, Trade } from "../trading/trader.ts";
import { AmountChanged, NotConfirmed, SealBroken, TermsMalformed } from "../verify/errors.ts";
import { SigningRefused, WalletUnusable, WrongNetwork } from "../wallet/errors.ts";
import { dialog, openActing, openTrade, press, signing } from "../mock/openTrade.tsx";

let said: Partial<EscrowSeen> | Error = {};

vi.mock("../trading/seeEscrow.ts", () => ({
  seeEscrow: (shown: Trade) =>
    said instanceof Error ? Promise.reject(said) : Promise.resolve(seenOf(shown, said)),
}));
vi.mock("../account/signing.tsx", async (original) => ({
  ...(await original<object>()),
  useSigner: () => signing.open,
}));
beforeEach(() => {
  said = {};
});

class FundsMissing extends Error {
  readonly kind = "FundsMissing";
}

const FORMER = () => trade("payment_sent", "seller");

test("the buyer opens the details, copies them, pays and says so once", async () => {
  const { trader, becomes, next } = await openActing(
    trade("escrowed", "buyer"),
    trade("payment_sent", "buyer"),
  );
  becomes(trader.paymentSent, next);
  await press("Open payment details");
  expect(await screen.findByText("DE89370400440532013000")).toBeTruthy();
  expect(await screen.findByText("IBAN")).toBeTruthy();
  expect(screen.getByRole("button", { name: /Copy EUR/ })).toBeTruthy();
  const words = (await screen.findByText("Reference of the payment")).parentElement?.textContent;
  expect(words).toMatch(/payment[BCDFGHJKLMNPQRSTVWXZ23456789]{10}Copy$/);
  expect(words).not.toMatch(/ETH|tradepost/i);
  await press(/^I have paid EUR\s250\.00$/);
  const asked = await dialog();
  expect(asked.getByText(/Have you paid/).textContent).toMatch(/EUR\s250\.00.*rosa/);
  await press(/^I have paid EUR\s250\.00$/, asked);
  expect(await screen.findByText("rosa", { selector: "h2 bdi" })).toBeTruthy();
  expect(await screen.findByText("Waiting for the seller")).toBeTruthy();
  expect(trader.checkTrade).toHaveBeenCalled();
  expect(trader.paymentSent).toHaveBeenCalledOnce();
  expect(document.activeElement?.id).toBe("next");
});

test("details stay closed while the lock is not deep enough, also where the exchange says it is", async () => {
  said = { confirmations: 1, needed: 6 };
  await openActing(trade("escrowed", "buyer"));
  expect((await screen.findByText(/so the details stay closed/)).textContent).toMatch(/1 of 6/);
  expect(screen.queryByRole("button", { name: "Open payment details" })).toBeNull();
  expect(screen.getByRole("button", { name: /I have paid/ })).toBeTruthy();
});

test("a lock that is not deep enough for the trader is a wait and no mismatch", async () => {
  const { trader } = await openActing(trade("escrowed", "buyer"));
  trader.openPaymentDetails.mockRejectedValueOnce(new NotConfirmed("It has 1 of 6."));
  await press("Open payment details");
  expect(await screen.findByText(/not deep enough in the chain yet/)).toBeTruthy();
  expect(screen.queryByText(/does not match/)).toBeNull();
  await press("Try again");
  expect(await screen.findByText("DE89370400440532013000")).toBeTruthy();
});

test("details that are not the seller's stop everything", async () => {
  const { trader } = await openActing(trade("escrowed", "buyer"));
  trader.openPaymentDetails.mockRejectedValueOnce(new SealBroken("They are not."));
  await press("Open payment details");
  expect(await screen.findByText(/are not from the seller. Do not pay/)).toBeTruthy();
  expect(screen.queryByRole("button", { name: /I have paid/ })).toBeNull();
});

test("the seller releases after he was asked what has arrived, whatever is pressed twice", async () => {
  const { trader, becomes, next } = await openActing(FORMER(), trade("releasing", "seller"));
  becomes(trader.release, next);
  await press(/^I received EUR\s250\.00: release 0\.1 ETH$/);
  const asked = await dialog();
  expect(asked.getByText(/Check your bank, not this page/)).toBeTruthy();
  expect(asked.getByText(/This cannot be undone/).textContent).toMatch(/0\.1 ETH go to bruno/);
  const confirm = asked.getByRole("button", { name: /release/ });
  fireEvent.click(confirm);
  fireEvent.click(confirm);
  expect(await screen.findByText("Waiting for the chain")).toBeTruthy();
  expect(trader.release).toHaveBeenCalledOnce();
});

test("who leaves the dialog has done nothing", async () => {
  const { trader } = await openActing(FORMER());
  await press(/^I received/);
  await press("Not now", await dialog());
  expect(screen.queryByRole("dialog")).toBeNull();
  expect(trader.release).not.toHaveBeenCalled();
  expect(signing.open).not.toHaveBeenCalled();
});

test("to decline in the wallet is no failure, and it can be done again", async () => {
  const { trader, becomes, next } = await openActing(FORMER(), trade("releasing", "seller"));
  trader.release.mockRejectedValueOnce(new SigningRefused());
  await press(/^I received/);
  await press(/^I received/, await dialog());
  expect(await screen.findByText("You have not signed. Nothing has happened.")).toBeTruthy();
  expect(screen.queryByRole("alert")).toBeNull();
  becomes(trader.release, next);
  await press(/^I received/);
  await press(/^I received/, await dialog());
  expect(await screen.findByText("Waiting for the chain")).toBeTruthy();
});

test("where the trade does not hold, it says what, and nothing is offered any more", async () => {
  const { trader } = await openActing(FORMER());
  trader.checkTrade.mockRejectedValue(new AmountChanged("It was 0.1, it is 0.2."));
  await press(/^I received/);
  await press(/^I received/, await dialog());
  expect(await screen.findByText("What the exchange says does not match")).toBeTruthy();
  expect(screen.getByText("The amount of coins is not the one agreed.")).toBeTruthy();
  expect(screen.getByText(/Nothing was signed/)).toBeTruthy();
  expect(trader.release).not.toHaveBeenCalled();
  for (const name of [/I received/, "Call the arbitrator", "Share the coins"]) {
    expect(screen.queryByRole("button", { name })).toBeNull();
  }
  expect(screen.getByRole("link", { name: "Look at every check" })).toBeTruthy();
});

test.each([{ idMatches: false }, { codeKnown: false }])(
  "an escrow that is not the agreed one offers nothing: %o",
  async (forged) => {
    said = forged;
    await openActing(trade("escrowed", "buyer"));
    expect(await screen.findByText("What the exchange says does not match")).toBeTruthy();
    expect(screen.queryByRole("button", { name: /paid|Open payment/ })).toBeNull();
  },
);

test("a state that the chain does not know is told loudly", async () => {
  said = { status: "none" };
  await openActing(trade("escrowed", "buyer"));
  expect(
    await screen.findByText(/The chain says something else than this exchange. Do not pay/),
  ).toBeTruthy();
});

test("another network is asked for, and the action goes on", async () => {
  const { trader, request, becomes, next } = await openActing(
    FORMER(),
    trade("releasing", "seller"),
  );
  trader.release.mockRejectedValueOnce(new WrongNetwork(31_337));
  await press(/^I received/);
  await press(/^I received/, await dialog());
  becomes(trader.release, next);
  await press("Change the network");
  expect(await screen.findByText("Waiting for the chain")).toBeTruthy();
  expect(request).toHaveBeenCalledWith({
    method: "wallet_switchEthereumChain",
    params: [{ chainId: "0x7a69" }],
  });
});

test("the exchange's refusal is told in its words, and can be tried again", async () => {
  const { trader, becomes, next } = await openActing(FORMER(), trade("releasing", "seller"));
  trader.release.mockRejectedValueOnce(problem("too-busy", 503, "The server is at its limit."));
  await press(/^I received/);
  await press(/^I received/, await dialog());
  expect(await screen.findByText("The server is at its limit.")).toBeTruthy();
  becomes(trader.release, next);
  await press("Try again");
  expect(await screen.findByText("Waiting for the chain")).toBeTruthy();
  expect(trader.release).toHaveBeenCalledTimes(2);
});

test("what takes too long can be begun again, and counts once it has come", async () => {
  const { trader, becomes, next } = await openActing(FORMER(), trade("releasing", "seller"));
  vi.useFakeTimers({ shouldAdvanceTime: true });
  trader.release.mockImplementationOnce(() => new Promise(() => undefined));
  await press(/^I received/);
  await press(/^I received/, await dialog());
  expect(await screen.findByText(/One moment. Your wallet may ask/)).toBeTruthy();
  expect(screen.queryByRole("button", { name: "Try again" })).toBeNull();
  await act(() => vi.advanceTimersByTimeAsync(31_000));
  expect(screen.getByText(/longer than it should/)).toBeTruthy();
  becomes(trader.release, next);
  await press("Try again");
  expect(await screen.findByText("Waiting for the chain")).toBeTruthy();
  vi.useRealTimers();
});

test.each([
  [
    "refund",
    trade("escrowed", "buyer"),
    "Give the coins back",
    seenAs(trade("refunding", "buyer"), { primary_action: null, allowed_actions: [] }),
  ],
  ["cancel", trade("awaiting_escrow", "buyer"), "Cancel this trade", trade("cancelled", "buyer")],
  [
    "cancel",
    seenAs(trade("escrowed", "seller"), { primary_action: "cancel", allowed_actions: ["cancel"] }),
    "Ask for the coins back",
    trade("refunding", "seller"),
  ],
] as const)("%s is asked once and done once", async (deed, before, words, after) => {
  const { trader, becomes, next } = await openActing(before, after);
  becomes(trader[deed], next);
  await press(words);
  await press(words, await dialog());
  await waitFor(() => expect(trader[deed]).toHaveBeenCalledOnce());
  await waitFor(() => expect(screen.queryByRole("button", { name: words })).toBeNull());
});

test("what is asked is asked no more once the exchange does not allow it", async () => {
  let now = FORMER();
  vi.useFakeTimers({ shouldAdvanceTime: true });
  await openTrade(() => now);
  await press(/^I received/);
  expect(await screen.findByRole("dialog")).toBeTruthy();
  now = { ...trade("completed", "seller"), id: now.id };
  // The stream is down: it is read anew by itself.
  await act(() => vi.advanceTimersByTimeAsync(31_000));
  await waitFor(() => expect(screen.queryByRole("dialog")).toBeNull());
  vi.useRealTimers();
});

test("the arbitrator is called with a reason, and without any wallet", async () => {
  await openActing(trade("payment_sent", "buyer"), trade("disputed", "buyer"));
  signing.open = vi.fn(() => Promise.reject(new Error("There is none.")));
  await press("Call the arbitrator");
  const asked = await dialog();
  expect(asked.getAllByRole("radio")).toHaveLength(5);
  const confirm = asked.getByRole<HTMLButtonElement>("button", { name: "Call the arbitrator" });
  expect(confirm.disabled).toBe(true);
  fireEvent.click(asked.getByRole("radio", { name: /coins were not released/ }));
  fireEvent.click(confirm);
  expect(await screen.findByText("The arbitrator has been called")).toBeTruthy();
  expect(signing.open).not.toHaveBeenCalled();
});

test("a share is proposed within the amount, with what is left for the seller", async () => {
  const { trader } = await openActing(trade("disputed", "buyer"));
  await press("Share the coins");
  const asked = await dialog();
  const confirm = asked.getByRole<HTMLButtonElement>("button", { name: "Share the coins" });
  const type = (value: string) =>
    fireEvent.change(asked.getByRole("textbox"), { target: { value } });
  type("0.2");
  expect(confirm.disabled).toBe(true);
  type("0.025");
  expect(asked.getByText(/to the seller$/).textContent).toBe(
    "0.025 ETH to the buyer, 0.075 ETH to the seller",
  );
  fireEvent.click(confirm);
  await waitFor(() => expect(trader.settle).toHaveBeenCalledWith(expect.anything(), "0.025"));
});

test("a share of the other's is joined, one that has lapsed is not", async () => {
  const open = { role: "seller", buyer_amount: "0.05", valid_until: 1_795_600_000 } as const;
  const lapsed = { role: "arbitrator", buyer_amount: "0.1", valid_until: 1_700_000_000 } as const;
  const { trader } = await openActing({
    ...trade("disputed", "buyer"),
    settlements: [open, lapsed],
  });
  expect(await screen.findAllByRole("button", { name: "Agree to this share" })).toHaveLength(1);
  expect(screen.getByText("It has lapsed.")).toBeTruthy();
  await press("Agree to this share");
  await press("Agree to this share", await dialog());
  await waitFor(() => expect(trader.settle).toHaveBeenCalledWith(expect.anything(), "0.05"));
});

test("an escrow that cannot be asked about stops everything too", async () => {
  said = new TermsMalformed("The fee is above the amount.");
  await openActing(trade("escrowed", "buyer"));
  expect((await screen.findAllByText("The contract would not accept these terms.")).length).toBe(2);
  expect(screen.queryByRole("button", { name: /paid|Open payment/ })).toBeNull();
});

test.each([
  [new FundsMissing(), /does not have the coins for it/],
  [new TypeError("fetch failed"), /What was sent is not lost/],
  [new WalletUnusable("account", "It has another account."), /not the one of this trade/],
  [new Error("It just failed."), "It just failed."],
])("%s is told in words, with a way to go on", async (error, words) => {
  const { trader } = await openActing(FORMER());
  trader.release.mockRejectedValueOnce(error);
  await press(/^I received/);
  await press(/^I received/, await dialog());
  expect(await screen.findByText(words)).toBeTruthy();
  expect(screen.getByRole("button", { name: "Try again" })).toBeTruthy();
});

test("an answer about another trade than the one asked for is a lie", async () => {
  const wanted = trade("escrowed", "buyer");
  await openPage(
    `/trades/${wanted.id}`,
    { "/v1/trades/:id": () => trade("escrowed", "seller") },
    trader,
  );
  expect(
    await screen.findByText("The exchange shows another trade than the one asked for.", undefined, {
      timeout: 8_000,
    }),
  ).toBeTruthy();
}, 10_000);
