import { readFileSync } from "node:fs";

import { type Hex, recoverTypedDataAddress } from "viem";
import { beforeEach, expect, test, vi } from "vitest";

import { type Lie, lied, offerToldSo, quoteToldSo, stage } from "../verify/stage.ts";
import { instruction } from "../verify/terms.ts";
import { checkedDigest, type Confirmation, confirmStep } from "./confirming.ts";
import { FakeExchange } from "./fakeExchange.ts";
import { CONTRACT, FakeNode, fakeWallet, traderOn } from "./fakes.ts";

const { deployedBytecode: CODE } = JSON.parse(
  readFileSync("../src/tradepost_contracts/artifacts/TradepostEscrow.json", "utf8"),
) as { deployedBytecode: Hex };
const ID = "019ac6d2-8b10-7a44-9c3d-0a1b2c3d4e5f";
const ANSWER = `/v1/confirmations/${ID}/confirm`;

let node: FakeNode;
let exchange: FakeExchange;
let asked: string[];
let buyer: ReturnType<typeof traderOn>;

beforeEach(async () => {
  localStorage.clear();
  node = new FakeNode();
  node.code.set(CONTRACT, CODE);
  exchange = new FakeExchange();
  vi.stubGlobal("fetch", exchange.fetch);
  asked = [];
  buyer = traderOn(node, fakeWallet(stage.buyer.secret, node, asked));
  const taking = { method: "sepa", amount: "100", quote: quoteToldSo() };
  await buyer.trader.takeOffer(offerToldSo(), taking, "an intent");
  [exchange.sent, asked.length] = [[], 0];
  node.status = "locked";
});

/** What an agent of the buyer's asks for, with the digest that the exchange makes of it. */
async function ask(step: Confirmation["step"], lie: Lie = {}): Promise<Confirmation> {
  const { asset, amount, currency, fiat_amount, payment_method } = stage.trade;
  const parameters = lied(
    {
      trade_id: stage.trade.id,
      side: "buyer",
      asset,
      amount,
      currency,
      fiat_amount,
      payment_method,
    },
    lie,
  ) as unknown as Record<string, string>;
  const sorted = Object.fromEntries(
    Object.keys(parameters)
      .sort()
      .map((name) => [name, parameters[name]]),
  );
  const text = new TextEncoder().encode(JSON.stringify([ID, step, sorted]));
  const digest = Buffer.from(await crypto.subtle.digest("SHA-256", text)).toString("hex");
  return {
    id: ID,
    step,
    summary: "Whatever the exchange says.",
    parameters,
    digest,
    needs: [],
    state: "pending",
    token_id: ID,
    trade_id: null,
    created_at: "2026-11-24T05:00:00Z",
    expires_at: "2026-11-24T05:15:00Z",
    decided_at: null,
  };
}

const confirm = (what: Confirmation) => confirmStep(buyer.desk.wallet, what, buyer.desk);

test("the digest is that of the Python client, made of what is shown", () => {
  // hashlib.sha256(json.dumps([ID, "release", {"b": "é\"\n", "a": "1"}], sort_keys=True,
  //     separators=(",", ":"), ensure_ascii=False).encode()).hexdigest()
  const known = {
    id: ID,
    step: "release",
    parameters: { b: 'é"\n', a: "1" },
    digest: "b4c65b5c56e8f2f1fbb3b52ff1ca50aef0d2501be3b34326d22772d04672138c",
  } as unknown as Confirmation;
  expect(checkedDigest(known)).toBe(known.digest);
  expect(() => checkedDigest({ ...known, parameters: { a: "2" } })).toThrow(/digest/);
});

test.each([
  ["payment_sent", "Paid"],
  ["refund", "Refund"],
  ["cancel", "Refund"],
] as const)(
  "%s is signed as the buyer's own step, and handed in with the digest",
  async (step, kind) => {
    const what = await ask(step);
    await confirm(what);
    const [body] = exchange.posts(ANSWER);
    expect(body?.["digest"]).toBe(what.digest);
    const { escrow } = exchange.shown() as unknown as { escrow: { id: Hex } };
    const data = instruction(kind, escrow.id, stage.exchange.chain.chain_id, CONTRACT);
    const signature = body?.["signature"] as Hex;
    expect(await recoverTypedDataAddress({ ...data, signature })).toBe(stage.buyer.address);
  },
);

test("the arbitrator is called without a signature", async () => {
  await confirm(await ask("dispute", { reason: "other" }));
  expect(exchange.posts(ANSWER)).toHaveLength(1);
  expect(exchange.posts(ANSWER)[0]).not.toHaveProperty("signature");
  expect(asked).toEqual([]);
});

test.each([
  { trade_id: ID },
  { side: "seller" },
  { asset: "ETH" },
  { amount: "1000" },
  { amount: "1e2" },
  { currency: "USD" },
  { fiat_amount: "1.00" },
  { payment_method: "revolut" },
])("nothing is signed where the trade is not what was asked about: %j", async (lie) => {
  await expect(confirm(await ask("payment_sent", lie))).rejects.toThrow();
  expect(asked).toEqual([]);
  expect(exchange.posts(ANSWER)).toEqual([]);
});

test("a step of the other side is refused, whatever the exchange calls the reader", async () => {
  exchange.lie = { viewer: { role: "seller" } };
  await expect(confirm(await ask("release", { side: "seller" }))).rejects.toThrow();
  expect(asked).toEqual([]);
});

test("a refund is not signed where the chain holds no coins", async () => {
  node.status = "refunded";
  await expect(confirm(await ask("refund"))).rejects.toThrow(
    expect.objectContaining({ kind: "NotLocked" }),
  );
  expect(asked).toEqual([]);
});

test("a digest of something else is refused before anything is asked", async () => {
  const what = await ask("payment_sent");
  await expect(confirm({ ...what, digest: "9f".repeat(32) })).rejects.toThrow(/digest/);
  expect(exchange.sent).toEqual([]);
});
