import type { Address } from "viem";

import { api, told } from "../api/client.ts";
import { held, tokenBalance } from "../chain/calls.ts";
import { Chain } from "../chain/chain.ts";
import { number } from "../chain/rpc.ts";
import { checkChain, checkContract } from "../verify/contract.ts";
import { readExchange } from "../verify/shown.ts";
import { NATIVE } from "../verify/terms.ts";
import { readerOf } from "./reader.ts";
import type { Balance } from "./trader.ts";

const POLL_MS = 2_000;

/**
 * What an address has of each of the exchange's coins; no wallet has to be open for that.
 *
 * Read through the reader's own node where he named one. Throws `VerificationFailed` where the
 * chain or the contract is not what the exchange says, and what reading a chain throws.
 */
export async function readBalances(address: Address): Promise<readonly Balance[]> {
  const chain = new Chain(readerOf(null).provider, POLL_MS);
  const { chainId, contract, assets } = readExchange(told(await api.GET("/v1/exchange")));
  checkChain(await chain.chainId(), chainId);
  checkContract(await chain.code(contract), contract);
  return Promise.all(
    assets.map(async ({ code, token }) => {
      const wallet =
        token === null
          ? chain.balance(address)
          : chain.call(token, tokenBalance(address)).then(number);
      const deposited = chain.call(contract, held(token ?? NATIVE, address)).then(number);
      return { asset: code, wallet: await wallet, deposited: await deposited };
    }),
  );
}
