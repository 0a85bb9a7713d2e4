import type { TypedDataDefinition } from "viem";
import { privateKeyToAccount } from "viem/accounts";
import { toHex } from "viem/utils";

import { tradeKeysOf } from "../sealing/tradeKeys.ts";
import { WrongNetwork } from "./errors.ts";
import { sender } from "./sending.ts";
import type { Provider, Wallet } from "./wallet.ts";
import { keyOfWords } from "./words.ts";

const NAME = "Tradepost";

/**
 * The wallet of twelve words, open: it signs what it is asked to without asking back, as the page
 * has asked its reader already. It reads by `node`, and sends by it.
 *
 * Throws `WalletUnusable` where the words are none.
 */
export function builtIn(words: string, node: Provider, chainId: number): Wallet {
  const key = keyOfWords(words);
  const account = privateKeyToAccount(toHex(key));
  const keys = tradeKeysOf(key);
  return {
    kind: "built-in",
    name: NAME,
    address: account.address,
    provider: node,
    signText: (text) => account.signMessage({ message: text }),
    async signTyped(data) {
      checkChain(data, chainId);
      return account.signTypedData(data);
    },
    send: sender(account, chainId, node),
    tradeKeys: () => Promise.resolve(keys),
  };
}

/** A text that was to be signed names another chain than the exchange's. */
function checkChain({ domain }: TypedDataDefinition, chainId: number): void {
  const named = (domain as { chainId?: unknown } | undefined)?.chainId;
  if (named !== undefined && BigInt(named as bigint) !== BigInt(chainId)) {
    throw new WrongNetwork(chainId);
  }
}
