import { readFileSync } from "node:fs";

import {
  type Hex,
  hashMessage,
  keccak256,
  recoverMessageAddress,
  recoverTypedDataAddress,
} from "viem";
import { beforeEach, expect, test, vi } from "vitest";

import contract from "../verify/contract.json";
import { instruction, settlement } from "../verify/terms.ts";
import {
  FLOATING,
  type Lie,
  lied,
  offerToldSo,
  quoteToldSo,
  stage,
  tradeToldSo,
} from "../verify/stage.ts";
import vectors from "../verify/vectors.json";
import { makerContext, takerContext } from "../sealing/tradeKeys.ts";
import { keyDigest, keyStatement, signKey } from "../sealing/signedKeys.ts";
import { seal, unseal } from "../sealing/paymentDetails.ts";
import type { TradeKeys, Wallet } from "../wallet/wallet.ts";
import { CONTRACT, FakeExchange, FakeNode, fakeWallet, traderOn } from "./fakes.ts";
import type { NewOffer, Taking, Trade, Trader } from "./trader.ts";

const CHAIN = stage.exchange.chain.chain_id;
const DETAILS = { iban: "DE02" };
const { deployedBytecode: CODE } = JSON.parse(
  readFileSync("../src/tradepost_contracts/artifacts/TradepostEscrow.json", "utf8"),
) as { deployedBytecode: Hex };
const TAKING: Taking = { method: "sepa", amount: "100", quote: quoteToldSo() };
const OFFERED: NewOffer = {
  direction: "sell",
  asset: "USDT",
  currency: "EUR",
  price: "0.98",
  min_amount: "10",
  max_amount: "500",
  total_amount: "1000",
  payment_methods: ["sepa"],
  terms: "Own account only.",
  amount_unit: "asset",
  funding_window_s: 1800,
  visibility: "public",
  min_trades: 0,
  min_account_age_days: 0,
  first_trade_limit: "100",
  taker_countries: ["DE"],
  working_hours: {
    time_zone: "Europe/Berlin",
    spans: [
      { day: "mon", opens: "09:00", closes: "17:30" },
      { day: "sat", opens: "10:00", closes: "24:00" },
    ],
  },
  closes_at: "2026-12-31T00:00:00Z",
  shares_coins_with: stage.other_trade,
};
const STEPS = ["payment-sent", "release", "refund", "cancel", "settlement"];

let node: FakeNode;
let exchange: FakeExchange;
let asked: string[];
let buyer: { wallet: Wallet; trader: Trader; keys: TradeKeys };
let seller: { wallet: Wallet; trader: Trader; keys: TradeKeys };

beforeEach(async () => {
  localStorage.clear();
  node = new FakeNode();
  node.code.set(CONTRACT, CODE);
  exchange = new FakeExchange();
  vi.stubGlobal("fetch", exchange.fetch);
  asked = [];
  buyer = await on(stage.buyer.secret);
  seller = await on(stage.seller.secret);
});

async function on(secret: string) {
  const wallet = fakeWallet(secret, node, asked);
  return { wallet, trader: traderOn(node, wallet).trader, keys: await wallet.tradeKeys() };
}

const finds = (kind: string) => expect.objectContaining({ kind });
const shown = () => exchange.shown() as unknown as Trade;
const signed = () =>
  STEPS.flatMap((step) => exchange.posts(step)).filter((body) => "signature" in body);

/** The buyer has taken the stage's offer. */
const take = () => buyer.trader.takeOffer(offerToldSo(), TAKING, "an intent");

/** The seller's offer was taken, by whom the stage says. */
async function taken(): Promise<void> {
  await seller.trader.publishOffer(OFFERED, "an offer");
  exchange.trade = lied(stage.trade, {
    viewer: { role: "seller" },
    seller: { encryption_key: exchange.offer["encryption_key"] },
  });
  exchange.sent = [];
}

// --- taking -----------------------------------------------------------------------------------

test("taking proves the wallet, asks at the quoted price, and signs the key", async () => {
  const trade = await take();
  expect(trade.id).toBe(stage.trade.id);
  expect(exchange.wallets).toEqual([stage.buyer.address]);
  const [sent] = exchange.posts("/v1/trades");
  expect(sent).toMatchObject({ hold: "a held price", price_limit: "0.98", amount: "100" });
  const known = buyer.keys.fresh(takerContext(stage.offer.id), "an intent").public;
  expect(sent).toMatchObject({ wallet: stage.buyer.address, encryption_key: known });
  const signature = sent?.["key_signature"] as Hex;
  const signer = await recoverMessageAddress({ message: keyStatement(known), signature });
  expect(signer).toBe(stage.buyer.address);
});

