import { Trans } from "@lingui/react/macro";
import { useQuery } from "@tanstack/react-query";

import { exchangeQuery } from "../api/queries.ts";
import { useFormat } from "../language/format.ts";
import { Value } from "../shell/Value.tsx";
import type { Trade } from "../trading/trader.ts";

/** A trade in a line, from the reader's side: "Buy 0.1 ETH for EUR 250.00". */
export function TradeWords({ trade }: { trade: Trade | undefined }) {
  const exchange = useQuery(exchangeQuery);
  const format = useFormat(exchange.data?.currencies);
  if (trade === undefined) {
    return null;
  }
  const coins = <Value>{format.coins(trade.amount, trade.asset)}</Value>;
  const money = <Value>{format.money(trade.fiat_amount, trade.currency)}</Value>;
  return (
    <p className="text-soft">
      {trade.viewer.role === "buyer" ? (
        <Trans>
          Buy {coins} for {money}
        </Trans>
      ) : trade.viewer.role === "seller" ? (
        <Trans>
          Sell {coins} for {money}
        </Trans>
      ) : (
        <Trans>
          {coins} for {money}
        </Trans>
      )}
    </p>
  );
}
