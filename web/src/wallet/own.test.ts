import type { Hex } from "viem";
import { privateKeyToAccount } from "viem/accounts";
import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { account, announce, CHAIN, INFO, mockWallet, ProviderFault } from "../mock/ownWallet.ts";
import { SigningRefused, WalletUnusable, WrongNetwork } from "./errors.ts";
import { type OwnWallet, ownWallets } from "./own.ts";
import { ANNOUNCE, REQUEST } from "./providers.ts";

const OTHER = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8";
const stranger = privateKeyToAccount(`0x${"42".repeat(32)}`);

let fake = mockWallet();
const stops: (() => void)[] = [];

function found(): OwnWallet[] {
  let last: readonly OwnWallet[] = [];
  stops.push(ownWallets((wallets) => (last = wallets)));
  announce(fake);
  return [...last];
}

const connected = async () => {
  const [wallet] = found();
  if (wallet === undefined) {
    throw new Error("No wallet was found.");
  }
  return wallet.connect(CHAIN);
};

beforeEach(() => {
  localStorage.clear();
  fake = mockWallet();
});

afterEach(() => {
  stops.splice(0).forEach((stop) => stop());
});

test("wallets are heard of, at once, late, and until nobody listens", () => {
  const told: string[][] = [];
  const answer = () => announce(fake);
  window.addEventListener(REQUEST, answer);
  const stop = ownWallets((wallets) => told.push(wallets.map(({ name }) => name)));
  announce(fake, { ...INFO, rdns: "late.wallet", name: "Late" });
  stop();
  announce(fake, { ...INFO, rdns: "too.late", name: "Too late" });
  window.removeEventListener(REQUEST, answer);
  expect(told).toEqual([["Example Wallet"], ["Example Wallet", "Late"]]);
});

test("where there is none, that is told", () => {
  const listen = vi.fn();
  stops.push(ownWallets(listen));
  expect(listen).toHaveBeenCalledExactlyOnceWith([]);
});

test("the first of a name stays, whoever comes later", async () => {
  let last: readonly OwnWallet[] = [];
  stops.push(ownWallets((wallets) => (last = wallets)));
  announce(fake);
  announce(mockWallet(), { ...INFO, uuid: "another", name: "Example Wallet!" });
  expect(last.map(({ id, name }) => [id, name])).toEqual([["example.wallet", "Example Wallet"]]);
});

test.each([
  ["nothing", undefined, undefined],
  ["no name", { ...INFO, name: undefined }, fake],
  ["an empty name", { ...INFO, name: " \u202e " }, fake],
  ["no rdns", { ...INFO, rdns: 7 }, fake],
  ["no provider", INFO, null],
  ["a provider that cannot be asked", INFO, {}],
])("an announcement of %s is not listened to", (_, info, provider) => {
  let last: readonly OwnWallet[] = [];
  stops.push(ownWallets((wallets) => (last = wallets)));
  window.dispatchEvent(new CustomEvent(ANNOUNCE, { detail: info && { info, provider } }));
  expect(last).toEqual([]);
});

test("what a wallet tells of itself is bounded, and cannot turn the text around", () => {
  let last: readonly OwnWallet[] = [];
  stops.push(ownWallets((wallets) => (last = wallets)));
  announce(fake, {
    ...INFO,
    name: `\u202eMeta\u0000Mask${"x".repeat(200)}`,
    icon: "javascript:alert(1)",
  });
  expect(last[0]?.name).toHaveLength(60);
  expect(last[0]?.name).toMatch(/^MetaMaskx+$/);
  expect(last[0]?.icon).toBe("");
});

test("it connects, with the address in checksum form", async () => {
  const wallet = await connected();
  expect([wallet.kind, wallet.name, wallet.address]).toEqual([
    "own",
    "Example Wallet",
    account.address,
  ]);
  expect(wallet.provider).toBe(fake);
});

test("on another network it is asked to change, and does", async () => {
  fake.chain = 1;
  await connected();
  expect(fake.chain).toBe(CHAIN);
});

test.each([4001, 4902, -32603])(
  "a network that it does not change to (%i) is told",
  async (code) => {
    fake.chain = 1;
    fake.answers["wallet_switchEthereumChain"] = () => {
      throw new ProviderFault(code, "no");
    };
    await expect(connected()).rejects.toMatchObject({ name: "WrongNetwork", wanted: CHAIN });
  },
);

test.each([
  [4001, SigningRefused],
  [-32002, WalletUnusable],
  [4100, WalletUnusable],
])("a connection that is refused (%i) is told", async (code, kind) => {
  fake.answers["eth_requestAccounts"] = () => {
    throw new ProviderFault(code, "no");
  };
  await expect(connected()).rejects.toThrow(kind);
});

test.each([[[]], [["0x12"]], [null], ["0x"]])(
  "without an account it does not connect: %j",
  async (answer) => {
    fake.answers["eth_requestAccounts"] = () => answer;
    await expect(connected()).rejects.toMatchObject({ why: "account" });
  },
);

