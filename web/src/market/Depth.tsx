import { Trans, useLingui } from "@lingui/react/macro";
import { useState } from "react";

import type { Schema } from "../api/client.ts";
import type { Format } from "../language/format.ts";
import { Value } from "../shell/Value.tsx";
import { DepthChart } from "./DepthChart.tsx";
import { steps } from "./levels.ts";
import { Table } from "./tables.tsx";

interface Props {
  depth: Schema["DepthAnswer"];
  format: Format;
}

/** How much can be bought and sold how far from the market: drawn, told, and as a table. */
export function Depth({ depth, format }: Props) {
  const { t } = useLingui();
  const [asTable, setAsTable] = useState(false);
  const asks = steps(depth.asks, depth.levels_by, "asks");
  const bids = steps(depth.bids, depth.levels_by, "bids");
  const empty = asks.length === 0 && bids.length === 0;
  const sum = (side: typeof asks) =>
    format.coins(String(Number((side.at(-1)?.amount ?? 0).toFixed(8))), depth.asset, 4);
  return (
    <section aria-labelledby="depth" className="mt-10">
      <div className="flex flex-wrap items-center justify-between gap-3">
        <h2 id="depth" className="text-20 font-semibold">
          <Trans>What can be traded</Trans>
        </h2>
        {!empty && (
          <button
            type="button"
            className="button button-quiet"
            aria-pressed={asTable}
            onClick={() => setAsTable((was) => !was)}
          >
            {asTable ? <Trans>Show the chart</Trans> : <Trans>Show as a table</Trans>}
          </button>
        )}
      </div>
      <p className="text-soft mt-1 max-w-prose">
        {empty ? (
          <Trans>There are no offers of this pair now.</Trans>
        ) : (
          <Trans>
            In all <Value>{sum(asks)}</Value> can be bought, and <Value>{sum(bids)}</Value> sold, as
            far from the market as shown here.
          </Trans>
        )}
      </p>
      {!empty && !asTable && <DepthChart bids={bids} asks={asks} depth={depth} format={format} />}
      {!empty && asTable && (
        <div className="grid gap-x-10 lg:grid-cols-2">
          <LevelsTable name={t`To buy`} side={depth.asks} depth={depth} format={format} />
          <LevelsTable name={t`To sell`} side={depth.bids} depth={depth} format={format} />
        </div>
      )}
    </section>
  );
}

interface LevelsProps extends Props {
  name: string;
  side: Schema["SideAnswer"];
}

function LevelsTable({ name, side, depth, format }: LevelsProps) {
  return (
    <Table
      caption={name}
      heads={[
        depth.levels_by === "premium" ? <Trans>Over the market</Trans> : <Trans>Price</Trans>,
        <Trans>Amount</Trans>,
        <Trans>Offers</Trans>,
      ]}
      rows={side.levels.map((level) => [
        level.price != null
          ? format.price(level.price, depth.currency)
          : `${format.percent(level.from_bps ?? 0)} – ${format.percent(level.to_bps ?? 0)}`,
        format.coins(level.amount, depth.asset, 4),
        format.count(level.offers),
      ])}
    />
  );
}
