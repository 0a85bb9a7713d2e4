import type { Address } from "viem";
import { beforeEach, expect, test, vi } from "vitest";

import { FakeNode, fakeWallet } from "../trading/fakes.ts";
import contract from "../verify/contract.json";
import { stage } from "../verify/stage.ts";
import { SigningRefused } from "../wallet/errors.ts";
import type { Wallet } from "../wallet/wallet.ts";
import { Chain } from "./chain.ts";
import { NodeError } from "./errors.ts";
import { type Order, Sender, type Sending } from "./sending.ts";
import { Intents } from "./sent.ts";

const selectorOf = (error: string) =>
  Object.entries(contract.errors).find(([, name]) => name === error)?.[0];
const CALL = { to: stage.stranger as Address, data: "0x1234", value: 5n } as const;
const OTHER = { ...CALL, to: stage.seller.address as Address, data: "0x", value: 0n } as const;

let node: FakeNode;
let wallet: Wallet;
let told: Sending[];

beforeEach(() => {
  localStorage.clear();
  node = new FakeNode();
  wallet = fakeWallet(stage.buyer.secret, node);
  told = [];
});

const order = (changes: Partial<Order> = {}): Order => ({
  step: "a trade lock",
  call: CALL,
  needed: 3,
  harmless: true,
  report: (sending) => told.push(sending),
  ...changes,
});
const sender = () => new Sender(wallet, new Chain(node, 0));
const intents = () => new Intents(wallet.address);
const name = () => intents().name(order().step, CALL);
const states = () => told.map(({ state, confirmations }) => `${state} ${confirmations}`);
const refused = (reason: string) => expect.objectContaining({ kind: "ChainRefused", reason });

/** A page that sends, and is gone before anything has come of it. */
async function begun(): Promise<void> {
  node.mines = false;
  const looksNoMore = new Chain(node, 1_000_000_000);
  void new Sender(wallet, looksNoMore).carryOut(order({ report: () => undefined }));
  await vi.waitFor(() => expect(intents().read(name())?.hash).toBeTruthy());
}

test("confirmations are counted and told", async () => {
  await sender().carryOut(order());
  expect(states()).toEqual(["sent 1", "sent 2", "confirmed 3"]);
  expect(intents().read(name())).toBeNull();
});

test("an intent is kept before the wallet is asked", async () => {
  const seen = vi.spyOn(wallet, "send").mockImplementation(async (call) => {
    expect(intents().read(name())).toMatchObject({ nonce: 0, hash: null, block: 100 });
    return node.send(wallet.address, call);
  });
  await sender().carryOut(order());
  expect(seen).toHaveBeenCalledOnce();
});

test("who says no has sent nothing", async () => {
  vi.spyOn(wallet, "send").mockRejectedValueOnce(new SigningRefused());
  await expect(sender().carryOut(order())).rejects.toThrow(SigningRefused);
  expect(sender().isBegun(order())).toBe(false);
});

test("a page that comes back goes on with what was sent", async () => {
  await begun();
  node.mines = true;
  await sender().carryOut(order());
  expect(node.sent).toHaveLength(1);
  expect(states().at(-1)).toBe("confirmed 3");
});

test("a page that died before the wallet told the hash finds it by its nonce", async () => {
  intents().keep(name(), { nonce: 0, hash: null, block: 100, at: Date.now() });
  node.send(wallet.address, CALL);
  const carried = sender().carryOut(order());
  await vi.waitFor(() => expect(node.asked).toContain("eth_getTransactionCount"));
  node.mine();
  await carried;
  expect(node.sent).toHaveLength(1);
});

test("a nonce that went to something else was not this: it is sent now", async () => {
  intents().keep(name(), { nonce: 0, hash: null, block: 100, at: Date.now() });
  node.send(wallet.address, OTHER);
  node.mine();
  await sender().carryOut(order());
  expect(node.sent.map(({ data }) => data)).toEqual(["0x", "0x1234"]);
});

test("what was begun and never left the wallet is sent now", async () => {
  intents().keep(name(), { nonce: 0, hash: null, block: 100, at: Date.now() });
  await sender().carryOut(order());
  expect(node.sent).toHaveLength(1);
});