test("a lost answer gives the same trade: one key, one signature, one idempotency key", async () => {
  exchange.wallets = [stage.buyer.address];
  exchange.loses = 1;
  await take();
  await take();
  const sent = exchange.sent.filter(({ path }) => path === "/v1/trades");
  expect(sent.map(({ key }) => key)).toEqual(["an intent", "an intent", "an intent"]);
  expect(sent[1]?.body).toEqual(sent[0]?.body);
  expect(sent[2]?.body).toEqual(sent[0]?.body);
  expect(asked).toEqual(["text"]);
});

test("what was taken is held to, though the answer to it got lost with the page", async () => {
  exchange.wallets = [stage.buyer.address];
  exchange.loses = 3;
  await expect(take()).rejects.toThrow();
  exchange.lie = { price: "0.99", fiat_amount: "99.00" };
  const anew = (await on(stage.buyer.secret)).trader;
  await expect(anew.checkTrade(shown())).rejects.toThrow(finds("PriceChanged"));
});

test("a trade unlike the request is found out at once", async () => {
  exchange.lie = { amount: "99" };
  await expect(take()).rejects.toThrow(finds("AmountChanged"));
  expect(signed()).toEqual([]);
});

test("a worse quote than the offer is not taken", async () => {
  const quote = quoteToldSo({ price: "0.99", fiat_amount: "99.00" });
  const taking = { ...TAKING, quote };
  const taken = buyer.trader.takeOffer(offerToldSo(), taking, "an intent");
  await expect(taken).rejects.toThrow(finds("PriceChanged"));
  expect(exchange.posts("/v1/trades")).toEqual([]);
});

test.each([{}, { amount: "100", fiatAmount: "98" }])(
  "one amount is asked for: %j",
  async (said) => {
    const taking = { method: "sepa", quote: quoteToldSo(), ...said };
    await expect(buyer.trader.takeOffer(offerToldSo(), taking, "x")).rejects.toThrow(RangeError);
  },
);

// --- offers -----------------------------------------------------------------------------------

test("an intent that is repeated has one key", async () => {
  await seller.trader.publishOffer(OFFERED, "line 7");
  await (await on(stage.seller.secret)).trader.publishOffer(OFFERED, "line 7");
  const [first, again] = exchange.sent.filter(({ path }) => path === "/v1/offers");
  expect(first).toEqual(again);
  expect(first?.key).toBe("line 7");
});

test("a floating offer is bounded by its limit", async () => {
  const { price: _, ...floating } = OFFERED;
  const limited = { ...floating, margin_bps: -200, limit_price: "0.95" };
  exchange.offer = { ...exchange.offer, price_source: "index" };
  await seller.trader.publishOffer(limited, "an offer");
  exchange.trade = lied(stage.trade, {
    viewer: { role: "seller" },
    seller: { encryption_key: exchange.offer["encryption_key"] },
  });
  exchange.lie = { price: "0.94", fiat_amount: "94.00" };
  await expect(seller.trader.checkTrade(shown())).rejects.toThrow(finds("PriceChanged"));
  exchange.lie = { price: "0.95", fiat_amount: "95.00" };
  await seller.trader.checkTrade(shown());
});

test.each<[string, Lie]>([
  ["price", { price: "0.97" }],
  ["min_amount", { min_amount: "1" }],
  ["max_amount", { max_amount: "501" }],
  ["direction", { direction: "buy" }],
  ["payment_methods", { payment_methods: ["sepa", "cash"] }],
  ["wallet", { wallet: stage.stranger }],
  ["encryption_key", { encryption_key: "0c".repeat(32) }],
  ["amount_unit", { amount_unit: "currency" }],
  ["pricing", FLOATING],
  ["visibility", { visibility: "trusted" }],
  ["first_trade_limit", { first_trade_limit: "500" }],
  ["taker_countries", { taker_countries: ["DE", "AT"] }],
  ["working_hours", { working_hours: null }],
  ["closes_at", { closes_at: "2026-12-31T00:00:01Z" }],
  ["shares_coins", { shares_coins: false }],
])("an offer that comes back changed is closed: %s", async (_, lie) => {
  exchange.offerLie = lie;
  const published = seller.trader.publishOffer(OFFERED, "an offer");
  await expect(published).rejects.toThrow(
    expect.objectContaining({ kind: expect.stringMatching(/Changed|Missing|NotOurs/) }),
  );
  expect(exchange.sent.at(-1)?.path).toMatch(/\/close$/);
});

