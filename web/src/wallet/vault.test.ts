import { afterEach, expect, test, vi } from "vitest";

import { fromBase64Url, toBase64Url } from "./base64url.ts";
import { PassphraseWrong, WalletUnusable } from "./errors.ts";
import { stretched, type Stretch } from "./stretching.ts";
import { makeVault, openVault, readVault, signInSecret, type Opener, type Vault } from "./vault.ts";
import { newWords } from "./words.ts";

const WORDS = "test test test test test test test test test test test junk";
const PASSPHRASE = "correct horse battery staple";

/** The worker's own work with less of it: what is derived depends on the cost that is asked. */
const cheaply = (): Stretch => async (asked) =>
  stretched({ ...asked, passphrase: `${asked.n} ${asked.passphrase}`, n: 16 });
const stretch = cheaply();

const passphrase = (changes: Partial<Opener> = {}) =>
  ({ kind: "passphrase", name: "rosa", passphrase: PASSPHRASE, ...changes }) as Opener;
const passkey = (changes: Partial<Opener> = {}) =>
  ({
    kind: "passkey",
    name: "rosa",
    credential: "Y3JlZA",
    prf: new Uint8Array(32).fill(7),
    ...changes,
  }) as Opener;

const made = async (opener: Opener = passphrase()) =>
  (await makeVault(WORDS, opener, stretch)).vault;

