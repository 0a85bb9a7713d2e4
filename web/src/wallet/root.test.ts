import { secp256k1 } from "@noble/curves/secp256k1";
import type { Hex } from "viem";
import { privateKeyToAccount } from "viem/accounts";
import { hashMessage } from "viem/utils";
import { beforeEach, expect, test } from "vitest";

import { account, announce, CHAIN, mockWallet, ProviderFault } from "../mock/ownWallet.ts";
import { tradeKeysOf } from "../sealing/tradeKeys.ts";
import { SigningRefused } from "./errors.ts";
import { type OwnWallet, ownWallets } from "./own.ts";
import { rootText } from "./root.ts";

const stranger = privateKeyToAccount(`0x${"42".repeat(32)}`);
const ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;
let fake = mockWallet();

async function connected() {
  const found: OwnWallet[] = [];
  const stop = ownWallets((wallets) => found.splice(0, found.length, ...wallets));
  announce(fake);
  stop();
  if (found[0] === undefined) {
    throw new Error("No wallet was found.");
  }
  return found[0].connect(CHAIN);
}

beforeEach(() => {
  localStorage.clear();
  fake = mockWallet();
});

test("the text that its keys come from says where, what for, and what not", () => {
  const text = rootText("https://exchange.example:8443", account.address, CHAIN);
  expect(text.split("\n")).toEqual([
    "exchange.example:8443 wants you to sign in with your Ethereum account:",
    account.address,
    "",
    "Open the keys of my payment details. Who gets this signature can read them: sign it at " +
      "exchange.example:8443 only. It moves no coins.",
    "",
    "URI: https://exchange.example:8443",
    "Version: 1",
    "Chain ID: 31337",
    "Nonce: tradepostkeys1",
    "Issued At: 2026-01-01T00:00:00Z",
  ]);
});

test("its trade keys come from one signature, asked for twice the first time", async () => {
  const wallet = await connected();
  const [keys, same] = await Promise.all([wallet.tradeKeys(), wallet.tradeKeys()]);
  expect(same).toBe(keys);
  expect(fake.texts).toEqual(Array(2).fill(rootText(location.origin, account.address, CHAIN)));
  const again = await (await connected()).tradeKeys();
  expect(fake.texts).toHaveLength(3);
  expect(again.fresh("x", "once")).toEqual(keys.fresh("x", "once"));
  expect(again.ownBox().open(keys.ownBox().seal("mine"))).toBe("mine");
});

test("its keys are its own: of another account, and of its own private key, they differ", async () => {
  const keys = await (await connected()).tradeKeys();
  const raw = tradeKeysOf(new Uint8Array(32).fill(0x51));
  expect(raw.fresh("x", "once").public).not.toBe(keys.fresh("x", "once").public);
  fake.accounts = [stranger.address];
  fake.signer = stranger;
  const others = await (await connected()).tradeKeys();
  expect(others.fresh("x", "once").public).not.toBe(keys.fresh("x", "once").public);
});

test("the other form of the same signature gives the same keys", async () => {
  const keys = await (await connected()).tradeKeys();
  fake.shape = (signature) => {
    const s = (ORDER - BigInt(`0x${signature.slice(66, 130)}`)).toString(16).padStart(64, "0");
    const flipped = signature.endsWith("1b") ? "1c" : "1b";
    return signature.slice(0, 66) + s + flipped;
  };
  const same = await (await connected()).tradeKeys();
  expect(same.fresh("x", "once")).toEqual(keys.fresh("x", "once"));
});

test("nothing that opens anything is kept on the device", async () => {
  const keys = await (await connected()).tradeKeys();
  const secret = Buffer.from(keys.fresh("x").secret).toString("hex");
  const kept = JSON.stringify(localStorage);
  const signature = await account.signMessage({ message: fake.texts[0] ?? "" });
  expect(kept).not.toContain(secret);
  expect(kept).not.toContain(signature.slice(2, 66));
  expect(Object.keys(localStorage).sort()).toEqual([
    "tradepost.keys",
    `tradepost.root.${CHAIN}.${account.address.toLowerCase()}.${location.host}`,
  ]);
});

test("a wallet that signs differently each time is found out, the first time and later", async () => {
  fake.answers["personal_sign"] = (raw) => {
    const digest = hashMessage({ raw: raw as Hex }).slice(2);
    const signature = secp256k1.sign(digest, "51".repeat(32), { extraEntropy: true });
    return `0x${signature.toCompactHex()}${(27 + signature.recovery).toString(16)}`;
  };
  const wallet = await connected();
  expect(await wallet.signText("a")).toMatch(/^0x/);
  await expect(wallet.tradeKeys()).rejects.toMatchObject({ why: "unsteady" });
  expect(localStorage).toHaveLength(0);
  const shaky = fake.answers["personal_sign"];
  delete fake.answers["personal_sign"];
  await (await connected()).tradeKeys();
  fake.answers["personal_sign"] = shaky;
  await expect((await connected()).tradeKeys()).rejects.toMatchObject({ why: "unsteady" });
});

test("a no to the keys can be taken back", async () => {
  const wallet = await connected();
  fake.answers["personal_sign"] = () => {
    throw new ProviderFault(4001, "no");
  };
  await expect(wallet.tradeKeys()).rejects.toThrow(SigningRefused);
  delete fake.answers["personal_sign"];
  expect((await wallet.tradeKeys()).fresh("x").public).toMatch(/^[0-9a-f]{64}$/);
});
