import { expect, test } from "vitest";

import { exchange } from "../mock/book.ts";
import { seenOf } from "../mock/tradeSigner.ts";
import { STATES, trade, trader } from "../mock/trades.ts";
import type { EscrowSeen, Trade } from "../trading/trader.ts";
import { chainChecks, checksOf, minor, type CheckName } from "./checks.ts";
import { reference } from "./reference.ts";
import { restOf } from "./share.ts";

const wrongs = (shown: Trade, said: Partial<EscrowSeen> = {}, wallet = trader.wallet) =>
  checksOf({ trade: shown, seen: seenOf(shown, said), exchange, wallet })
    .filter(({ verdict }) => verdict === "wrong")
    .map(({ name }) => name);

const LIES: [CheckName, (honest: Trade) => Trade, Partial<EscrowSeen>][] = [
  ["contract", (it) => it, { contract: `0x${"66".repeat(20)}` }],
  ["code", (it) => it, { codeKnown: false }],
  ["id", (it) => it, { idMatches: false }],
  ["id", (it) => it, { escrowId: `0x${"66".repeat(32)}` }],
  ["buyer", (it) => ({ ...it, buyer: { ...it.buyer, wallet: `0x${"66".repeat(20)}` } }), {}],
  ["seller", (it) => ({ ...it, seller: { ...it.seller, wallet: `0x${"66".repeat(20)}` } }), {}],
  ["arbitrator", (it) => ({ ...it, arbitrator: `0x${"66".repeat(20)}` }), {}],
  ["amount", (it) => ({ ...it, amount: "0.2" }), {}],
  ["fee", (it) => ({ ...it, fee: "0.0004" }), {}],
  ["status", (it) => it, { status: "none" }],
  ["paid", (it) => ({ ...it, escrow: { ...it.escrow, paid_on_chain: true } }), { paid: false }],
];

test.each(STATES)("where nobody lies, nothing of %s is wrong", (state) => {
  expect(wrongs(trade(state, "buyer"))).toEqual([]);
});

test.each(LIES)("a lie about %s is found, and no other", (name, lie, said) => {
  expect(wrongs(lie(trade("payment_sent", "buyer")), said)).toEqual([name]);
});

test("a wallet of another device is not in the terms", () => {
  expect(wrongs(trade("escrowed", "buyer"), {}, `0x${"66".repeat(20)}`)).toEqual(["wallet"]);
});

test("the chain may be ahead of the exchange, and a lock may be too young", () => {
  const verdict = (shown: Trade, said: Partial<EscrowSeen>, wanted: CheckName) =>
    chainChecks(shown, seenOf(shown, said)).find(({ name }) => name === wanted)?.verdict;
  expect(verdict(trade("payment_sent", "buyer"), { status: "released" }, "status")).toBe("wait");
  expect(verdict(trade("awaiting_escrow", "buyer"), { status: "locked" }, "status")).toBe("wait");
  expect(verdict(trade("releasing", "buyer"), { status: "locked" }, "status")).toBe("ok");
  expect(verdict(trade("completed", "buyer"), { status: "locked" }, "status")).toBe("wrong");
  // The lane of the seller was used again: the contract has forgotten it.
  expect(verdict(trade("completed", "buyer"), { status: "none" }, "status")).toBe("wait");
  expect(verdict(trade("escrowed", "buyer"), { confirmations: 1 }, "confirmations")).toBe("wait");
  expect(verdict(trade("escrowed", "buyer"), { paid: true }, "paid")).toBe("wait");
  expect(verdict(trade("refunding", "buyer"), { cancelAt: null }, "cancel")).toBe("wrong");
});

test.each([
  ["0.1", 18, "100000000000000000"],
  ["250.50", 6, "250500000"],
  ["3", 0, "3"],
  ["0.0000001", 6, "0.0000001"],
  ["-1", 6, "-1"],
])("%s with %i decimals is %s", (amount, decimals, expected) => {
  expect(minor(amount, decimals)).toBe(expected);
});

test.each([
  ["0.100000000000000000", "0.025", "0.075"],
  ["0.100000000000000000", "0.1", "0"],
  ["0.100000000000000000", "0", "0.1"],
  ["0.100000000000000000", "0.000000000000000001", "0.099999999999999999"],
  ["0.100000000000000000", "0.0000000000000000001", null],
  ["1.000000", "1.0000000", "0"],
  ["0.1", "0.2", null],
  ["0.1", "-0.1", null],
  ["0.1", "much", null],
])("of %s a share of %s leaves %s", (amount, share, rest) => {
  expect(restOf(amount, share)).toBe(rest);
});

test("a payment's reference is what the other clients make of the trade's id", () => {
  expect(reference("019ac6d2-9a10-7c55-8f2e-1b2c3d4e5f60")).toBe("2MVXCRV7MX");
});
