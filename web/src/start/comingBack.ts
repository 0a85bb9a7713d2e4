import { getBackup } from "../account/backup.ts";
import { keepWallet, keptVaults } from "../account/device.ts";
import { beginSigning, openWords } from "../account/openWallet.ts";
import { keepSession, type Session } from "../account/session.ts";
import {
  isProblem,
  signInByName,
  signInByWallet,
  withWallet,
  type SignedIn,
} from "../account/signIn.ts";
import { makeVault, openVault, signInSecret, type Opener, type Vault } from "../wallet/vault.ts";
import type { Wallet } from "../wallet/wallet.ts";

/** The name and what should open it do not belong together; nobody is told which was wrong. */
export class NotYours extends Error {
  constructor() {
    super("The name and the lock do not belong together.");
    this.name = "NotYours";
  }
}

const same = (one: string, other: string) => one.toLowerCase() === other.toLowerCase();

/** Who is back in his account, but has no wallet yet: the exchange has no backup of it. */
export interface Bare {
  readonly signedIn: SignedIn;
  readonly opener: Opener;
}

/**
 * Back by a name's passphrase or passkey: signs in, and opens the backup that the exchange keeps,
 * or what this device has. Answers what is known where neither is there.
 *
 * Throws `NotYours`, and `PassphraseWrong` where the backup was sealed with something else.
 */
export async function comeBack(opener: Opener, chainId: number): Promise<Session | Bare> {
  const signedIn = await byName(opener);
  const { wallets } = signedIn.account;
  const vault =
    (await getBackup(signedIn.token.token))?.vault ??
    keptVaults().find((kept) => wallets.some((each) => same(each, kept.vault.address)))?.vault;
  if (vault === undefined) {
    return { signedIn, opener };
  }
  const { words } = await openVault(vault, opener);
  const wallet = openWords(words, chainId);
  return begin(await withWallet(signedIn, wallet, chainId), wallet, vault);
}

async function byName(opener: Opener): Promise<SignedIn> {
  try {
    return await signInByName(opener.name, await signInSecret(opener));
  } catch (error) {
    throw isProblem(error, "sign-in-refused") ? new NotYours() : error;
  }
}

/** Gives a wallet back to an account whose backup is missing: its words are sealed anew. */
export async function restore(bare: Bare, words: string, chainId: number): Promise<Session> {
  const { vault } = await makeVault(words, bare.opener);
  const wallet = openWords(words, chainId);
  return begin(await withWallet(bare.signedIn, wallet, chainId), wallet, vault);
}

/** Back by a wallet itself, which is sealed already: from a file, or from this device. */
export async function comeBackSealed(
  wallet: Wallet,
  vault: Vault,
  chainId: number,
): Promise<Session> {
  return begin(await signInByWallet(wallet, chainId), wallet, vault);
}

/** Back by the words of a wallet that has been used here; `passphrase` locks them on this device. */
export async function comeBackByWords(
  words: string,
  passphrase: string,
  chainId: number,
): Promise<Session> {
  const wallet = openWords(words, chainId);
  const session = await signInByWallet(wallet, chainId);
  const name = session.account.name ?? namelessOf(wallet.address);
  const { vault } = await makeVault(words, { kind: "passphrase", name, passphrase });
  return begin(session, wallet, vault);
}

/** What the passphrase of an account without a name is salted with. */
const namelessOf = (address: string) => `wallet-${address.slice(2, 14).toLowerCase()}`;

function begin(session: Session, wallet: Wallet, vault: Vault): Session {
  keepWallet(wallet.address, { kind: "built-in", vault });
  beginSigning(wallet);
  keepSession(session);
  return session;
}
