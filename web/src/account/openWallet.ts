import { makeTrader } from "../trading/make.ts";
import { readerOf } from "../trading/reader.ts";
import { builtIn } from "../wallet/builtIn.ts";
import { WalletUnusable } from "../wallet/errors.ts";
import { ownWallets, type OwnWallet } from "../wallet/own.ts";
import { openVault, type Opener } from "../wallet/vault.ts";
import type { Provider, Wallet } from "../wallet/wallet.ts";
import type { KeptVault } from "./device.ts";
import { keepOpen } from "./opened.ts";
import type { Signer } from "./signing.tsx";

/** For how long wallets are waited for that have not announced themselves yet. */
const ANNOUNCED_MS = 1_500;

/** Another account of the reader's own wallet than the one that he signed in with. */
export class AnotherAddress extends Error {
  readonly address: string;

  constructor(address: string) {
    super(`This is ${address}.`);
    this.name = "AnotherAddress";
    this.address = address;
  }
}

/** Who shows the page the chain: the reader's own node where he named one, else the exchange's. */
export const chainReader = (): Provider => readerOf(null).provider;

/** Takes a wallet as the one that signs, until it is locked. */
export function beginSigning(wallet: Wallet): Signer {
  const signer = { wallet, trader: makeTrader(wallet) };
  keepOpen(signer);
  return signer;
}

export const openWords = (words: string, chainId: number): Wallet =>
  builtIn(words, chainReader(), chainId);

/** Opens a wallet of this device. Throws `PassphraseWrong`, and `WalletUnusable`. */
export async function openKept(
  { vault }: KeptVault,
  opener: Opener,
  chainId: number,
): Promise<Wallet> {
  const { words } = await openVault(vault, opener);
  const wallet = openWords(words, chainId);
  if (wallet.address.toLowerCase() !== vault.address.toLowerCase()) {
    throw new WalletUnusable("vault", "The vault has the words of another address.");
  }
  return wallet;
}

/** Connects the reader's own wallet again. Throws `AnotherAddress`, and what connecting throws. */
export async function connectAgain(id: string, address: string, chainId: number): Promise<Wallet> {
  const own = await announced(id);
  const wallet = await own.connect(chainId);
  if (wallet.address.toLowerCase() !== address.toLowerCase()) {
    throw new AnotherAddress(wallet.address);
  }
  return wallet;
}

/** The wallet of that id, once it announces itself; throws `WalletUnusable` where it does not. */
function announced(id: string): Promise<OwnWallet> {
  return new Promise((resolve, reject) => {
    let leave = () => {};
    const timer = setTimeout(() => {
      leave();
      reject(new WalletUnusable("account", "This browser does not have the wallet."));
    }, ANNOUNCED_MS);
    leave = ownWallets((found) => {
      const own = found.find((each) => each.id === id);
      if (own !== undefined) {
        clearTimeout(timer);
        queueMicrotask(() => leave());
        resolve(own);
      }
    });
  });
}
