import { putBackup } from "../account/backup.ts";
import { keepOpening, keepWallet, type Opening } from "../account/device.ts";
import { beginSigning, openWords } from "../account/openWallet.ts";
import { keepSession, type Session } from "../account/session.ts";
import {
  isProblem,
  signInByName,
  signInByWallet,
  withWallet,
  type SignedIn,
} from "../account/signIn.ts";
import { api, told } from "../api/client.ts";
import { makeVault, openVault, type Opener, type Vault } from "../wallet/vault.ts";
import type { Wallet } from "../wallet/wallet.ts";

/** The name belongs to somebody else; the account has to be made under another. */
export class NameUnavailable extends Error {
  readonly reserved: boolean;

  constructor(reserved: boolean) {
    super("The name cannot be had.");
    this.name = "NameUnavailable";
    this.reserved = reserved;
  }
}

export interface Ready {
  readonly words: string;
  readonly vault: Vault;
  readonly signInSecret: string;
  readonly opening: Opening;
}

export interface Opened {
  readonly account: SignedIn["account"];
  /** Whether the sealed wallet is at the exchange too; it can be put there later. */
  readonly backedUp: boolean;
}

/**
 * Seals the words, and keeps them so on this device before anything is asked for: whatever dies
 * after that, the same passphrase or passkey goes on from here.
 */
export async function prepare(words: string, name: string, opener: Opener): Promise<Ready> {
  const { vault, signInSecret } = await makeVault(words, opener);
  const opening = { name, address: vault.address, once: crypto.randomUUID() };
  keepWallet(vault.address, { kind: "built-in", vault });
  keepOpening(opening);
  return { words, vault, signInSecret, opening };
}

/** Takes up an account that was begun on this device. Throws `PassphraseWrong`. */
export async function takeUp(opening: Opening, vault: Vault, opener: Opener): Promise<Ready> {
  return { ...(await openVault(vault, opener)), vault, opening };
}

/**
 * Makes the account, proves the wallet to be its own, and puts the backup there.
 *
 * Each step can be repeated: one that was done before is found to be done. Throws
 * `NameUnavailable`, and what the exchange refuses.
 */
export async function open(ready: Ready, chainId: number): Promise<Opened> {
  const wallet = openWords(ready.words, chainId);
  const session = await sessionOfWallet(await accountOf(ready), wallet, chainId);
  beginSigning(wallet);
  keepSession(session);
  keepOpening(null);
  const { account } = session;
  return { account, backedUp: account.name === ready.opening.name && (await backUp(ready.vault)) };
}

async function sessionOfWallet(
  signedIn: SignedIn,
  wallet: Wallet,
  chainId: number,
): Promise<Session> {
  try {
    return await withWallet(signedIn, wallet, chainId);
  } catch (error) {
    if (isProblem(error, "wallet-taken")) {
      // Words that were brought along, and used here before: they are back where they belong.
      return signInByWallet(wallet, chainId);
    }
    throw error;
  }
}

/** The account of that name, made now or before; only its secret tells that it is the reader's. */
async function accountOf({ opening, signInSecret }: Ready): Promise<SignedIn> {
  const body = { name: opening.name, passphrase: signInSecret };
  const headers = { "Idempotency-Key": opening.once };
  try {
    return told(await api.POST("/v1/accounts", { body, headers }));
  } catch (error) {
    if (isProblem(error, "name-reserved")) {
      throw new NameUnavailable(true);
    }
    if (!isProblem(error, "name-taken")) {
      throw error;
    }
  }
  try {
    return await signInByName(opening.name, signInSecret);
  } catch (error) {
    throw isProblem(error, "sign-in-refused") ? new NameUnavailable(false) : error;
  }
}

async function backUp(vault: Vault): Promise<boolean> {
  try {
    await putBackup(vault);
    return true;
  } catch {
    return false; // the wallet is on this device, and its page asks for the backup again
  }
}