test.each<Lie>([
  { margin_bps: 5 },
  { price: null },
  { price_source: "index" },
  { min_amount: "501" },
  { max_amount: "1001" },
])("what does not agree is not sent: %j", async (wrong) => {
  const said = { ...OFFERED, ...wrong } as NewOffer;
  await expect(seller.trader.publishOffer(said, "x")).rejects.toThrow(RangeError);
  expect(exchange.sent).toEqual([]);
});

// --- what is signed, and what not ---------------------------------------------------------------

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

// --- payment details ----------------------------------------------------------------------------

test("the buyer gets the details once the lock is deep", async () => {
  const key = seller.keys.fresh(makerContext("sell", "USDT", "EUR"));
  exchange.lie = { seller: { encryption_key: key.public } };
  const trade = await take();
  const open = () => buyer.trader.openPaymentDetails(shown());
  await expect(open()).rejects.toThrow(finds("SealBroken"));
  const envelope = {
    trade_id: trade.id,
    escrow_id: trade.escrow.id,
    method: "sepa",
    seller_key: key.public,
    buyer_key: trade.buyer.encryption_key,
  };
  exchange.trade["sealed_payment_details"] = await seal(envelope, DETAILS, key, seller.wallet);
  await expect(open()).rejects.toThrow(finds("NotLocked"));
  [node.status, node.since] = ["locked", node.head];
  await expect(open()).rejects.toThrow(finds("NotConfirmed"));
  node.head += 1;
  expect(await open()).toEqual(DETAILS);
  node.status = "cancel-requested";
  await expect(open()).rejects.toThrow(/do not pay/);
});

test("details of another's hand are not the seller's", async () => {
  const key = seller.keys.fresh(makerContext("sell", "USDT", "EUR"));
  exchange.lie = { seller: { encryption_key: key.public } };
  const trade = await take();
  const envelope = {
    trade_id: trade.id,
    escrow_id: trade.escrow.id,
    method: "sepa",
    seller_key: key.public,
    buyer_key: trade.buyer.encryption_key,
  };
  const forger = fakeWallet("ee".repeat(32), node);
  exchange.trade["sealed_payment_details"] = await seal(envelope, DETAILS, key, forger);
  node.status = "locked";
  await expect(buyer.trader.openPaymentDetails(shown())).rejects.toThrow(finds("SealBroken"));
});

test("the details go to the key that the buyer's wallet signed, and no node is asked", async () => {
  await taken();
  const key = buyer.keys.fresh(takerContext(stage.offer.id));
  const key_signature = await signKey(key.public, buyer.wallet);
  exchange.lie = { buyer: { encryption_key: key.public, key_signature } };
  node.asked = [];
  await seller.trader.sendPaymentDetails(shown(), DETAILS);
  const [sent] = exchange.posts("payment-details");
  const trade = shown();
  const envelope = {
    trade_id: trade.id,
    escrow_id: trade.escrow.id,
    method: "sepa",
    seller_key: trade.seller.encryption_key,
    buyer_key: key.public,
  };
  const sealed = String(sent?.["sealed"]);
  const sellers = trade.seller.encryption_key;
  expect(await unseal(sealed, envelope, key, sellers, seller.wallet.address)).toEqual(DETAILS);
  expect(node.asked).toEqual([]);
});

test.each(vectors.key_lies)(
  "nothing is sealed to a key that was not signed: $name",
  async (lie) => {
    await taken();
    exchange.lie = { buyer: lie.trade["buyer"] ?? {} };
    const sent = seller.trader.sendPaymentDetails(shown(), DETAILS);
    await expect(sent).rejects.toThrow(finds("KeyNotSigned"));
    expect(exchange.posts("payment-details")).toEqual([]);
  },
);

test("a contract wallet is asked for its word on the key, on the agreed chain", async () => {
  await taken();
  const key = buyer.keys.fresh("contract").public;
  const word = "6f776e657273";
  exchange.lie = { buyer: { encryption_key: key, key_signature: `0x${word}` } };
  node.signed = keyDigest(key).slice(2);
  const send = () => seller.trader.sendPaymentDetails(shown(), DETAILS);
  // An account without code has no word of its own.
  await expect(send()).rejects.toThrow(finds("KeyNotSigned"));
  node.code.set(stage.buyer.address, "0x60");
  node.chainId = 1;
  await expect(send()).rejects.toThrow(finds("WrongChain"));
  node.chainId = CHAIN;
  await send();
  expect(exchange.posts("payment-details")).toHaveLength(1);
  node.signed = hashMessage("something else").slice(2);
  await expect(send()).rejects.toThrow(finds("KeyNotSigned"));
});

