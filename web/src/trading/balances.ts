import type { Address } from "viem";

import { api, told } from "../api/client.ts";
import { held, tokenBalance } from "../chain/calls.ts";
import { Chain } from "../chain/chain.ts";
import { number } from "../chain/rpc.ts";
import { checkChain, checkContract } from "../verify/contract.ts";
import { readExchange, type ShownExchange } from "../verify/shown.ts";
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
  const exchange = readExchange(told(await api.GET("/v1/exchange")));
  checkChain(await chain.chainId(), exchange.chainId);
  checkContract(await chain.code(exchange.contract), exchange.contract);
  return balancesBy(chain, exchange, address);
}

/** What an address has of the coins of an exchange whose contract was checked. */
export const balancesBy = (
  chain: Chain,
  { assets, contract }: ShownExchange,
  address: Address,
): Promise<readonly Balance[]> =>
  Promise.all(
    assets.map(async ({ code, token }) => {
      const [wallet, deposited] = await Promise.all([
        token === null
          ? chain.balance(address)
          : chain.call(token, tokenBalance(address)).then(number),
        chain.call(contract, held(token ?? NATIVE, address)).then(number),
      ]);
      return { asset: code, wallet, deposited };
    }),
  );
