import { hashMessage } from "viem";
import { expect, test } from "vitest";

import { seal, unseal } from "../sealing/paymentDetails.ts";
import { keyDigest, signKey } from "../sealing/signedKeys.ts";
import { makerContext, takerContext } from "../sealing/tradeKeys.ts";
import { stage } from "../verify/stage.ts";
import { fakeWallet } from "./fakes.ts";
import {
  CHAIN,
  DETAILS,
  buyer,
  exchange,
  finds,
  node,
  seller,
  shown,
  take,
  taken,
} from "./play.ts";
import vectors from "../verify/vectors.json";

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
  // Locked twice, on two branches: only the newer one counts.
  node.lockedAt -= 12;
  await expect(open()).rejects.toThrow(finds("NotConfirmed"));
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
