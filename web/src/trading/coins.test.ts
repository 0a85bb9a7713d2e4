import { keccak256 } from "viem";
import { expect, test } from "vitest";

import { stage, tradeToldSo } from "../verify/stage.ts";
import { CONTRACT } from "./fakes.ts";
import { buyer, finds, node } from "./play.ts";
import contract from "../verify/contract.json";

test("balances are the chain's", async () => {
  [node.tokens, node.held] = [7n, 3n];
  expect(await buyer.trader.balances()).toEqual([
    { asset: "ETH", wallet: 10n ** 20n, deposited: 3n },
    { asset: "USDT", wallet: 7n, deposited: 3n },
  ]);
});

test("coins go to others, into the contract and out of it", async () => {
  const told: string[] = [];
  const report = (at: { step: string; state: string }) => told.push(`${at.step} ${at.state}`);
  const to = stage.stranger as `0x${string}`;
  await buyer.trader.send("ETH", 5n, to, report);
  await buyer.trader.send("USDT", 5n, to, report);
  await buyer.trader.deposit("USDT", 5n, report);
  node.held = 5n;
  await buyer.trader.withdraw("USDT", 5n, report);
  expect(new Set(told)).toEqual(
    new Set(["send", "approve", "deposit", "withdraw"].map((step) => `${step} confirmed`)),
  );
  expect(node.sent.map(({ value }) => value)).toEqual([5n, 0n, 0n, 0n, 0n]);
  await expect(buyer.trader.withdraw("USDT", 6n, report)).rejects.toThrow(finds("FundsMissing"));
});

test.each([
  "0x0000000000000000000000000000000000000000",
  CONTRACT,
  stage.exchange.assets[1]?.token,
  "0x7777777777777777777777777777777777777",
  stage.buyer.address.replace(/[a-f]/, (letter) => letter.toUpperCase()),
])("coins are not sent to where they are lost: %s", async (to) => {
  const sent = buyer.trader.send("USDT", 5n, to as `0x${string}`, () => undefined);
  await expect(sent).rejects.toThrow(RangeError);
  expect(node.sent).toEqual([]);
});

test("an escrow is told as the chain has it", async () => {
  [node.status, node.since, node.head] = ["paid", 98, 100];
  const seen = await buyer.trader.seeEscrow(tradeToldSo());
  expect(seen).toMatchObject({
    witness: "own",
    codeKnown: true,
    codeHash: contract.code_hash,
    escrowId: stage.trade.escrow.id,
    idMatches: true,
    status: "locked",
    paid: true,
    confirmations: 2,
    needed: 2,
    cancelAt: null,
    blockNumber: 100,
  });
  node.since = 100;
  expect(await buyer.trader.seeEscrow(tradeToldSo())).toMatchObject({ confirmations: 1 });
  node.status = "cancel-requested";
  const asked = await buyer.trader.seeEscrow(tradeToldSo());
  expect(asked).toMatchObject({ status: "locked", cancelAt: stage.chain_time });
});

test("what is wrong with the code or the id is told, and not thrown", async () => {
  const other = tradeToldSo({ escrow: { id: `0x${"ab".repeat(32)}` } });
  node.code.set(CONTRACT, "0x6000");
  expect(await buyer.trader.seeEscrow(other)).toMatchObject({
    codeKnown: false,
    codeHash: keccak256("0x6000"),
    idMatches: false,
    status: "none",
    confirmations: 0,
  });
  node.chainId = 1;
  await expect(buyer.trader.seeEscrow(other)).rejects.toThrow(finds("WrongChain"));
});
