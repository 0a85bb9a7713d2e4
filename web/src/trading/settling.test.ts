import { type Hex, recoverTypedDataAddress } from "viem";
import { expect, test } from "vitest";

import { lied, stage } from "../verify/stage.ts";
import { settlement } from "../verify/terms.ts";
import { CONTRACT } from "./fakes.ts";
import { CHAIN, buyer, exchange, finds, node, on, seller, shown, signed, taken } from "./play.ts";

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
