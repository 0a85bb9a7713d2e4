import { act, fireEvent, screen, waitFor } from "@testing-library/react";
import { expect, test, vi } from "vitest";

import { seenOf } from "../mock/tradeSigner.ts";
import { SEALED, seenAs, trade } from "../mock/trades.ts";
import type { Report, Trade } from "../trading/trader.ts";
import { openActing, press, signing } from "../mock/openTrade.tsx";

vi.mock("../trading/seeEscrow.ts", () => ({
  seeEscrow: (shown: Trade) => Promise.resolve(seenOf(shown)),
}));
vi.mock("../account/signing.tsx", async (original) => ({
  ...(await original<object>()),
  useSigner: () => signing.open,
}));
vi.mock("../payments/ChooseAccount.tsx", () => ({
  ChooseAccount: ({ action, choose }: { action: string; choose: (fields: object) => void }) => (
    <button type="button" onClick={() => choose({ iban: "DE89370400440532013000" })}>
      {action}
    </button>
  ),
}));

test("the seller chooses where he is paid, locks and sends the details as one", async () => {
  const before = trade("awaiting_escrow", "seller");
  const { trader, next } = await openActing(before, {
    ...trade("escrowed", "seller"),
    sealed_payment_details: SEALED,
  });
  let report: Report = () => undefined;
  let locked = () => undefined as void;
  trader.lock.mockImplementation((_trade, _way, to) => {
    report = to;
    return new Promise((resolve) => {
      locked = resolve;
    });
  });
  await press("Be paid there");
  expect(await screen.findByText("DE89370400440532013000")).toBeTruthy();
  await press(/^Lock 0\.1 ETH$/);
  expect(
    await screen.findByText(/From your coins in the contract/, { selector: "p" }),
  ).toBeTruthy();
  expect(screen.getByText(/go into the contract\.$/).textContent).toMatch(/0\.1 ETH.*0\.0005 ETH/);
  fireEvent.click(screen.getByText("Other ways to lock"));
  fireEvent.click(screen.getByRole("radio", { name: /By a transaction of your wallet/ }));
  await press(/^Lock 0\.1 ETH now$/);
  await waitFor(() => expect(trader.lock).toHaveBeenCalledOnce());
  expect(trader.lock.mock.calls[0]?.[1]).toBe("transaction");
  const told = { step: "lock", hash: `0x${"ab".repeat(32)}` as const, needed: 2 };
  act(() => report({ ...told, state: "sent", confirmations: 0 }));
  expect(await screen.findByText(/The transaction is sent/)).toBeTruthy();
  act(() => report({ ...told, state: "replaced", confirmations: 0 }));
  expect(await screen.findByText(/took its place/)).toBeTruthy();
  act(() => report({ ...told, state: "confirmed", confirmations: 1 }));
  await waitFor(() =>
    expect(screen.getByText(/confirmations$/).textContent).toBe("1 of 2 confirmations"),
  );
  expect(trader.sendPaymentDetails).not.toHaveBeenCalled();
  locked();
  await waitFor(() =>
    expect(trader.sendPaymentDetails).toHaveBeenCalledWith(expect.anything(), {
      iban: "DE89370400440532013000",
    }),
  );
  expect(next.sealed_payment_details).toBe(SEALED);
});

test("after a reload behind the lock only the details are left to be sent", async () => {
  const { trader, becomes, next } = await openActing(
    {
      ...seenAs(trade("escrowed", "seller"), {
        primary_action: "send_payment_details",
        allowed_actions: ["send_payment_details", "release", "dispute", "settle"],
      }),
      sealed_payment_details: null,
    },
    trade("escrowed", "seller"),
  );
  becomes(trader.sendPaymentDetails, next);
  expect(await screen.findByRole("heading", { name: "Send your payment details" })).toBeTruthy();
  await press("Send payment details");
  expect(await screen.findByText("Waiting for the buyer")).toBeTruthy();
  expect(trader.lock).not.toHaveBeenCalled();
});

test("a wallet without the coins is told what it lacks", async () => {
  const { trader } = await openActing(trade("awaiting_escrow", "seller"));
  trader.lockWays.mockResolvedValueOnce([]);
  await press("Be paid there");
  await press(/^Lock 0\.1 ETH$/);
  expect(await screen.findByText(/Your wallet does not have/)).toBeTruthy();
  expect(trader.lock).not.toHaveBeenCalled();
});
