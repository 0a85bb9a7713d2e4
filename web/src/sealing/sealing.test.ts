import { hexToBytes } from "@noble/hashes/utils";
import { privateKeyToAccount } from "viem/accounts";
import { beforeEach, expect, test, vi } from "vitest";

import { KeyNotOurs, SigningRefused } from "../wallet/errors.ts";
import { openVault, readVault } from "../wallet/vault.ts";
import { stretched } from "../wallet/stretching.ts";
import { keyOfWords } from "../wallet/words.ts";
import { SealBroken } from "./errors.ts";
import { hintOf, keepHint } from "./hints.ts";
import { conversationKey, decrypt, encrypt } from "./nip44.ts";
import { openPaymentAccount, sealPaymentAccount } from "./paymentAccounts.ts";
import { seal, unseal, type Envelope } from "./paymentDetails.ts";
import { isKeySigned, keyDigest, keyStatement, signKey } from "./signedKeys.ts";
import { signInMessage } from "./signIn.ts";
import { makerContext, takerContext, tradeKeysOf } from "./tradeKeys.ts";
import type vectors from "./vectors.json";
import text from "./vectors.json?raw";

// An import of JSON itself would take a field named __proto__ for something else.
const made = JSON.parse(text) as typeof vectors;

type Name = keyof typeof made.wallets;
const keyOf = (name: string) => made.wallets[name as Name].key;
const keysOf = (name: string) => tradeKeysOf(hexToBytes(keyOf(name)));
const account = (name: string) => privateKeyToAccount(`0x${keyOf(name)}`);
const wallet = (name: string) => ({
  signText: (text: string) => account(name).signMessage({ message: text }),
});

const [first] = made.payment_details as [(typeof made.payment_details)[0]];
const ENVELOPE: Envelope = first.envelope;
const FIELDS: Record<string, string> = first.fields as Record<string, string>;
const SELLER = account("seller").address;
const keyWith = (name: string, known: string) => {
  const kept = made.trade_keys.find((one) => one.wallet === name && one.public === known);
  return keysOf(name).fresh(kept?.context ?? "", kept?.once);
};
const SELLERS = keyWith("seller", ENVELOPE.seller_key);
const BUYERS = keyWith("buyer", ENVELOPE.buyer_key);
const opened = (payload: string, envelope = ENVELOPE) =>
  unseal(payload, envelope, BUYERS, ENVELOPE.seller_key, SELLER);

beforeEach(() => {
  localStorage.clear();
});

test("trade keys are the Python client's", () => {
  expect(made.trade_keys.length).toBeGreaterThan(50);
  for (const { wallet: name, context, once, public: known, secret } of made.trade_keys) {
    const key = keysOf(name).fresh(context, once);
    expect([key.public, Buffer.from(key.secret).toString("hex")]).toEqual([known, secret]);
  }
});

test("contexts are the Python client's", () => {
  const contexts = made.trade_keys.map(({ context }) => context);
  expect(contexts).toContain(takerContext("0193579a-3b20-7f13-b6d8-4c5d6e7f8091"));
  expect(contexts).toContain(makerContext("sell", "ETH", "EUR"));
});

// A whole context is searched: a second where nothing else is going on.
const SEARCH = { timeout: 60_000 };

test("a key is found from the wallet alone, the first and the last too", SEARCH, async () => {
  for (const { wallet: name, context, public: known } of made.ends) {
    const key = await keysOf(name).find(context, known);
    expect(key.public).toBe(known);
  }
});

test("a key that was made or found once is at hand on its device", async () => {
  const { context, once, public: known, secret } = made.trade_keys[4] ?? made.trade_keys[0]!;
  keysOf("seller").fresh(context, once);
  const waiting = vi.spyOn(globalThis, "setTimeout");
  const key = await keysOf("seller").find(context, known);
  expect(Buffer.from(key.secret).toString("hex")).toBe(secret);
  expect(waiting).not.toHaveBeenCalled();
});

test.each(["", "{", "7", "[7]", '[["PUBLIC",-1]]', '[["PUBLIC",4096]]', '[["PUBLIC",1]]'])(
  "what is kept of a key is tried and not trusted: %s",
  async (kept) => {
    const { context, public: known } = made.ends[0]!;
    localStorage.setItem("tradepost.keys", kept.replace("PUBLIC", known));
    expect((await keysOf("seller").find(context, known)).public).toBe(known);
  },
);

