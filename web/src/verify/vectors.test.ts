import { readFileSync } from "node:fs";

import { hashTypedData } from "viem/utils";
import type { Address, Hex } from "viem";
import { expect, test } from "vitest";

import * as calls from "../chain/calls.ts";
import { openWays, questions, readMeans, type SignedWay, toSign } from "../chain/means.ts";
import { decodeState, isOpen } from "../chain/state.ts";
import { confirmations } from "./agreement.ts";
import { fiatFollows, fromMinor, toMinorOrNull } from "./amounts.ts";
import { codeHash, isEscrow } from "./contract.ts";
import contract from "./contract.json";
import { readTerms } from "./shown.ts";
import { stage } from "./stage.ts";
import * as terms from "./terms.ts";
import vectors from "./vectors.json";

const CHAIN = stage.exchange.chain.chain_id;
const CONTRACT = stage.exchange.chain.escrow_address as Address;
const read = (body: unknown) => readTerms(body, "terms");
const PERMIT2_NONCE = 2n ** 200n + 1n;

test("the contract's code is known by its hash, and no other", () => {
  const artefact = "../src/tradepost_contracts/artifacts/TradepostEscrow.json";
  const { deployedBytecode: code } = JSON.parse(readFileSync(artefact, "utf8")) as {
    deployedBytecode: Hex;
  };
  expect(codeHash(code)).toBe(contract.code_hash);
  expect(isEscrow(code)).toBe(true);
  expect(isEscrow("0x")).toBe(false);
  expect(isEscrow(`${code.slice(0, -2)}ff` as Hex)).toBe(false);
});

test.each(vectors.terms)("terms have the ids and digests of the Python client ($id)", (vector) => {
  const found = read(vector.terms);
  const id = vector.id as Hex;
  expect(terms.malformed(found)).toBeNull();
  expect(terms.escrowId(found, CHAIN, CONTRACT)).toBe(id);
  const elsewhere = "0xe7f1725E7734CE288F8367e1Bb143E90bb3F0512";
  expect(terms.escrowId(found, 1, elsewhere)).toBe(vector.elsewhere);
  for (const [kind, digest] of Object.entries(vector.instructions)) {
    const asked = terms.instruction(kind as terms.InstructionKind, id, CHAIN, CONTRACT);
    expect(hashTypedData(asked)).toBe(digest);
  }
  const { buyer_amount, valid_until, digest } = vector.settlement;
  const share = terms.settlement(id, BigInt(buyer_amount), valid_until, CHAIN, CONTRACT);
  expect(hashTypedData(share)).toBe(digest);
});

test.each(vectors.terms)("signed locks have the same digests ($id)", (vector) => {
  const found = read(vector.terms);
  const token = {
    name: "Tether ¢",
    version: "1",
    chainId: CHAIN,
    verifyingContract: found.token,
  };
  const means = { ...readMeans({}, found, CHAIN), token, permitNonce: 7n };
  for (const [way, digests] of Object.entries(vector.locks)) {
    const asked = toSign(way as SignedWay, found, CHAIN, CONTRACT, means, PERMIT2_NONCE);
    const made = Object.entries(asked).map(([name, data]) => [name, hashTypedData(data)]);
    expect(Object.fromEntries(made)).toEqual(digests);
  }
});

test.each(vectors.terms)("calls about an escrow are the same bytes ($id)", (vector) => {
  const found = read(vector.terms);
  expect(calls.lock(found)).toBe(vector.calls.lock);
  expect(calls.stateOf(found)).toBe(vector.calls.state_of);
  expect(questions(found, vector.id as Hex, CONTRACT)).toEqual(vector.questions);
});

test("calls about coins are the same bytes", () => {
  const token = stage.exchange.assets[1]?.token as Address;
  const account = stage.buyer.address as Address;
  const other = stage.stranger as Address;
  expect({
    held: calls.held(token, account),
    deposit: calls.deposit(token, account, 5n),
    withdraw: calls.withdraw(token, 5n, other),
    token_balance: calls.tokenBalance(account),
    allowance: calls.allowance(account, other),
    approve: calls.approve(other, 5n),
    transfer: calls.transfer(other, 5n),
    decimals: calls.view("decimals"),
    is_valid_signature: calls.isValidSignature(`0x${"11".repeat(32)}`, `0x${"22".repeat(65)}`),
  }).toEqual(vectors.calls);
});

test.each(vectors.means)("a node's answers mean the same ways: $name", (vector) => {
  const found = read(vectors.terms[0]?.terms);
  const means = readMeans(vector.answers as Record<string, Hex | null>, found, CHAIN);
  const { name, version } = means.token ?? {};
  expect({
    ways: openWays(means, found).join(" "),
    token: means.token && { name, version },
    permit_nonce: means.permitNonce?.toString() ?? null,
  }).toEqual({ ways: vector.ways, token: vector.token, permit_nonce: vector.permit_nonce });
});

test.each(vectors.refused)("terms that the contract refuses are refused ($refused)", (vector) => {
  expect(terms.refusal(read(vector.terms)) !== null).toBe(vector.refused);
});

test("states are read by their numbers", () => {
  const told = vectors.states.map(({ answer }) => decodeState(answer as Hex));
  expect(told.map(({ status }) => status.toUpperCase().replace("-", "_"))).toEqual(
    vectors.states.map(({ status }) => status),
  );
  expect(new Set(told.map(({ time }) => time))).toEqual(new Set([stage.chain_time]));
  expect(told.filter(isOpen).map(({ status }) => status)).toEqual([
    "locked",
    "cancel-requested",
    "paid",
  ]);
  for (const answer of ["0x", "0x00", `0x${"00".repeat(31)}07${"00".repeat(64)}`] as Hex[]) {
    expect(() => decodeState(answer)).toThrow(expect.objectContaining({ kind: "WrongContract" }));
  }
});

test.each(vectors.amounts)("$amount with $decimals decimals", (vector) => {
  const minor = toMinorOrNull(vector.amount, vector.decimals);
  expect(minor?.toString() ?? null).toBe(vector.minor);
  expect(minor === null ? null : fromMinor(minor, vector.decimals)).toBe(vector.back);
});

test.each(vectors.sums)("$amount at $price against $fiat", (vector) => {
  const { amount, fiat, price, decimals } = vector;
  const follows = (gain: "buyer" | "seller" | null) =>
    fiatFollows(amount, fiat, price, decimals, 2, gain);
  expect([follows(null), follows("buyer"), follows("seller")]).toEqual([
    vector.anyone,
    vector.buyer,
    vector.seller,
  ]);
});

test.each(vectors.confirmations)("$claimed confirmations on chain $chain_id", (vector) => {
  expect(confirmations(vector.claimed, vector.chain_id)).toBe(vector.depth);
});