test.each([true, false])(
  "a faster transaction takes its place, whole blocks: %s",
  async (whole) => {
    if (!whole) {
      const request = node.request.bind(node);
      vi.spyOn(node, "request").mockImplementation(async (asked) => {
        if (asked.method === "eth_getBlockByNumber" && asked.params?.[1] === true) {
          throw new NodeError(-32602, "false: no whole transactions", undefined);
        }
        return request(asked);
      });
    }
    await begun();
    const [slow] = node.sent;
    node.sent = [];
    const hash = `0x${"fa".repeat(32)}` as const;
    node.sent.push({ ...slow!, hash });
    node.mine();
    node.head += 5;
    node.mines = true;
    await sender().carryOut(order());
    expect(told.at(-1)).toEqual({ hash, state: "confirmed", confirmations: 3, needed: 3 });
  },
);

test("one that was cancelled in the wallet is told, and can be sent again", async () => {
  await begun();
  const [slow] = node.sent;
  node.sent = [{ ...slow!, ...OTHER, hash: `0x${"ca".repeat(32)}` }];
  node.mine();
  await expect(sender().carryOut(order())).rejects.toThrow(refused("replaced"));
  expect(sender().isBegun(order())).toBe(false);
});

test("one that failed is told with the contract's reason", async () => {
  const failing = fakeWallet(stage.buyer.secret, node);
  vi.spyOn(failing, "send").mockImplementation(async (call) => {
    const hash = node.send(failing.address, call);
    node.sent.at(-1)!.succeeded = false;
    const data = `${selectorOf("TooLateToLock")}${"0".repeat(128)}`;
    node.refuses.set("eth_call", new NodeError(3, "execution reverted", data));
    return hash;
  });
  const carried = new Sender(failing, new Chain(node, 0)).carryOut(order({ needed: 1 }));
  await expect(carried).rejects.toThrow(refused("TooLateToLock"));
  expect(states().at(-1)).toBe("failed 1");
});

test("a reorganisation starts the count again", async () => {
  await begun();
  node.mine();
  node.mine();
  const [one] = node.sent;
  const carried = sender().carryOut(order());
  await vi.waitFor(() => expect(states()).toContain("sent 2"));
  one!.block = null;
  node.nonce = 0;
  await vi.waitFor(() => expect(states()).toContain("sent 0"));
  node.mines = true;
  await carried;
  expect(states()).toEqual(["sent 2", "sent 0", "sent 1", "sent 2", "confirmed 3"]);
  expect(node.sent).toHaveLength(1);
});

test("what no node knows any more is sent again where that does no harm, and only after a while", async () => {
  const hash = `0x${"0f".repeat(32)}` as const;
  const minutes = (ago: number) => Date.now() - ago * 60_000;
  intents().keep(name(), { nonce: 0, hash, block: 100, at: minutes(2) });
  await sender().carryOut(order());
  expect(node.sent).toHaveLength(1);

  const harmful = order({ step: "send", harmless: false });
  const kept = intents().name("send", CALL);
  intents().keep(kept, { nonce: 1, hash, block: 100, at: minutes(2) });
  const carried = sender().carryOut(harmful);
  await new Promise((done) => setTimeout(done, 50));
  expect(node.sent).toHaveLength(1);
  intents().keep(kept, { nonce: 1, hash, block: 100, at: minutes(70) });
  await sender().carryOut(harmful);
  expect(node.sent).toHaveLength(2);
  // The first looker finds that its nonce is used.
  await expect(carried).resolves.toMatchObject({ succeeded: true });
});

test.each(["{", "[]", '{"nonce":-1}', '{"nonce":0,"hash":"<script>","block":1,"at":1}', "null"])(
  "a damaged intent is none: %s",
  (text) => {
    intents().keep(name(), { nonce: 0, hash: null, block: 100, at: 1 });
    const key = Object.keys(localStorage).find((each) => each.endsWith(name()))!;
    localStorage.setItem(key, text);
    expect(sender().isBegun(order())).toBe(false);
  },
);

test("only so many are kept, the newest", () => {
  for (let at = 0; at < 60; at += 1) {
    intents().keep(`n${at}`, { nonce: at, hash: null, block: 1, at });
  }
  expect(Object.keys(localStorage)).toHaveLength(50);
  expect(intents().read("n59")).toMatchObject({ nonce: 59 });
  expect(intents().read("n0")).toBeNull();
});