test("only so much is kept of keys, the newest", () => {
  for (let index = 0; index < 400; index += 1) {
    keepHint(`${index}`, index);
  }
  expect([hintOf("0"), hintOf("99"), hintOf("100"), hintOf("399")]).toEqual([null, null, 100, 399]);
});

test("a key of somebody else is not ours, and the page lives on meanwhile", SEARCH, async () => {
  let alive = 0;
  const beat = setInterval(() => (alive += 1), 1);
  await expect(keysOf("seller").find("", ENVELOPE.buyer_key)).rejects.toThrow(KeyNotOurs);
  clearInterval(beat);
  expect(alive).toBeGreaterThan(5);
});

test("keys are fresh, but for an intent that is repeated", () => {
  const keys = keysOf("seller");
  const many = new Set(Array.from({ length: 20 }, () => keys.fresh("x").public));
  expect(many.size).toBeGreaterThan(15);
  expect(keys.fresh("x", "once").public).toBe(keys.fresh("x", "once").public);
  expect(keys.fresh("x", "once").public).not.toBe(keys.fresh("y", "once").public);
});

test("what wallets sign of their keys is the Python client's", async () => {
  for (const { wallet: name, key, text, signature, digest } of made.key_signatures) {
    expect(keyStatement(key)).toBe(text);
    expect(await signKey(key, wallet(name))).toBe(signature);
    expect(keyDigest(key)).toBe(digest);
    expect(await isKeySigned(key, account(name).address, signature)).toBe(true);
  }
});

test("a key is not signed by another wallet, for another key, or by what is no signature", async () => {
  const [one, two] = made.key_signatures as [
    (typeof made.key_signatures)[0],
    (typeof made.key_signatures)[0],
  ];
  const { address } = account(one.wallet);
  expect(await isKeySigned(one.key, account(two.wallet).address, one.signature)).toBe(false);
  expect(await isKeySigned(two.key, address, one.signature)).toBe(false);
  for (const none of [null, "", "0x", `0x${"00".repeat(65)}`, one.signature.slice(0, -2), 7]) {
    expect(await isKeySigned(one.key, address, none)).toBe(false);
  }
});

test("the text for signing in is the Python client's", () => {
  for (const { url, address, chain_id, nonce, issued_at, message } of made.sign_in) {
    const at = new Date(issued_at);
    expect(signInMessage(url, address as `0x${string}`, chain_id, nonce, at)).toBe(message);
  }
});

test.each(["short", "has a space in it", "12345678\nResources:", "ä".repeat(10)])(
  "a nonce that could say more is refused: %j",
  (nonce) => {
    expect(() => signInMessage("https://a.example", SELLER, 1, nonce, new Date())).toThrow(
      RangeError,
    );
  },
);

test("the key of words is that of other programs", () => {
  expect(Buffer.from(keyOfWords(made.words.words)).toString("hex")).toBe(made.words.key);
});

test(
  "a vault that another program wrote by the same rules opens",
  { timeout: 30_000 },
  async () => {
    const { passphrase, sign_in_secret, vault } = made.vault;
    const opener = { kind: "passphrase", name: "rosa", passphrase } as const;
    const found = await openVault(readVault(vault), opener, async (asked) => stretched(asked));
    expect(found).toEqual({ words: made.words.words, signInSecret: sign_in_secret });
  },
);

test("payment details that the Python client sealed open, for buyer and seller", async () => {
  for (const { envelope, fields, sealed } of made.payment_details) {
    expect(await unseal(sealed, envelope, BUYERS, envelope.seller_key, SELLER)).toEqual(fields);
    expect(await unseal(sealed, envelope, SELLERS, envelope.buyer_key, SELLER)).toEqual(fields);
  }
});

test("payment details come back", async () => {
  for (const { envelope, fields } of made.payment_details) {
    const said = fields as Record<string, string>;
    const payload = await seal(envelope, said, SELLERS, wallet("seller"));
    expect(payload.length).toBeLessThanOrEqual(8_000);
    expect(await opened(payload, envelope)).toEqual(fields);
  }
});

test.each([
  ["another trade", { trade_id: made.payment_details[1]?.envelope.trade_id }],
  ["another escrow", { escrow_id: `0x${"ff".repeat(32)}` }],
  ["another method", { method: "pix" }],
  ["another key of the seller", { seller_key: ENVELOPE.buyer_key }],
  ["another key of the buyer", { buyer_key: ENVELOPE.seller_key }],
])("details for %s are refused", async (_, changes) => {
  const other = { ...ENVELOPE, ...changes } as Envelope;
  await expect(opened(first.sealed, other)).rejects.toThrow(SealBroken);
});

