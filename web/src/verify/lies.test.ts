import type { Address } from "viem";
import { expect, test } from "vitest";

import { asMaker, asTaker } from "./agreement.ts";
import { readExchange, readOffer, readQuote, readTrade } from "./shown.ts";
import {
  FLOATING,
  type Lie,
  offerToldSo,
  quoteToldSo,
  sellersTrade,
  stage,
  tradeToldSo,
} from "./stage.ts";
import { checkForArbitrator, checkQuote, checkTrade, checkUnchanged } from "./trade.ts";
import vectors from "./vectors.json";

const EXCHANGE = readExchange(stage.exchange);
const BUYER_KEY = stage.trade.buyer.encryption_key;
const SELLER_KEY = stage.trade.seller.encryption_key;

const taken = () =>
  asTaker(readOffer(offerToldSo()), EXCHANGE, readQuote(quoteToldSo()), "sepa", {
    wallet: stage.buyer.address as Address,
    key: BUYER_KEY,
    depth: 2,
  });

const published = (changes: Lie = {}) => {
  const wallet = stage.seller.address as Address;
  const offer = offerToldSo({ wallet, encryption_key: SELLER_KEY, ...changes });
  return asMaker(readOffer(offer), EXCHANGE, { wallet, key: SELLER_KEY, depth: 2 });
};

const finds = (kind: string) => expect.objectContaining({ kind });
const quoted = (lie: Lie, offer: Lie = {}) =>
  checkQuote(readQuote(quoteToldSo(lie)), readOffer(offerToldSo(offer)), EXCHANGE, {
    amount: "100",
  });

test("an honest trade holds for both sides", () => {
  const buyers = checkTrade(readTrade(tradeToldSo()), taken(), stage.trade.id);
  const sellers = checkTrade(readTrade(sellersTrade()), published(), stage.trade.id);
  expect(buyers.escrowId).toBe(sellers.escrowId);
  expect(buyers.terms.amount).toBe(100_000_000n);
});

test.each(vectors.lies)("a lie to the $side is found out: $name", ({ side, trade, error }) => {
  const agreement = side === "buyer" ? taken() : published();
  const told = () => checkTrade(readTrade(tradeToldSo(trade)), agreement, stage.trade.id);
  expect(told).toThrow(finds(error));
});

test("every kind of lie that the Python client finds in a trade is told here", () => {
  const kinds = new Set(vectors.lies.map(({ error }) => error));
  expect(kinds.size).toBeGreaterThanOrEqual(16);
  expect(vectors.lies.length).toBeGreaterThanOrEqual(36);
});

test.each(["97.99", "98.01"])("a sum of money is kept to the cent: %s", (fiat) => {
  const told = readTrade(tradeToldSo({ fiat_amount: fiat }));
  expect(() => checkTrade(told, taken())).toThrow(finds("FiatChanged"));
});

test.each(vectors.quotes)("a lie in a quote is found out: $name", ({ quote, error }) => {
  expect(() => quoted(quote)).toThrow(finds(error));
});

test("a quote is for the money that was asked for", () => {
  const asked = (fiatAmount: string) =>
    checkQuote(readQuote(quoteToldSo()), readOffer(offerToldSo()), EXCHANGE, { fiatAmount });
  asked("98");
  expect(() => asked("99")).toThrow(finds("FiatChanged"));
});

test("a floating price is what the reader was quoted", () => {
  quoted({ price: "1.02", fiat_amount: "102.00" }, FLOATING);
  expect(() => quoted({ price: "1.02", fiat_amount: "102.01" }, FLOATING)).toThrow(
    finds("FiatChanged"),
  );
});

test("a maker's limit bounds what the market is said to be", () => {
  const lower = readTrade(sellersTrade({ price: "0.97", fiat_amount: "97.00" }));
  const limited = published({ ...FLOATING, limit_price: "0.98" });
  checkTrade(readTrade(sellersTrade({ price: "1.20", fiat_amount: "120.00" })), limited);
  expect(() => checkTrade(lower, limited)).toThrow(finds("PriceChanged"));
  // Without a limit the price is what he is told; what it comes to is still reckoned.
  const unlimited = published(FLOATING);
  checkTrade(lower, unlimited);
  const less = readTrade(sellersTrade({ price: "0.97", fiat_amount: "96.99" }));
  expect(() => checkTrade(less, unlimited)).toThrow(finds("FiatChanged"));
});

