import type { Hex } from "viem";

import { signInMessage } from "../sealing/signIn.ts";
import { signKey } from "../sealing/signedKeys.ts";
import { same } from "../verify/agreement.ts";
import * as read from "../verify/read.ts";
import type { Desk } from "./desk.ts";
import * as exchange from "./exchange.ts";

/** Adds the wallet to the account that is signed in, if it is not there yet. */
export async function proveWallet({ wallet }: Desk, chainId: number): Promise<void> {
  const account = await exchange.account();
  if (account.wallets.some((known) => same(known, wallet.address))) {
    return;
  }
  const nonce = await exchange.nonce();
  const now = new Date(await exchange.time());
  const message = signInMessage(window.location.origin, wallet.address, chainId, nonce, now);
  await exchange.addWallet({ message, signature: await wallet.signText(message) });
}

/** The wallet's word on its encryption key: the same in a retry, also where it signs anew each time. */
export async function signedKey({ wallet, notebook }: Desk, key: string): Promise<Hex> {
  const kept = notebook.signature(key);
  if (kept !== null) {
    return kept;
  }
  const signature = read.signature(await signKey(key, wallet), "the signature");
  notebook.keepSignature(key, signature);
  return signature;
}
