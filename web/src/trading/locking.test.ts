import { type Hex } from "viem";
import { expect, test, vi } from "vitest";

import { lied, stage } from "../verify/stage.ts";
import { CONTRACT } from "./fakes.ts";
import {
  OFFERED,
  asked,
  buyer,
  exchange,
  finds,
  node,
  on,
  seller,
  shown,
  take,
  taken,
} from "./play.ts";

const lock = () => seller.trader.lock(shown(), "transaction", () => undefined);

test.each([1, 31338])("another chain is found out: %i", async (chainId) => {
  await taken();
  node.chainId = chainId;
  await expect(lock()).rejects.toThrow(finds("WrongChain"));
  expect(node.sent).toEqual([]);
});

test.each<Hex>(["0x", "0x6000"])("no coin goes to other code: %s", async (code) => {
  await taken();
  node.code.set(CONTRACT, code);
  await expect(lock()).rejects.toThrow(finds("WrongContract"));
  await expect(take()).rejects.toThrow(finds("WrongContract"));
  const published = seller.trader.publishOffer(OFFERED, "another");
  await expect(published).rejects.toThrow(finds("WrongContract"));
  expect([node.sent, exchange.posts("/v1/trades"), exchange.posts("/v1/offers")]).toEqual([
    [],
    [],
    [],
  ]);
});

test("a coin that counts otherwise is found out", async () => {
  await taken();
  node.decimals = 18n;
  await expect(lock()).rejects.toThrow(finds("TokenChanged"));
  expect(node.sent).toEqual([]);
});

test("the chain's own coin has eighteen decimals, whatever the exchange says", async () => {
  exchange.exchange = lied(stage.exchange, {
    assets: [{ code: "USDT", decimals: 6, token: null }],
  });
  const terms = { token: "0x0000000000000000000000000000000000000000" };
  exchange.lie = { sealed_payment_details: "sealed", escrow: { terms } };
  await take();
  node.status = "locked";
  await expect(buyer.trader.openPaymentDetails(shown())).rejects.toThrow(finds("TokenChanged"));
});

test("nothing is locked after the deadline", async () => {
  await taken();
  node.time = stage.chain_time + 1801;
  await expect(lock()).rejects.toThrow(finds("FundingTooLate"));
  expect(node.sent).toEqual([]);
});

test("missing funds are told before gas is spent", async () => {
  await taken();
  node.tokens = 100_499_999n;
  await expect(lock()).rejects.toThrow(
    expect.objectContaining({ kind: "FundsMissing", needed: 100_500_000n, have: 100_499_999n }),
  );
  [node.tokens, node.balance] = [10n ** 9n, 100n];
  await expect(lock()).rejects.toThrow(expect.objectContaining({ have: 100n }));
  expect(node.sent).toEqual([]);
});

test("the lock waits for the agreed depth, and is not sent twice", async () => {
  await taken();
  const told: string[] = [];
  await seller.trader.lock(shown(), "transaction", (at) =>
    told.push(`${at.step} ${at.state} ${at.confirmations}/${at.needed}`),
  );
  expect(told.filter((one) => one.startsWith("approve")).at(-1)).toBe("approve confirmed 1/1");
  expect(told.at(-1)).toBe("lock confirmed 2/2");
  await lock();
  expect(node.sent).toHaveLength(2);
});

test("two who press at once lock once", async () => {
  await taken();
  await Promise.all([lock(), lock()]);
  expect(node.sent).toHaveLength(2);
});

test("a page that dies while it locks goes on, and sends nothing again", async () => {
  await taken();
  node.allowance = 10n ** 9n;
  node.mines = false;
  const dead = seller.trader.lock(shown(), "transaction", () => undefined);
  await vi.waitFor(() => expect(node.sent).toHaveLength(1));
  node.mines = true;
  const anew = (await on(stage.seller.secret)).trader;
  await anew.lock(shown(), "transaction", () => undefined);
  await dead;
  expect(node.sent).toHaveLength(1);
});

test("a lock is signed for the ways that the chain shows, and waited for", async () => {
  await taken();
  expect(await seller.trader.lockWays(shown())).toEqual(["transaction"]);
  node.allowance = 10n ** 12n;
  node.held = 100_500_000n;
  expect(await seller.trader.lockWays(shown())).toEqual(["deposit", "allowance", "transaction"]);
  const locked = seller.trader.lock(shown(), "deposit", () => undefined);
  await vi.waitFor(() => expect(exchange.posts("/lock")).toHaveLength(1));
  [node.status, node.since] = ["locked", node.head - 5];
  await locked;
  const [sent] = exchange.posts("/lock");
  expect(sent).toMatchObject({ way: "deposit" });
  expect(asked.at(-1)).toBe("LockFromDeposit");
  expect(node.sent).toEqual([]);
});

test("a way that is not open is not signed", async () => {
  await taken();
  const locked = seller.trader.lock(shown(), "deposit", () => undefined);
  await expect(locked).rejects.toThrow(finds("FundsMissing"));
  expect(exchange.posts("/lock")).toEqual([]);
});

test("a signed lock that was handed over is not signed again", async () => {
  await taken();
  exchange.lie = { escrow: { lock: { way: "deposit", state: "sent", reason: null } } };
  node.held = 100_500_000n;
  [asked.length, node.asked] = [0, []];
  const locked = seller.trader.lock(shown(), "deposit", () => undefined);
  await vi.waitFor(() => expect(node.asked.length).toBeGreaterThan(20));
  [node.status, node.since] = ["locked", node.head - 5];
  await locked;
  expect([exchange.posts("/lock"), asked]).toEqual([[], []]);
});