test("amounts in money bound the money", () => {
  const money = { amount_unit: "currency", total_amount: "1000.00" };
  const trade = readTrade(sellersTrade());
  checkTrade(trade, published({ ...money, min_amount: "98.00", max_amount: "98.00" }));
  for (const [least, most] of [
    ["98.01", "200.00"],
    ["10.00", "97.99"],
  ]) {
    const bounded = published({ ...money, min_amount: least, max_amount: most });
    expect(() => checkTrade(trade, bounded)).toThrow(finds("FiatChanged"));
  }
});

test("the fraction of a cent is the maker's", () => {
  // 100 coins at 0.98004 cost 98.004: a seller who made the offer gets 98.01, or it is a lie.
  const rounded = (fiat: string) =>
    readTrade(sellersTrade({ price: "0.98004", fiat_amount: fiat }));
  checkTrade(rounded("98.01"), published());
  for (const fiat of ["98.00", "98.02"]) {
    expect(() => checkTrade(rounded(fiat), published())).toThrow(finds("FiatChanged"));
  }
});

test("the escrow's id is recomputed", () => {
  const told = readTrade(tradeToldSo({ escrow: { id: `0x${"ab".repeat(32)}` } }));
  expect(() => checkTrade(told, taken())).toThrow(finds("EscrowIdWrong"));
});

test.each(vectors.later)("what was verified cannot change: $name", ({ trade, error }) => {
  const known = checkTrade(readTrade(tradeToldSo()), taken(), stage.trade.id);
  checkUnchanged(readTrade(tradeToldSo({ state: "escrowed" })), known);
  expect(() => checkUnchanged(readTrade(tradeToldSo(trade)), known)).toThrow(finds(error));
});

test("an offer with another wallet or key is no agreement", () => {
  expect(() => published({ wallet: stage.stranger })).toThrow(finds("OwnWalletMissing"));
  expect(() => published({ encryption_key: "0c".repeat(32) })).toThrow(finds("KeyNotOurs"));
});

test("an arbitrator checks what he can", () => {
  const { id, arbitrator } = stage.trade;
  const ruling = (lie: Lie = {}, wallet = arbitrator, decimals = 6) =>
    checkForArbitrator(
      readTrade(tradeToldSo({ viewer: { role: "arbitrator" }, ...lie })),
      id,
      wallet as Address,
      stage.exchange.chain.chain_id,
      decimals,
    );
  expect(ruling().amount).toBe(100_000_000n);
  expect(() => ruling({}, stage.stranger)).toThrow(finds("ArbitratorChanged"));
  expect(() => ruling({}, arbitrator, 8)).toThrow(finds("OfferChanged"));
  expect(() => ruling({ escrow: { chain_id: 1 } })).toThrow(finds("WrongChain"));
  expect(() => ruling({ id: stage.other_trade })).toThrow(finds("OtherTrade"));
  const id32 = { escrow: { id: `0x${"ab".repeat(32)}` } };
  expect(() => ruling(id32)).toThrow(finds("EscrowIdWrong"));
});

test("a coin or a currency that the exchange does not tell is refused", () => {
  expect(() => quoted({}, { asset: "BTC" })).toThrow(finds("OfferChanged"));
  expect(() => quoted({}, { currency: "USD" })).toThrow(finds("OfferChanged"));
});

test.each([
  { amount: 100 },
  { amount: "1e3" },
  { amount: "-1" },
  { amount: null },
  { id: "../../account" },
  { viewer: null },
  { buyer: { encryption_key: "B0".repeat(32) } },
  { buyer: { wallet: "0x12" } },
  { escrow: { terms: { fund_by: 1.5 } } },
  { escrow: { terms: { lane: "0x10" } } },
  { escrow: { terms: null } },
  { escrow: { contract: "exchange.example" } },
  { settlements: [{ role: "buyer", buyer_amount: 1, valid_until: "soon" }] },
  { settlements: "none" },
])("an answer of another form is refused: %j", (lie) => {
  expect(() => readTrade(tradeToldSo(lie as Lie))).toThrow(finds("AnswerMalformed"));
});

test.each([null, undefined, "", 5, []])("what is no trade at all is refused: %j", (answer) => {
  expect(() => readTrade(answer)).toThrow(finds("AnswerMalformed"));
});

test("an address without its checksum is no term", () => {
  const lower = { escrow: { terms: { seller: stage.seller.address.toLowerCase() } } };
  expect(() => checkTrade(readTrade(tradeToldSo(lower)), taken())).toThrow(finds("TermsMalformed"));
});
