import { parseTransaction, recoverTransactionAddress, type Hex } from "viem";
import { keccak256, recoverMessageAddress, recoverTypedDataAddress } from "viem/utils";
import { beforeEach, expect, test, vi } from "vitest";

import { ProviderFault } from "../mock/ownWallet.ts";
import { tradeKeysOf } from "../sealing/tradeKeys.ts";
import { builtIn } from "./builtIn.ts";
import { WalletUnusable, WrongNetwork } from "./errors.ts";
import type { Call } from "./wallet.ts";

const WORDS = "test test test test test test test test test test test junk";
const ADDRESS = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266";
const KEY = "ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80";
const OTHER = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8";
const CHAIN = 31337;
const GWEI = 10n ** 9n;
const CALL: Call = { to: OTHER, data: "0x1234", value: 5n };

/** A node that can be made to lie, to fail and to forget. */
function fakeNode() {
  const node = {
    pool: new Map<string, Hex>(),
    handed: [] as Hex[],
    asked: [] as string[],
    latest: 0,
    pending: null as number | null,
    /** What is done with a transaction: taken in by default. */
    take: async (raw: Hex): Promise<void> => node.keep(raw),
    keep(raw: Hex) {
      node.pool.set(hashOf(raw), raw);
    },
    answers: {
      eth_chainId: () => "0x7a69",
      eth_getTransactionCount: (_: unknown, at: unknown) =>
        `0x${(at === "pending" ? (node.pending ?? node.latest + node.pool.size) : node.latest).toString(16)}`,
      eth_estimateGas: () => "0x10000",
      eth_getBlockByNumber: () => ({ baseFeePerGas: "0x3b9aca00" }),
      eth_maxPriorityFeePerGas: () => "0x77359400",
      eth_getTransactionByHash: (hash: unknown) => (node.pool.has(String(hash)) ? { hash } : null),
      eth_getBalance: () => "0x7",
    } as Record<string, (...params: unknown[]) => unknown>,
    async request({ method, params = [] }: { method: string; params?: readonly unknown[] }) {
      node.asked.push(method);
      if (method === "eth_sendRawTransaction") {
        node.handed.push(params[0] as Hex);
        await node.take(params[0] as Hex);
        return hashOf(params[0] as Hex);
      }
      const answer = Object.hasOwn(node.answers, method) ? node.answers[method] : undefined;
      if (answer === undefined) {
        throw new ProviderFault(-32601, `no ${method}`);
      }
      return answer(...params);
    },
  };
  return node;
}

const hashOf = (raw: Hex): Hex => keccak256(raw);
let node = fakeNode();
const wallet = () => builtIn(WORDS, node, CHAIN);
const sent = (at = -1) => parseTransaction(node.handed.at(at) ?? "0x");

beforeEach(() => {
  node = fakeNode();
});

test("it is the wallet of its words, and reads by the node", () => {
  const { kind, address, provider } = wallet();
  expect([kind, address, provider]).toEqual(["built-in", ADDRESS, node]);
  expect(() => builtIn("no words", node, CHAIN)).toThrow(WalletUnusable);
});

test("neither words nor key can be seen from outside", () => {
  const seen = JSON.stringify(wallet(), (_, value: unknown) =>
    typeof value === "function" ? String(value) : value,
  );
  expect(seen).not.toContain("junk");
  expect(seen).not.toContain(KEY);
});

test("it signs texts", async () => {
  const message = "Grüße 🍕";
  const signature = await wallet().signText(message);
  expect(await recoverMessageAddress({ message, signature })).toBe(ADDRESS);
});

const TYPED = {
  domain: { name: "Tradepost", chainId: CHAIN, verifyingContract: OTHER },
  types: { Paid: [{ name: "escrow", type: "bytes32" }] },
  primaryType: "Paid",
  message: { escrow: `0x${"ab".repeat(32)}` },
} as const;

test("it signs typed data of the exchange's chain alone", async () => {
  const { signTyped } = wallet();
  const signature = await signTyped(TYPED);
  expect(await recoverTypedDataAddress({ ...TYPED, signature })).toBe(ADDRESS);
  const elsewhere = { ...TYPED, domain: { ...TYPED.domain, chainId: 1 } };
  await expect(signTyped(elsewhere)).rejects.toThrow(WrongNetwork);
});

test("a call is sent with its fees and a margin, and can be followed by its hash", async () => {
  const hash = await wallet().send(CALL);
  expect(hash).toBe(hashOf(node.handed[0] ?? "0x"));
  expect(sent()).toMatchObject({
    to: OTHER.toLowerCase(),
    data: "0x1234",
    value: 5n,
    chainId: CHAIN,
    gas: (0x10000n * 125n) / 100n,
    maxPriorityFeePerGas: 2n * GWEI,
    maxFeePerGas: 4n * GWEI,
  });
  expect(await recoverTransactionAddress({ serializedTransaction: node.handed[0] as never })).toBe(
    ADDRESS,
  );
});

test("two at once get one nonce after the other", async () => {
  const { send } = wallet();
  await Promise.all([send(CALL), send({ ...CALL, value: 6n }), send(CALL)]);
  expect(node.handed.map((raw) => parseTransaction(raw).nonce ?? 0)).toEqual([0, 1, 2]);
});

