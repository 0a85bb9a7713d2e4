import { readFileSync } from "node:fs";

import { beforeEach, expect, test, vi } from "vitest";

import { mockFetch } from "../mock/api.ts";
import { exchange } from "../mock/book.ts";
import { WALLET } from "../mock/start.ts";
import { WrongChain, WrongContract } from "../verify/errors.ts";
import { readBalances } from "./balances.ts";

const { node } = vi.hoisted(() => ({ node: vi.fn() }));
vi.mock("../chain/provider.ts", () => ({
  ownNode: () => null,
  exchangeProvider: () => ({ request: node }),
}));

const ARTEFACT = "../src/tradepost_contracts/artifacts/TradepostEscrow.json";
const { deployedBytecode: CODE } = JSON.parse(readFileSync(ARTEFACT, "utf8")) as {
  deployedBytecode: string;
};
const word = (value: bigint) => `0x${value.toString(16).padStart(64, "0")}`;
const [, usdt] = exchange.assets;

/** A node on the exchange's chain, with the contract, 3 ETH, 7 USDT, and some of both deposited. */
function answers({
  method,
  params = [],
}: {
  method: string;
  params?: readonly unknown[];
}): unknown {
  switch (method) {
    case "eth_chainId":
      return "0x7a69";
    case "eth_getCode":
      return CODE;
    case "eth_getBalance":
      return "0x3";
    case "eth_call": {
      const { to, data } = params[0] as { to: string; data: string };
      if (to === usdt?.token) {
        return word(7n);
      }
      return word(data.includes(usdt?.token?.slice(2).toLowerCase() ?? "none") ? 5n : 4n);
    }
    default:
      throw new Error(`The node was asked for ${method}.`);
  }
}

beforeEach(() => {
  globalThis.fetch = mockFetch();
  node.mockImplementation(async (asked: Parameters<typeof answers>[0]) => answers(asked));
});

test("an address has coins in the wallet and in the contract", async () => {
  expect(await readBalances(WALLET)).toEqual([
    { asset: "ETH", wallet: 3n, deposited: 4n },
    { asset: "USDT", wallet: 7n, deposited: 5n },
  ]);
});

test.each([
  ["eth_chainId", "0x1", WrongChain],
  ["eth_getCode", "0x", WrongContract],
  ["eth_getCode", `${CODE}00`, WrongContract],
])("a node that answers %s otherwise is not believed", async (lied, lie, error) => {
  node.mockImplementation(async (asked: Parameters<typeof answers>[0]) =>
    asked.method === lied ? lie : answers(asked),
  );
  await expect(readBalances(WALLET)).rejects.toThrow(error);
});
