import type { Vault } from "../wallet/vault.ts";

/** A wallet made here, sealed. */
export interface KeptVault {
  readonly kind: "built-in";
  readonly vault: Vault;
}

/** The reader's own wallet: by which id it announces itself, and what people call it. */
interface KeptOwn {
  readonly kind: "own";
  readonly id: string;
  readonly name: string;
}

export type Kept = KeptVault | KeptOwn;

/** An account that is being made: it is gone on with after a reload. */
export interface Opening {
  readonly name: string;
  readonly address: string;
  /** The idempotency key of the account. */
  readonly once: string;
}

const WALLETS = "tradepost.wallets";
const OPENING = "tradepost.opening";

function read<T>(key: string): T | null {
  try {
    return JSON.parse(localStorage.getItem(key) ?? "null") as T | null;
  } catch {
    return null;
  }
}

const all = () => read<Record<string, Kept>>(WALLETS) ?? {};

/** What this device knows of a wallet; null where it never had it. */
export function keptWallet(address: string): Kept | null {
  return all()[address.toLowerCase()] ?? null;
}

/** All wallets that were made here. */
export const keptVaults = (): readonly KeptVault[] =>
  Object.values(all()).filter((each) => each.kind === "built-in");

/**
 * Keeps a wallet on this device, beside those of other addresses, which nothing throws away.
 * Throws `DOMException` where the browser keeps nothing.
 */
export function keepWallet(address: string, kept: Kept): void {
  localStorage.setItem(WALLETS, JSON.stringify({ ...all(), [address.toLowerCase()]: kept }));
}

/** The account that is being made on this device. */
export const keptOpening = (): Opening | null => read<Opening>(OPENING);

export function keepOpening(opening: Opening | null): void {
  if (opening === null) {
    localStorage.removeItem(OPENING);
  } else {
    localStorage.setItem(OPENING, JSON.stringify(opening));
  }
}
