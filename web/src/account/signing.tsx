import { createContext, use } from "react";

import type { Trader } from "../trading/trader.ts";
import type { Wallet } from "../wallet/wallet.ts";

/** What signs: an open wallet, and the trader who uses it. */
export interface Signer {
  readonly wallet: Wallet;
  readonly trader: Trader;
}

/**
 * Opens the reader's wallet where it is not open: he is asked for his passphrase or passkey, or
 * his own wallet is connected. Throws `SigningRefused` where he leaves it.
 */
export type OpenSigner = () => Promise<Signer>;

/** Where nobody has said how wallets are opened. */
export const nobody: OpenSigner = () => Promise.reject(new Error("Nobody can sign here."));

export const SigningContext = createContext<OpenSigner>(nobody);

/** For what has to sign: `const { trader } = await openSigner()`, in the handler of the action. */
export const useSigner = (): OpenSigner => use(SigningContext);