test("a node that names a greedy tip does not get it", async () => {
  node.answers["eth_maxPriorityFeePerGas"] = () => `0x${(5_000n * GWEI).toString(16)}`;
  await wallet().send(CALL);
  expect(sent().maxPriorityFeePerGas).toBe(10n * GWEI);
});

test("a node that does not know tips gets the usual one", async () => {
  delete node.answers["eth_maxPriorityFeePerGas"];
  await wallet().send(CALL);
  expect(sent().maxPriorityFeePerGas).toBe(GWEI);
});

test.each([
  ["a base fee without measure", "eth_getBlockByNumber", { baseFeePerGas: "0xffffffffffffff" }],
  ["no base fee", "eth_getBlockByNumber", {}],
  ["no block", "eth_getBlockByNumber", null],
  ["gas without measure", "eth_estimateGas", "0xffffffff"],
  ["an estimate in words", "eth_estimateGas", "much"],
  ["a count in words", "eth_getTransactionCount", "many"],
])("with %s nothing is signed", async (_, method, answer) => {
  node.answers[method] = () => answer;
  await expect(wallet().send(CALL)).rejects.toThrow(WalletUnusable);
  expect(node.handed).toEqual([]);
});

test("on another chain nothing is signed", async () => {
  node.answers["eth_chainId"] = () => "0x1";
  await expect(wallet().send(CALL)).rejects.toMatchObject({ wanted: CHAIN });
  expect(node.handed).toEqual([]);
});

test("what the contract says against a call is told as it came", async () => {
  const refusal = Object.assign(new ProviderFault(3, "execution reverted"), { data: "0x1234" });
  node.answers["eth_estimateGas"] = () => {
    throw refusal;
  };
  await expect(wallet().send(CALL)).rejects.toBe(refusal);
});

test("an answer that was lost is no failure, where the node has the transaction", async () => {
  node.take = async (raw) => {
    node.keep(raw);
    throw new TypeError("network");
  };
  expect(await wallet().send(CALL)).toBe(hashOf(node.handed[0] ?? "0x"));
  expect(node.handed).toHaveLength(1);
});

test("the same signature is handed in again while the node is silent", async () => {
  let tries = 0;
  node.take = async (raw) => {
    tries += 1;
    if (tries < 3) {
      throw new TypeError("network");
    }
    node.keep(raw);
  };
  await wallet().send(CALL);
  expect(new Set(node.handed).size).toBe(1);
  expect(node.handed).toHaveLength(3);
});

test("a call that failed keeps its nonce, so that it cannot happen twice", async () => {
  const { send } = wallet();
  const fine = node.take;
  // The node has passed it on to somebody, and says that it did not.
  node.take = () => Promise.reject(new ProviderFault(-32000, "busy"));
  node.pending = 7;
  node.latest = 7;
  await expect(send(CALL)).rejects.toThrow("busy");
  expect(node.handed).toHaveLength(1);
  node.pending = 8;
  node.take = fine;
  await send(CALL);
  expect(sent(0).nonce).toBe(7);
  expect(sent(1).nonce).toBe(7);
  const [before, now] = [sent(0), sent(1)];
  expect((now.maxFeePerGas ?? 0n) * 10n).toBeGreaterThan((before.maxFeePerGas ?? 0n) * 11n);
  expect((now.maxPriorityFeePerGas ?? 0n) * 10n).toBeGreaterThan(
    (before.maxPriorityFeePerGas ?? 0n) * 11n,
  );
});

test("a call that failed and turns out to be on its way is not sent again", async () => {
  const { send } = wallet();
  node.take = () => Promise.reject(new ProviderFault(-32000, "busy"));
  await expect(send(CALL)).rejects.toThrow("busy");
  node.keep(node.handed[0] as Hex);
  expect(await send(CALL)).toBe(hashOf(node.handed[0] as Hex));
  expect(node.handed).toHaveLength(1);
});

test("a call whose nonce something else has taken gets a new one", async () => {
  const { send } = wallet();
  const fine = node.take;
  node.take = () => Promise.reject(new ProviderFault(-32000, "busy"));
  await expect(send(CALL)).rejects.toThrow("busy");
  node.latest = 1;
  node.take = fine;
  await send(CALL);
  expect(sent().nonce).toBe(1);
});

test("a failure does not stop what is sent after it", async () => {
  const { send } = wallet();
  node.answers["eth_estimateGas"] = vi
    .fn(() => "0x5208")
    .mockImplementationOnce(() => {
      throw new ProviderFault(3, "reverted");
    });
  const outcomes = await Promise.allSettled([send(CALL), send({ ...CALL, value: 0n })]);
  expect(outcomes.map(({ status }) => status)).toEqual(["rejected", "fulfilled"]);
});

test("its trade keys are those of the command line with the same key", async () => {
  const keys = await wallet().tradeKeys();
  const same = tradeKeysOf(Uint8Array.from(Buffer.from(KEY, "hex")));
  expect(keys.fresh("take/x", "once")).toEqual(same.fresh("take/x", "once"));
  expect(same.ownBox().open(keys.ownBox().seal("mine"))).toBe("mine");
});
