import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";

import type { Schema } from "../api/client.ts";
import { exchangeQuery, marketsQuery } from "../api/queries.ts";
import { choosePair, type Pair } from "../offers/search.ts";
import { kept } from "../settings/kept.ts";
import { Failure } from "../shell/Failure.tsx";

interface Found {
  pair: Pair;
  exchange: Schema["ExchangeBody"];
  markets: readonly Schema["InsightsMarketAnswer"][];
}

interface WithPairProps {
  /** What the address says of the pair. */
  search: Parameters<typeof choosePair>[0];
  /** What stands there until it is known. */
  skeleton: ReactNode;
  children: (found: Found) => ReactNode;
}

/** A page about one pair: it waits for the exchange and its markets, and says so if they fail. */
export function WithPair({ search, skeleton, children }: WithPairProps) {
  const exchange = useQuery(exchangeQuery);
  const markets = useQuery(marketsQuery);
  if (exchange.isError || markets.isError) {
    return (
      <Failure
        error={exchange.error ?? markets.error}
        retry={() => {
          void exchange.refetch();
          void markets.refetch();
        }}
      />
    );
  }
  if (!exchange.data || !markets.data) {
    return skeleton;
  }
  const pair = choosePair(search, kept("pair"), exchange.data, markets.data);
  return children({ pair, exchange: exchange.data, markets: markets.data });
}
