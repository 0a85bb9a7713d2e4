import { exchangeProvider, nodeProvider, ownNode } from "../chain/provider.ts";
import type { Provider, Wallet } from "../wallet/wallet.ts";
import type { Witness } from "./trader.ts";

/** Who shows the chain. What the exchange's node shows is the exchange's word again. */
export interface Reader {
  readonly provider: Provider;
  readonly witness: Witness;
  /** Whether it is the wallet itself, which may be on another network. */
  readonly isWallet: boolean;
}

/** The one to believe most: the reader's own wallet, else his own node, else the exchange's. */
export function readerOf(wallet: Wallet | null, given?: Provider): Reader {
  if (given !== undefined) {
    return { provider: given, witness: "own", isWallet: false };
  }
  if (wallet?.kind === "own") {
    return { provider: wallet.provider, witness: "own", isWallet: true };
  }
  const node = ownNode();
  return node === null
    ? { provider: exchangeProvider(), witness: "exchange", isWallet: false }
    : { provider: nodeProvider(node), witness: "own", isWallet: false };
}