/** What somebody with the seller's trade key, but without his wallet, could send. */
const shared = conversationKey(SELLERS.secret, BUYERS.public);
const forged = (changes: object) =>
  encrypt(JSON.stringify({ ...JSON.parse(decrypt(first.sealed, shared)), ...changes }), shared);

test("the forger's tool makes what opens, where he changes nothing", async () => {
  expect(await opened(forged({}))).toEqual(FIELDS);
});

test.each([
  ["other fields", { fields: { ...FIELDS, iban: "DE89370400440532013000" } }],
  ["one field more", { fields: { ...FIELDS, more: "" } }],
  ["fields that are no texts", { fields: { ...FIELDS, iban: 7 } }],
  ["a list of fields", { fields: ["DE89370400440532013000"] }],
  ["no fields", { fields: undefined }],
  ["no signature", { signature: undefined }],
  ["a signature of nothing", { signature: "0x" }],
  ["a later form", { form: 2 }],
  ["a form in words", { form: "1" }],
])("details with %s are refused", async (_, changes) => {
  await expect(opened(forged(changes))).rejects.toThrow(SealBroken);
});

test("details that another wallet has signed are refused", async () => {
  const payload = await seal(ENVELOPE, FIELDS, SELLERS, wallet("random"));
  await expect(opened(payload)).rejects.toThrow(/not signed by the wallet/);
});

test.each(["null", "7", '"text"', "[]", "{", ""])("a sealed %s is refused", async (text) => {
  await expect(opened(encrypt(text || " ", shared))).rejects.toThrow(SealBroken);
});

test("what cannot be sealed is said before anybody is asked to sign", async () => {
  const signText = vi.fn(wallet("seller").signText);
  const refused = (fields: Record<string, string>, envelope = ENVELOPE) =>
    expect(seal(envelope, fields, SELLERS, { signText })).rejects;
  await refused({}).toThrow(RangeError);
  await refused({ text: "x".repeat(5_000) }).toThrow(RangeError);
  await refused({ text: "half of a \ud83c" }).toThrow(RangeError);
  await refused(FIELDS, { ...ENVELOPE, buyer_key: "f".repeat(64) }).toThrow(SealBroken);
  expect(signText).not.toHaveBeenCalled();
  const no = { signText: () => Promise.reject(new SigningRefused()) };
  await expect(seal(ENVELOPE, FIELDS, SELLERS, no)).rejects.toThrow(SigningRefused);
});

test("payment accounts that the Python client sealed open", () => {
  for (const { wallet: name, account: kept, sealed } of made.payment_accounts) {
    expect(openPaymentAccount(keysOf(name).ownBox(), sealed, kept.method)).toEqual(kept);
  }
});

test("payment accounts come back, to their owner alone", () => {
  const own = { method: "sepa", label: "🏦".repeat(60), fields: FIELDS };
  const sealed = sealPaymentAccount(keysOf("seller").ownBox(), own);
  expect(sealed.length).toBeLessThanOrEqual(8_192);
  expect(openPaymentAccount(keysOf("seller").ownBox(), sealed, "sepa")).toEqual(own);
  expect(() => openPaymentAccount(keysOf("buyer").ownBox(), sealed, "sepa")).toThrow(SealBroken);
  expect(() => openPaymentAccount(keysOf("seller").ownBox(), sealed, "pix")).toThrow(SealBroken);
});

test.each([
  { form: 2, method: "sepa", label: "", fields: { a: "b" } },
  { form: 1, method: "sepa", label: 7, fields: { a: "b" } },
  { form: 1, method: "sepa", label: "", fields: { a: 1 } },
  { form: 1, method: "sepa", label: "" },
  [],
  null,
])("%j is no payment account", (content) => {
  const box = keysOf("seller").ownBox();
  expect(() => openPaymentAccount(box, box.seal(JSON.stringify(content)), "sepa")).toThrow(
    SealBroken,
  );
});

test.each([
  { label: "", fields: {} },
  { label: "x".repeat(61), fields: { a: "b" } },
  { label: "", fields: { a: "x".repeat(5_200) } },
])("an account with nothing in it, or too much, is not sealed", (said) => {
  const box = keysOf("seller").ownBox();
  expect(() => sealPaymentAccount(box, { method: "sepa", ...said } as never)).toThrow(RangeError);
});
