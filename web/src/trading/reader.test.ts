import { beforeEach, expect, test, vi } from "vitest";

import { keepOwnNode } from "../chain/provider.ts";
import { stage, tradeToldSo } from "../verify/stage.ts";
import { WrongNetwork } from "../wallet/errors.ts";
import type { Wallet } from "../wallet/wallet.ts";
import { checkNetwork, openDesk } from "./desk.ts";
import { FakeNode, fakeWallet } from "./fakes.ts";
import { readerOf } from "./reader.ts";
import { seeEscrow } from "./seeEscrow.ts";

const CHAIN = stage.exchange.chain.chain_id;

let node: FakeNode;
let asked: string[];

beforeEach(() => {
  localStorage.clear();
  node = new FakeNode();
  asked = [];
  vi.stubGlobal("fetch", async (url: string, init: RequestInit) => {
    asked.push(url);
    return Response.json({ result: await node.request(JSON.parse(init.body as string) as never) });
  });
});

const wallet = (kind: Wallet["kind"]): Wallet => ({
  ...fakeWallet(stage.buyer.secret, node),
  kind,
});

test("the reader's own wallet is believed most, then his node, then the exchange's", () => {
  expect(readerOf(wallet("own"))).toMatchObject({ provider: node, witness: "own" });
  expect(readerOf(wallet("built-in"))).toMatchObject({ witness: "exchange" });
  keepOwnNode("https://node.example");
  expect(readerOf(wallet("built-in"))).toMatchObject({ witness: "own", isWallet: false });
  expect(readerOf(null)).toMatchObject({ witness: "own" });
  expect(readerOf(wallet("own")).provider).toBe(node);
});

test("an escrow is seen without a wallet, and it is told who showed it", async () => {
  expect(await seeEscrow(tradeToldSo())).toMatchObject({ witness: "exchange", codeKnown: false });
  expect(new Set(asked)).toEqual(new Set([`${window.location.origin}/v1/chain/calls`]));
  keepOwnNode("https://node.example/key");
  asked = [];
  expect(await seeEscrow(tradeToldSo())).toMatchObject({ witness: "own" });
  expect(new Set(asked)).toEqual(new Set(["https://node.example/key"]));
});

test("a wallet on another network is the reader's to change, and no lie", async () => {
  node.chainId = 1;
  const own = checkNetwork(openDesk(wallet("own")), CHAIN);
  await expect(own).rejects.toThrow(expect.objectContaining({ wanted: CHAIN }));
  await expect(own).rejects.toThrow(WrongNetwork);
  const given = checkNetwork(openDesk(wallet("built-in"), node), CHAIN);
  await expect(given).rejects.toThrow(expect.objectContaining({ kind: "WrongChain" }));
});
