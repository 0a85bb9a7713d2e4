import { Trans } from "@lingui/react/macro";
import type { ReactNode } from "react";

import type { Schema } from "../api/client.ts";
import type { Format } from "../language/format.ts";
import type { Methods } from "../offers/OfferRow.tsx";
import type { Pair } from "../offers/search.ts";
import { Value } from "../shell/Value.tsx";

interface TableProps {
  caption: ReactNode;
  heads: readonly ReactNode[];
  /** The first of each row names it; all others are figures. */
  rows: readonly (readonly ReactNode[])[];
}

/** A table of figures; where it is wider than the page it scrolls, by the keyboard too. */
export function Table({ caption, heads, rows }: TableProps) {
  return (
    <div className="mt-4 overflow-x-auto" tabIndex={0} role="group">
      <table className="figures text-13 sm:text-15 w-full border-collapse">
        <caption className="text-17 pb-2 text-start font-semibold">{caption}</caption>
        <thead>
          <tr className="text-13 text-soft">
            {heads.map((head, column) => (
              <th
                key={column}
                scope="col"
                className="border-line border-b py-2 pe-2 sm:pe-4 text-start font-medium last:pe-0 [&:not(:first-child)]:text-end"
              >
                {head}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((cells, row) => (
            <tr key={row}>
              {cells.map((cell, column) =>
                column === 0 ? (
                  <th
                    key={column}
                    scope="row"
                    className="border-line border-b py-3 pe-2 sm:pe-4 text-start font-normal"
                  >
                    <bdi translate="no">{cell}</bdi>
                  </th>
                ) : (
                  <td
                    key={column}
                    className="border-line border-b py-3 pe-2 sm:pe-4 text-end last:pe-0"
                  >
                    {typeof cell === "string" ? <Value>{cell}</Value> : cell}
                  </td>
                ),
              )}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

interface MethodsProps {
  rows: readonly Schema["InsightsMethodAnswer"][];
  pair: Pair;
  methods: Methods | undefined;
  format: Format;
}

/** The best prices of each payment method. */
export function MethodsTable({ rows, pair, methods, format }: MethodsProps) {
  const price = (value: string | null | undefined) =>
    value == null ? <Trans>none</Trans> : format.price(value, pair.currency);
  if (rows.length === 0) {
    return null;
  }
  return (
    <section className="mt-8">
      <Table
        caption={
          <span className="text-20">
            <Trans>By payment method</Trans>
          </span>
        }
        heads={[
          <Trans>Payment method</Trans>,
          <Trans>Cheapest to buy</Trans>,
          <Trans>Best to sell</Trans>,
          <Trans>Offers</Trans>,
        ]}
        rows={rows.map((row) => [
          methods?.get(row.payment_method)?.name ?? row.payment_method,
          price(row.best_ask),
          price(row.best_bid),
          format.count(row.buy_offers + row.sell_offers),
        ])}
      />
    </section>
  );
}

interface TradesProps {
  rows: readonly Schema["TradeAnswer"][];
  pair: Pair;
  methods: Methods | undefined;
  format: Format;
}

/** The last completed trades, the newest first. */
export function TradesTable({ rows, pair, methods, format }: TradesProps) {
  if (rows.length === 0) {
    return (
      <section className="mt-10">
        <h2 className="text-20 font-semibold">
          <Trans>Past trades</Trans>
        </h2>
        <p className="text-soft mt-1">
          <Trans>Nobody has traded this pair here yet.</Trans>
        </p>
      </section>
    );
  }
  return (
    <section className="mt-8">
      <Table
        caption={
          <span className="text-20">
            <Trans>Past trades</Trans>
          </span>
        }
        heads={[
          <Trans>Time</Trans>,
          <Trans>Price</Trans>,
          <Trans>Amount</Trans>,
          <Trans>Payment method</Trans>,
        ]}
        rows={rows.map((row) => [
          <span className="whitespace-nowrap">{format.moment(row.at)}</span>,
          format.price(row.price, pair.currency),
          format.coins(row.amount, pair.asset, 6),
          <bdi translate="no">{methods?.get(row.payment_method)?.name ?? row.payment_method}</bdi>,
        ])}
      />
    </section>
  );
}
