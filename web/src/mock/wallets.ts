import { vi } from "vitest";
import { privateKeyToAccount } from "viem/accounts";
import { toHex } from "viem/utils";

import type { Signer } from "../account/signing.tsx";
import type { Progress, Trader } from "../trading/trader.ts";
import type { OwnWallet } from "../wallet/own.ts";
import type { Provider, Wallet } from "../wallet/wallet.ts";
import { stretched, type Stretch } from "../wallet/stretching.ts";
import { keyOfWords } from "../wallet/words.ts";

export const WORDS = "test test test test test test test test test test test junk";

/** The worker's own work with less of it, and on this thread. */
export const quickly: Stretch = async (asked) => stretched({ ...asked, n: 16 });

const silent: Provider = { request: () => Promise.reject(new Error("Nobody answers.")) };

/** A wallet of these words that signs for real, and sends nothing. */
export function walletOf(words: string): Wallet {
  return walletOfKind(words, "built-in");
}

/** The same as an extension has it. */
export const ownWalletOf = (words: string): Wallet => walletOfKind(words, "own");

function walletOfKind(words: string, kind: Wallet["kind"]): Wallet {
  const account = privateKeyToAccount(toHex(keyOfWords(words)));
  return {
    kind,
    name: "Test",
    address: account.address,
    provider: silent,
    signText: vi.fn((message: string) => account.signMessage({ message })),
    signTyped: vi.fn(),
    send: vi.fn(),
    tradeKeys: vi.fn(),
  };
}

/** An extension with one account, that of these words. */
export function extension(words = WORDS, said: Partial<OwnWallet> = {}): OwnWallet {
  return {
    id: "org.example.fox",
    name: "Fox",
    icon: "",
    connect: vi.fn(() => Promise.resolve(ownWalletOf(words))),
    ...said,
  };
}

export const progress = (said: Partial<Progress> = {}): Progress => ({
  step: "send",
  hash: `0x${"7a".repeat(32)}`,
  state: "sent",
  confirmations: 0,
  needed: 2,
  ...said,
});

/** A trader of a wallet who moves coins as far as he is told to. */
export function traderOf({ address }: Wallet): Trader {
  return { address, send: moved(), deposit: moved(), withdraw: moved() } as unknown as Trader;
}

const moved = () =>
  vi.fn(async (...asked: unknown[]) => {
    const report = asked.at(-1) as (progress: Progress) => void;
    report(progress());
    report(progress({ state: "confirmed", confirmations: 2 }));
  });

export const signerOf = (wallet: Wallet): Signer => ({ wallet, trader: traderOf(wallet) });