// --- the chain ------------------------------------------------------------------------------------

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
  [node.status, node.since] = ["locked", node.head];
  asked.length = 0;
  const locked = seller.trader.lock(shown(), "deposit", () => undefined);
  node.head += 1;
  await locked;
  expect([exchange.posts("/lock"), asked]).toEqual([[], []]);
});

// --- settlements --------------------------------------------------------------------------------

const DAY = 86_400;

test.each([
  ["buyer", "25.5", 3_000, true],
  ["arbitrator", "25.50", 30 * DAY, true],
  ["seller", "25.5", 3_000, true],
  ["buyer", "25", 3_000, false],
  ["buyer", "25.5", -1, false],
  ["buyer", "25.5", 600, false],
  ["buyer", "25.5", 30 * DAY + 1, false],
])("a settlement joins what the %s offers: %s, %i s, %s", async (role, share, rest, joined) => {
  await taken();
  node.status = "locked";
  const offered = { role, buyer_amount: share, valid_until: node.time + rest };
  exchange.lie = { settlements: [offered] };
  await seller.trader.settle(shown(), "25.5");
  const [sent] = exchange.posts("settlement");
  const until = node.time + (joined ? rest : 7 * DAY);
  expect(sent).toMatchObject({ buyer_amount: "25.5", valid_until: until });
  const id = shown().escrow.id as Hex;
  const data = settlement(id, 25_500_000n, until, CHAIN, CONTRACT);
  const signer = await recoverTypedDataAddress({ ...data, signature: sent?.["signature"] as Hex });
  expect(signer).toBe(stage.seller.address);
});

test("an offer that came after the page was read is joined all the same", async () => {
  await taken();
  node.status = "locked";
  const stale = shown();
  const valid_until = node.time + 3_000;
  exchange.lie = { settlements: [{ role: "buyer", buyer_amount: "25.5", valid_until }] };
  await seller.trader.settle(stale, "25.5");
  expect(exchange.posts("settlement")).toMatchObject([{ valid_until }]);
});

test.each(["100.000001", "0.0000001", "-1", "", "1e2"])(
  "no share of %s is signed",
  async (share) => {
    await taken();
    node.status = "locked";
    await expect(seller.trader.settle(shown(), share)).rejects.toThrow(RangeError);
    expect(signed()).toEqual([]);
  },
);

test("an arbitrator rules on terms that name him, and on no others", async () => {
  const ruler = await on("ee".repeat(32));
  const arbitrator = ruler.wallet.address;
  exchange.trade = lied(stage.trade, {
    viewer: { role: "arbitrator" },
    escrow: { terms: { arbitrator } },
  });
  await ruler.trader.settle(shown(), "40");
  expect(signed()).toHaveLength(1);
  await expect(buyer.trader.settle(shown(), "40")).rejects.toThrow(finds("ArbitratorChanged"));
  exchange.exchange = lied(stage.exchange, {
    assets: [{ code: "USDT", decimals: 8, token: stage.exchange.assets[1]?.token }],
  });
  await expect(ruler.trader.settle(shown(), "40")).rejects.toThrow(finds("OfferChanged"));
});

// --- without notes --------------------------------------------------------------------------------

test("a trader without notes goes on from his wallet", async () => {
  const key = buyer.keys.fresh(takerContext(stage.offer.id)).public;
  exchange.lie = { buyer: { encryption_key: key } };
  node.status = "locked";
  await buyer.trader.refund(shown());
  expect(signed()).toHaveLength(1);
});

test("a trader without notes knows his own key and wallet", async () => {
  await expect(buyer.trader.checkTrade(shown())).rejects.toThrow(finds("KeyNotOurs"));
  await expect(seller.trader.checkTrade(shown())).rejects.toThrow(finds("OwnWalletMissing"));
});

test("notes outlive the page", async () => {
  await take();
  exchange.lie = { fiat_amount: "99.00", price: "0.99" };
  const anew = (await on(stage.buyer.secret)).trader;
  await expect(anew.checkTrade(shown())).rejects.toThrow(finds("PriceChanged"));
});

// --- coins ------------------------------------------------------------------------------------------

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

// --- what the chain shows ----------------------------------------------------------------------------

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