test("a contract is told that it cannot be used here", async () => {
  fake.code = "0x6080604052";
  await expect(connected()).rejects.toMatchObject({ why: "contract" });
});

test("an account that lends its key a contract's code is none, nor is one that cannot tell", async () => {
  fake.code = `0xef0100${"ab".repeat(20)}`;
  expect((await connected()).address).toBe(account.address);
  fake.answers["eth_getCode"] = () => {
    throw new ProviderFault(4200, "eth_getCode");
  };
  expect((await connected()).address).toBe(account.address);
});

test("it signs texts and typed data, with its network in order", async () => {
  const wallet = await connected();
  expect(await wallet.signText("Grüße")).toBe(await account.signMessage({ message: "Grüße" }));
  fake.chain = 1;
  const typed = {
    domain: { name: "Tradepost", chainId: CHAIN },
    types: { Paid: [{ name: "amount", type: "uint256" }] },
    primaryType: "Paid",
    message: { amount: 2n ** 200n },
  } as const;
  expect(await wallet.signTyped(typed)).toBe(await account.signTypedData(typed));
  expect(fake.chain).toBe(CHAIN);
});

test("it sends, from the account that was connected", async () => {
  const wallet = await connected();
  expect(await wallet.send({ to: OTHER, data: "0x12", value: 10n })).toBe(`0x${"ab".repeat(32)}`);
  expect(fake.sent).toEqual([{ from: account.address, to: OTHER, data: "0x12", value: "0xa" }]);
  fake.answers["eth_sendTransaction"] = () => "sent";
  await expect(wallet.send({ to: OTHER, data: "0x", value: 0n })).rejects.toThrow(WalletUnusable);
});

test("what the chain says against a transaction is told as it came", async () => {
  const wallet = await connected();
  const refusal = new ProviderFault(-32000, "insufficient funds");
  fake.answers["eth_sendTransaction"] = () => {
    throw refusal;
  };
  await expect(wallet.send({ to: OTHER, data: "0x", value: 0n })).rejects.toBe(refusal);
});

const DOINGS = [
  ["text", (wallet: Awaited<ReturnType<typeof connected>>) => wallet.signText("a")],
  [
    "typed data",
    (wallet: Awaited<ReturnType<typeof connected>>) =>
      wallet.signTyped({ domain: {}, types: { A: [] }, primaryType: "A", message: {} }),
  ],
  [
    "a transaction",
    (wallet: Awaited<ReturnType<typeof connected>>) =>
      wallet.send({ to: OTHER, data: "0x", value: 0n }),
  ],
] as const;

test.each(DOINGS)("another account than the connected one signs no %s", async (_, doing) => {
  const wallet = await connected();
  fake.accounts = [OTHER];
  await expect(doing(wallet)).rejects.toMatchObject({ why: "account" });
  expect([fake.texts, fake.sent]).toEqual([[], []]);
});

test.each(DOINGS)("a no to %s is a no", async (_, doing) => {
  const wallet = await connected();
  for (const method of ["personal_sign", "eth_signTypedData_v4", "eth_sendTransaction"]) {
    fake.answers[method] = () => {
      // As some wallets wrap it.
      throw Object.assign(new ProviderFault(-32603, "Internal"), { data: { code: 4001 } });
    };
  }
  await expect(doing(wallet)).rejects.toThrow(SigningRefused);
});

test.each(DOINGS.slice(1))("on another network it signs no %s", async (_, doing) => {
  const wallet = await connected();
  fake.chain = 1;
  fake.answers["wallet_switchEthereumChain"] = () => null;
  await expect(doing(wallet)).rejects.toThrow(WrongNetwork);
  expect(fake.sent).toEqual([]);
});

test("a wallet that was locked is asked to open", async () => {
  const wallet = await connected();
  fake.answers["eth_accounts"] = () => [];
  expect(await wallet.signText("a")).toMatch(/^0x/);
});

test("what somebody else has signed is not taken", async () => {
  const wallet = await connected();
  fake.signer = stranger;
  await expect(wallet.signText("a")).rejects.toMatchObject({ why: "signature" });
});

test.each([
  ["a contract's answer", () => `0x${"ab".repeat(200)}`],
  ["nothing", () => null],
  ["what is no signature", () => `0x${"00".repeat(65)}`],
])("%s is not taken", async (_, shape) => {
  const wallet = await connected();
  fake.shape = shape;
  await expect(wallet.signText("a")).rejects.toMatchObject({ why: "signature" });
});

const v = (signature: Hex, change: number) =>
  signature.slice(0, -2) +
  (parseInt(signature.slice(-2), 16) + change).toString(16).padStart(2, "0");

test("a signature whose v begins at nought is written as all others", async () => {
  const wallet = await connected();
  fake.shape = (signature) => v(signature, -27).toUpperCase().replace("0X", "0x");
  expect(await wallet.signText("a")).toBe(await account.signMessage({ message: "a" }));
});
