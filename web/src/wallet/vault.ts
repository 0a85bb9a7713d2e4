import type { Address } from "viem";
import { privateKeyToAddress } from "viem/accounts";
import { toHex } from "viem/utils";

import { fromBase64Url, isBase64Url, toBase64Url } from "./base64url.ts";
import { PassphraseWrong, WalletUnusable } from "./errors.ts";
import { inWorker } from "./inWorker.ts";
import { isName, LABEL, opened, type Opener } from "./opener.ts";
import { passphraseFault } from "./passphrase.ts";
import { COST, isBearable, type Cost, type Stretch } from "./stretching.ts";
import { isWords, keyOfWords, tidyWords } from "./words.ts";

export type { Opener } from "./opener.ts";

/** What a vault is closed with: a passphrase, and how hard that is to try, or a passkey. */
export type Lock =
  | ({ readonly kind: "passphrase"; readonly name: string } & Cost)
  | { readonly kind: "passkey"; readonly name: string; readonly credential: string };

/**
 * The twelve words, sealed. It is kept on the device, and at the exchange as the backup; all but
 * `sealed` can be read by who has it, and cannot be changed without breaking the seal.
 */
export interface Vault {
  readonly form: 1;
  readonly lock: Lock;
  /** The words' own, in checksum form. */
  readonly address: Address;
  /** base64url of a nonce (12 bytes) and what AES-256-GCM made of the words. */
  readonly sealed: string;
}

const NONCE_BYTES = 12;
/** Credential ids have 1,023 bytes at most; the words are shorter. */
const LONGEST_PART = 1_400;

/**
 * Seals new words. Throws `WalletUnusable` for a name that no account has, for a passphrase that
 * `passphraseFault` speaks against, and where this device cannot do it.
 */
export async function makeVault(
  words: string,
  opener: Opener,
  stretch: Stretch = inWorker,
): Promise<{ vault: Vault; signInSecret: string }> {
  const { kind, name } = opener;
  if (kind === "passphrase" && passphraseFault(opener.passphrase, name) !== null) {
    throw new WalletUnusable("passphrase", "This passphrase is too short, too long or too easy.");
  }
  const address = addressOf(words);
  const { key, signInSecret } = await opened(opener, COST, stretch);
  const lock: Lock =
    kind === "passphrase" ? { kind, name, ...COST } : { kind, name, credential: opener.credential };
  const iv = crypto.getRandomValues(new Uint8Array(NONCE_BYTES));
  const how = { name: "AES-GCM", iv, additionalData: bound(lock, address) };
  const sealed = await crypto.subtle.encrypt(how, key, new TextEncoder().encode(tidyWords(words)));
  const whole = new Uint8Array([...iv, ...new Uint8Array(sealed)]);
  return { vault: { form: 1, lock, address, sealed: toBase64Url(whole) }, signInSecret };
}

/**
 * Opens a vault, wherever it came from.
 *
 * Throws `PassphraseWrong` where this opener does not open it, and `WalletUnusable` where it is no
 * vault, asks for more work than is bearable, or holds other words than those of its address.
 */
export async function openVault(
  vault: Vault,
  opener: Opener,
  stretch: Stretch = inWorker,
): Promise<{ words: string; signInSecret: string }> {
  const { lock, address, sealed } = readVault(vault);
  if (lock.kind !== opener.kind || lock.name !== opener.name) {
    throw new PassphraseWrong();
  }
  const cost = lock.kind === "passphrase" ? lock : COST;
  const { key, signInSecret } = await opened(opener, cost, stretch);
  const whole = fromBase64Url(sealed);
  const iv = whole.subarray(0, NONCE_BYTES);
  const how = { name: "AES-GCM", iv, additionalData: bound(lock, address) };
  const words = await crypto.subtle
    .decrypt(how, key, whole.subarray(NONCE_BYTES))
    // Nothing tells a wrong key from a changed text; the first is what happens.
    .catch(() => Promise.reject(new PassphraseWrong()));
  const text = new TextDecoder().decode(words);
  if (!isWords(text) || addressOf(text) !== address) {
    throw new WalletUnusable("vault", "The vault holds the words of another wallet than it says.");
  }
  return { words: text, signInSecret };
}

/**
 * What the account signs in with at the exchange. It needs no vault, so that a new device can sign
 * in and ask for one; the same `opener`, handed to `openVault` then, is not stretched again.
 */
export async function signInSecret(opener: Opener, stretch: Stretch = inWorker): Promise<string> {
  return (await opened(opener, COST, stretch)).signInSecret;
}

/** A vault as somebody has kept it, a text or what JSON made of it; throws `WalletUnusable`. */
export function readVault(kept: unknown): Vault {
  const { form, lock: saidLock, address, sealed } = membersOf(kept);
  const lock = readLock(membersOf(saidLock));
  if (form !== 1 || lock === null || !isAddress(address) || !isPart(sealed)) {
    throw new WalletUnusable("vault", "This is not a vault that this page knows how to open.");
  }
  return { form, lock, address, sealed };
}

function readLock({ kind, name, credential, n, r, p }: Partial<Record<string, unknown>>) {
  if (kind === "passkey" && isName(name) && isPart(credential)) {
    return { kind, name, credential } satisfies Lock;
  }
  const cost = { n, r, p } as Cost; // looked at by value, whatever it is
  return kind === "passphrase" && isName(name) && isBearable(cost)
    ? ({ kind, name, ...cost } satisfies Lock)
    : null;
}

function membersOf(said: unknown): Partial<Record<string, unknown>> {
  try {
    const value: unknown = typeof said === "string" ? JSON.parse(said) : said;
    return typeof value === "object" && value !== null ? { ...value } : {};
  } catch {
    return {};
  }
}

const isAddress = (text: unknown): text is Address =>
  typeof text === "string" && /^0x[0-9a-fA-F]{40}$/.test(text);

const isPart = (text: unknown): text is string => isBase64Url(text) && text.length <= LONGEST_PART;

const addressOf = (words: string): Address => privateKeyToAddress(toHex(keyOfWords(words)));

/** The additional data of the seal: whoever changes what stands beside it breaks it. */
function bound(lock: Lock, address: Address): Uint8Array<ArrayBuffer> {
  const rest = lock.kind === "passphrase" ? [lock.n, lock.r, lock.p] : [lock.credential];
  return new TextEncoder().encode(JSON.stringify([LABEL, lock.kind, lock.name, ...rest, address]));
}
