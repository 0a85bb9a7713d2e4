import { toBase64Url } from "./base64url.ts";
import { WalletUnusable } from "./errors.ts";
import { prepared } from "./passphrase.ts";
import type { Cost, Stretch } from "./stretching.ts";

/** The one secret that the reader has: he knows a passphrase, or his passkey gives 32 bytes. */
export type Opener =
  | { readonly kind: "passphrase"; readonly name: string; readonly passphrase: string }
  | {
      readonly kind: "passkey";
      readonly name: string;
      /** base64url of the credential's id. */
      readonly credential: string;
      /** What the passkey's pseudo-random function gave. */
      readonly prf: Uint8Array;
    };

/** What comes of an opener. */
export interface Opened {
  /** Seals and unseals the vault (AES-256-GCM); the browser does not give its bytes away. */
  readonly key: CryptoKey;
  /** What the account signs in with: 43 characters of base64url. */
  readonly signInSecret: string;
}

export const LABEL = "tradepost/vault/v1";

/** The account names of the exchange. */
export const isName = (name: unknown): name is string =>
  typeof name === "string" && /^[a-z0-9][a-z0-9_-]{2,29}$/.test(name);

/** What was stretched already, as long as the page holds on to the opener itself. */
const known = new WeakMap<Opener, { cost: Cost; opened: Opened }>();

/** Throws `WalletUnusable` for a name that no account has, and where this device cannot do it. */
export async function opened(opener: Opener, cost: Cost, stretch: Stretch): Promise<Opened> {
  if (crypto.subtle === undefined) {
    throw new WalletUnusable("insecure-page", "The browser has cryptography for https pages only.");
  }
  const before = known.get(opener);
  if (before?.cost.n === cost.n && before.cost.r === cost.r && before.cost.p === cost.p) {
    return before.opened;
  }
  const now = await split(await secretOf(opener, cost, stretch));
  known.set(opener, { cost, opened: now });
  return now;
}

async function secretOf(opener: Opener, { n, r, p }: Cost, stretch: Stretch): Promise<Uint8Array> {
  if (!isName(opener.name)) {
    throw new WalletUnusable("name", "This is not a name of an account.");
  }
  if (opener.kind === "passkey") {
    return opener.prf;
  }
  // The name alone: it is all that a new device has, and it stays when the exchange moves.
  const salt = `${LABEL}/${opener.name}`;
  return stretch({ passphrase: prepared(opener.passphrase), salt, n, r, p });
}

/** Two keys of one secret, neither of which tells anything of the other (HKDF-SHA256). */
async function split(secret: Uint8Array): Promise<Opened> {
  const { subtle } = crypto;
  const uses: KeyUsage[] = ["deriveKey", "deriveBits"];
  const root = await subtle.importKey("raw", new Uint8Array(secret), "HKDF", false, uses);
  const text = new TextEncoder();
  const of = (info: string) => ({
    name: "HKDF",
    hash: "SHA-256",
    salt: text.encode(LABEL),
    info: text.encode(info),
  });
  const aes = { name: "AES-GCM", length: 256 };
  const key = await subtle.deriveKey(of("vault key"), root, aes, false, ["encrypt", "decrypt"]);
  const bits = await subtle.deriveBits(of("sign-in secret"), root, 256);
  return { key, signInSecret: toBase64Url(new Uint8Array(bits)) };
}