afterEach(() => {
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

test.each([passphrase(), passkey()])(
  "what a $kind closes, it opens, after JSON",
  async (opener) => {
    const words = newWords();
    const { vault, signInSecret: first } = await makeVault(words, opener, stretch);
    const kept = JSON.parse(JSON.stringify(vault)) as Vault;
    const opened = await openVault(kept, { ...opener }, stretch);
    expect(opened).toEqual({ words, signInSecret: first });
    expect(await signInSecret({ ...opener }, stretch)).toBe(first);
    expect(first).toMatch(/^[A-Za-z0-9_-]{43}$/);
  },
);

test("nothing of the words or the passphrase stands in the vault", async () => {
  const text = JSON.stringify(await made());
  expect(text).not.toMatch(/junk|horse/);
  expect(Object.keys(await made()).sort()).toEqual(["address", "form", "lock", "sealed"]);
});

test("a seal is new each time, the secret for signing in is not", async () => {
  const [one, two] = [await makeVault(WORDS, passphrase(), stretch), await made()];
  expect(one.vault.sealed).not.toBe(two.sealed);
  expect(await signInSecret(passphrase(), stretch)).toBe(one.signInSecret);
});

test("the words are sealed as they are kept, however they were typed", async () => {
  const { vault } = await makeVault(` ${WORDS.toUpperCase()}`, passphrase(), stretch);
  expect((await openVault(vault, passphrase(), stretch)).words).toBe(WORDS);
});

test.each([
  ["another passphrase", passphrase({ passphrase: `${PASSPHRASE}.` } as Opener)],
  ["another name", passphrase({ name: "rosa2" })],
  ["a passkey", passkey()],
])("%s does not open it", async (_, opener) => {
  await expect(openVault(await made(), opener, stretch)).rejects.toThrow(PassphraseWrong);
});

test("another passkey does not open it", async () => {
  const other = passkey({ prf: new Uint8Array(32).fill(8) } as Opener);
  await expect(openVault(await made(passkey()), other, stretch)).rejects.toThrow(PassphraseWrong);
});

test("an accent opens it, however the keyboard composed it", async () => {
  const typed = (form: "NFC" | "NFD") =>
    passphrase({ passphrase: "café con leche y azúcar".normalize(form) } as Opener);
  const vault = await made(typed("NFC"));
  expect((await openVault(vault, typed("NFD"), stretch)).words).toBe(WORDS);
});

test("every changed byte of the seal breaks it", async () => {
  const vault = await made();
  const bytes = fromBase64Url(vault.sealed);
  for (let at = 0; at < bytes.length; at += 1) {
    const changed = bytes.map((byte, place) => (place === at ? byte ^ 1 : byte));
    const opening = openVault({ ...vault, sealed: toBase64Url(changed) }, passphrase(), stretch);
    await expect(opening).rejects.toThrow(PassphraseWrong);
  }
  for (const length of [0, 1, 12, 27, bytes.length - 1]) {
    const sealed = toBase64Url(bytes.subarray(0, length));
    await expect(openVault({ ...vault, sealed }, passphrase(), stretch)).rejects.toThrow();
  }
});

test("what stands beside the seal cannot be exchanged", async () => {
  const vault = await made();
  const other = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8";
  await expect(openVault({ ...vault, address: other }, passphrase(), stretch)).rejects.toThrow(
    PassphraseWrong,
  );
  const weaker = { ...vault, lock: { ...vault.lock, n: 2 ** 16 } } as Vault;
  await expect(openVault(weaker, passphrase(), stretch)).rejects.toThrow(PassphraseWrong);
});

test.each([
  ["no object", "vault"],
  ["nothing", null],
  ["a later form", { form: 2 }],
  ["no lock", { lock: undefined }],
  ["an unknown lock", { lock: { kind: "pin", name: "rosa" } }],
  ["a name that is none", { lock: { kind: "passphrase", name: "Rosa", n: 2 ** 17, r: 8, p: 1 } }],
  ["endless work", { lock: { kind: "passphrase", name: "rosa", n: 2 ** 30, r: 8, p: 1 } }],
  ["endless memory", { lock: { kind: "passphrase", name: "rosa", n: 2 ** 17, r: 2 ** 20, p: 1 } }],
  ["endless rounds", { lock: { kind: "passphrase", name: "rosa", n: 2 ** 17, r: 8, p: 1e9 } }],
  ["too little work", { lock: { kind: "passphrase", name: "rosa", n: 2, r: 8, p: 1 } }],
  ["work in words", { lock: { kind: "passphrase", name: "rosa", n: "131072", r: 8, p: 1 } }],
  ["an odd cost", { lock: { kind: "passphrase", name: "rosa", n: 2 ** 17 + 1, r: 8, p: 1 } }],
  ["a credential that is none", { lock: { kind: "passkey", name: "rosa", credential: "<>" } }],
  ["an address that is none", { address: "0x12" }],
  ["a seal that is no text", { sealed: ["AAAA"] }],
  ["a seal without an end", { sealed: "A".repeat(10_000) }],
])("a vault with %s is refused before any work", async (_, changes) => {
  const spent = vi.fn(stretch);
  const vault =
    typeof changes === "object" && changes !== null ? { ...(await made()), ...changes } : changes;
  await expect(openVault(vault as Vault, passphrase(), spent)).rejects.toThrow(WalletUnusable);
  expect(() => readVault(JSON.stringify(vault))).toThrow(WalletUnusable);
  expect(spent).not.toHaveBeenCalled();
});

test("a vault that was kept as text is read, without what does not belong to it", async () => {
  const vault = await made();
  expect(readVault(JSON.stringify({ ...vault, more: 1 }))).toEqual(vault);
});

test("new vaults need a name, and a passphrase that holds", async () => {
  const refused = (opener: Opener) =>
    expect(makeVault(WORDS, opener, stretch)).rejects.toThrow(WalletUnusable);
  await refused(passphrase({ name: "" }));
  await refused(passphrase({ name: "Rosa" }));
  await refused(passphrase({ passphrase: "too short" } as Opener));
  await refused(passphrase({ passphrase: "aaaaaaaaaaaaaaaaaaaa" } as Opener));
  await expect(makeVault("no words", passphrase(), stretch)).rejects.toThrow(WalletUnusable);
});

test("one opener is stretched once: for signing in, and for the vault that it asks for then", async () => {
  const vault = await made();
  const counted = vi.fn(stretch);
  const opener = passphrase();
  await signInSecret(opener, counted);
  await openVault(vault, opener, counted);
  expect(counted).toHaveBeenCalledTimes(1);
});

// The value is that of Python's hashlib.scrypt and of an HKDF written for it.
test("what the worker does is scrypt at its real cost", { timeout: 30_000 }, async () => {
  const really: Stretch = async (asked) => stretched(asked);
  const { signInSecret: secret } = await makeVault(WORDS, passphrase(), really);
  expect(secret).toBe("uNci4duReyppkm0-kB7Go3zmXH9VFloMt4b6FRu7isU");
});

test("without a worker it says so", async () => {
  vi.stubGlobal("Worker", undefined);
  await expect(signInSecret(passphrase())).rejects.toMatchObject({ why: "stretching" });
});

test("a worker that fails, or does not end, is stopped", async () => {
  const stopped = vi.fn();
  class Silent {
    onerror: (() => void) | null = null;
    terminate = stopped;
    postMessage = () => workers.push(this);
  }
  const workers: Silent[] = [];
  vi.stubGlobal("Worker", Silent);
  const failing = signInSecret(passphrase());
  await vi.waitFor(() => expect(workers).toHaveLength(1));
  workers[0]?.onerror?.();
  await expect(failing).rejects.toMatchObject({ why: "stretching" });
  vi.useFakeTimers();
  const endless = signInSecret(passphrase());
  const outcome = expect(endless).rejects.toMatchObject({ why: "stretching" });
  await vi.advanceTimersByTimeAsync(60_000);
  await outcome;
  expect(stopped).toHaveBeenCalledTimes(2);
});

test("where the browser hides its cryptography, it says so", async () => {
  vi.stubGlobal("crypto", { getRandomValues: (into: Uint8Array) => into });
  await expect(signInSecret(passphrase(), stretch)).rejects.toMatchObject({ why: "insecure-page" });
});
