import { screen, within } from "@testing-library/react";
import { expect, test, vi } from "vitest";

import { seenOf } from "../mock/tradeSigner.ts";
import { seenAs, STATES, trade } from "../mock/trades.ts";
import type { Trade } from "../trading/trader.ts";
import { openTrade } from "../mock/openTrade.tsx";
import { isOver } from "./queries.ts";

vi.mock("../trading/seeEscrow.ts", () => ({
  seeEscrow: (shown: Trade) => Promise.resolve(seenOf(shown)),
}));
vi.mock("../payments/ChooseAccount.tsx", () => ({
  ChooseAccount: () => <button type="button">Be paid there</button>,
}));

const card = async () =>
  (await screen.findAllByRole("heading", { level: 2 }))[0]?.closest("section") ?? null;

async function opened(shown: Trade) {
  await openTrade(shown);
  const section = await card();
  if (section === null) {
    throw new TypeError("There is no card of what is next.");
  }
  return within(section);
}

/** What the button of each next action says. */
const NEXT: Partial<Record<string, RegExp>> = {
  "awaiting_escrow seller": /^Be paid there$/,
  "escrowed buyer": /^Open payment details$/,
  "payment_sent seller": /^I received EUR\s250\.00: release 0\.1 ETH$/,
  "refunding buyer": /^I have paid EUR\s250\.00$/,
};

test.each(STATES.flatMap((state) => [[state, "buyer"] as const, [state, "seller"] as const]))(
  "%s, seen by the %s, has one next action or says for whom it waits",
  async (state, role) => {
    const shown = trade(state, role);
    const next = await opened(shown);
    const name = NEXT[`${state} ${role}`];
    const main = () =>
      next.queryAllByRole("button").filter((button) => button.className.includes("button-main"));
    if (name !== undefined) {
      expect(next.getByText("Your move")).toBeTruthy();
      const button = await next.findByRole("button", { name });
      // Where one is paid is another folder's to ask.
      expect(main()).toEqual(state === "awaiting_escrow" ? [] : [button]);
    } else {
      expect(main()).toEqual([]);
      expect(
        next.getByText(isOver(shown) ? "This trade is over" : /^Waiting for the /),
      ).toBeTruthy();
    }
    // Nothing is offered that the exchange does not allow, and nothing that it allows is hidden.
    for (const [action, words] of Object.entries({
      refund: "Give the coins back",
      dispute: "Call the arbitrator",
      settle: "Share the coins",
    })) {
      const allowed = (shown.viewer.allowed_actions as string[]).includes(action);
      expect(next.queryByRole("button", { name: words }) !== null).toBe(allowed);
    }
  },
);

test("the title names the trade from the viewer's side, its numbers keep their direction", async () => {
  await openTrade(trade("escrowed", "buyer"));
  const title = screen.getByRole("heading", { level: 1 });
  expect(title.textContent).toBe("Buy 0.1 ETH for EUR\u00a0250.00");
  expect(document.title).toBe("Buy 0.1 ETH for EUR\u00a0250.00 · Tradepost");
  expect([...title.querySelectorAll("bdi")].map((each) => each.textContent)).toEqual([
    "0.1 ETH",
    "EUR\u00a0250.00",
  ]);
});

test("a step is told in words, as on a phone", async () => {
  await openTrade(trade("escrowed", "buyer"));
  expect((await screen.findAllByText(/You pay \(step/)).length).toBeGreaterThan(0);
  expect(document.querySelector('[aria-current="step"]')?.textContent).toContain("You pay");
});

test("the action sticks in place of the navigation, and gives its place back", async () => {
  const page = await openTrade(trade("payment_sent", "seller"));
  expect(document.body.dataset["actionbar"]).toBe("");
  page.unmount();
  expect(document.body.dataset["actionbar"]).toBeUndefined();
});

test("a buyer without payment details waits for the seller, whatever is allowed", async () => {
  const next = await opened({ ...trade("escrowed", "buyer"), sealed_payment_details: null });
  expect(next.getByText("Waiting for the seller")).toBeTruthy();
  expect(next.queryByRole("button", { name: "Open payment details" })).toBeNull();
  expect(next.getByRole("button", { name: /I have paid/ })).toBeTruthy();
});

test("a seller whose lock counts blocks waits for the chain", async () => {
  const shown = trade("awaiting_escrow", "seller");
  const next = await opened({
    ...seenAs(shown, { primary_action: null, allowed_actions: [] }),
    sealed_payment_details: "sealed",
    escrow: { ...shown.escrow, state: "locking", confirmations: 1 },
  });
  expect(next.getByText("Waiting for the chain")).toBeTruthy();
});

test("after the time to pay the seller asks for the coins back", async () => {
  const next = await opened(
    seenAs(trade("escrowed", "seller"), {
      primary_action: "cancel",
      allowed_actions: ["cancel", "release", "dispute", "settle"],
    }),
  );
  expect(next.getByText("The time to pay is over")).toBeTruthy();
  expect(next.getByRole("button", { name: "Ask for the coins back" })).toBeTruthy();
});

test("an arbitrator sees whose trade it is, and can sign a share of a disputed one", async () => {
  const shown = seenAs(trade("disputed", "seller"), {
    role: "arbitrator",
    primary_action: "settle",
    allowed_actions: ["settle"],
  });
  const next = await opened(shown);
  expect(next.getByText("You are the arbitrator of this trade")).toBeTruthy();
  expect(next.getByRole("button", { name: "Share the coins" })).toBeTruthy();
  expect(screen.getByRole("heading", { name: "The traders" })).toBeTruthy();
});

test("who is not signed in goes to do that, and comes back", async () => {
  const { openPage } = await import("../mock/open.tsx");
  await openPage("/trades/019ac6d2-9a10-7c55-8f2e-6a7b8c9d0e1f");
  await vi.waitFor(() => expect(window.location.pathname).toBe("/start"));
  expect(new URLSearchParams(window.location.search).get("then")).toBe(
    "/trades/019ac6d2-9a10-7c55-8f2e-6a7b8c9d0e1f",
  );
});
