import { type Hex, recoverTypedDataAddress } from "viem";
import { expect, test } from "vitest";

import { stage } from "../verify/stage.ts";
import { instruction } from "../verify/terms.ts";
import { CONTRACT } from "./fakes.ts";
import {
  CHAIN,
  DETAILS,
  asked,
  buyer,
  exchange,
  finds,
  node,
  seller,
  shown,
  signed,
  take,
  taken,
} from "./play.ts";

test("the buyer signs that he has paid, for this escrow", async () => {
  await take();
  await buyer.trader.paymentSent(shown());
  const [sent] = exchange.posts("payment-sent");
  const { id } = shown().escrow;
  const data = instruction("Paid", id as Hex, CHAIN, CONTRACT);
  const signer = await recoverTypedDataAddress({ ...data, signature: sent?.["signature"] as Hex });
  expect(signer).toBe(stage.buyer.address);
});

const steps = ["paymentSent", "release", "refund", "cancel"] as const;

test.each(steps)("nothing is signed after a lie: %s", async (step) => {
  await take();
  node.status = "locked";
  const terms = { seller: stage.stranger };
  exchange.lie = { seller: { wallet: stage.stranger }, escrow: { terms } };
  asked.length = 0;
  await expect(buyer.trader[step](shown())).rejects.toThrow(finds("TermsChanged"));
  expect([signed(), asked]).toEqual([[], []]);
});

test.each(["none", "released", "refunded", "split"] as const)(
  "what the chain does not hold is not given away: %s",
  async (status) => {
    await taken();
    node.status = status;
    await expect(seller.trader.release(shown())).rejects.toThrow(finds("NotLocked"));
    await expect(seller.trader.settle(shown(), "1")).rejects.toThrow(finds("NotLocked"));
    expect(signed()).toEqual([]);
  },
);

test("nobody takes the other's step", async () => {
  await taken();
  node.status = "locked";
  const sellers = shown();
  for (const step of ["paymentSent", "refund"] as const) {
    await expect(seller.trader[step](sellers)).rejects.toThrow(finds("NotYourStep"));
  }
  exchange.trade = structuredClone(stage.trade);
  await take();
  const buyers = shown();
  const { trader } = buyer;
  for (const step of [
    () => trader.release(buyers),
    () => trader.lock(buyers, "transaction", () => undefined),
    () => trader.lockWays(buyers),
    () => trader.sendPaymentDetails(buyers, DETAILS),
  ]) {
    await expect(step()).rejects.toThrow(finds("NotYourStep"));
  }
  expect([signed(), node.sent]).toEqual([[], []]);
});

test("a seller who has locked signs the request for his coins, one who has not signs nothing", async () => {
  await taken();
  await seller.trader.cancel(shown());
  exchange.lie = { state: "escrowed" };
  await seller.trader.cancel(shown());
  const [before, after] = exchange.posts("cancel");
  expect(before).toEqual({});
  const data = instruction("Cancel", shown().escrow.id as Hex, CHAIN, CONTRACT);
  const signer = await recoverTypedDataAddress({ ...data, signature: after?.["signature"] as Hex });
  expect(signer).toBe(stage.seller.address);
});

test("one lock is not paid for twice", async () => {
  await take();
  node.status = "locked";
  exchange.lie = { id: stage.other_trade };
  await expect(take()).rejects.toThrow(finds("EscrowReused"));
  await expect(buyer.trader.openPaymentDetails(shown())).rejects.toThrow(finds("EscrowReused"));
  await expect(buyer.trader.paymentSent(shown())).rejects.toThrow(finds("EscrowReused"));
  expect(signed()).toEqual([]);
});

test("another trade than the one that was asked for is found out", async () => {
  await take();
  const other = buyer.trader.checkTrade(shown(), stage.other_trade);
  await expect(other).rejects.toThrow(finds("OtherTrade"));
});
