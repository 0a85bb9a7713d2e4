import { queryOptions } from "@tanstack/react-query";
import type { Address } from "viem";

import { readBalances } from "../trading/balances.ts";

/** How often the chain is looked at while the wallet is: a block takes about as long. */
const LOOK_MS = 12_000;

/** What a wallet has, as the chain says it: nothing has to be opened for that. */
export const balancesQuery = (address: string) =>
  queryOptions({
    queryKey: ["account", "balances", address],
    queryFn: () => readBalances(address as Address),
    refetchInterval: LOOK_MS,
  });
