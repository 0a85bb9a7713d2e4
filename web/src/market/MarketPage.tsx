import { Trans, useLingui } from "@lingui/react/macro";
import { useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import type { ReactNode } from "react";

import type { Schema } from "../api/client.ts";
import { methodsQuery } from "../api/queries.ts";
import { MarketPrice } from "../exchange/MarketPrice.tsx";
import { WithPair } from "../exchange/WithPair.tsx";
import { useFormat, type Format } from "../language/format.ts";
import { useLive } from "../live/useLive.ts";
import type { Pair } from "../offers/search.ts";
import { keep } from "../settings/kept.ts";
import { Failure } from "../shell/Failure.tsx";
import { Title } from "../shell/Title.tsx";
import { Value } from "../shell/Value.tsx";
import { Depth } from "./Depth.tsx";
import { MethodsTable, TradesTable } from "./tables.tsx";
import { marketQuery } from "./queries.ts";

/** One pair at a glance: prices, what can be traded how far from the market, and what was. */
export function MarketPage() {
  const search = useSearch({ from: "/market" });
  return (
    <WithPair search={search} skeleton={<Skeleton />}>
      {(found) => <Market {...found} />}
    </WithPair>
  );
}

interface MarketProps {
  pair: Pair;
  exchange: Schema["ExchangeBody"];
  markets: readonly Schema["InsightsMarketAnswer"][];
}

function Market({ pair, exchange, markets }: MarketProps) {
  const { t, i18n } = useLingui();
  const { asset, currency } = pair;
  const format = useFormat(exchange.currencies);
  const methods = useQuery(methodsQuery(currency, i18n.locale));
  const found = useQuery(marketQuery(pair));
  const live = useLive(pair);
  return (
    <>
      <div className="flex flex-wrap items-end justify-between gap-4">
        <Title name={t`Market of ${asset} and ${currency}`}>
          <Trans>
            Market of <Value>{asset}</Value> and <Value>{currency}</Value>
          </Trans>
        </Title>
        <PairChoice pair={pair} markets={markets} />
      </div>
      <MarketPrice pair={pair} market={found.data?.market.index} live={live} format={format} />
      {found.isError ? (
        <Failure error={found.error} retry={() => void found.refetch()} />
      ) : !found.data ? (
        <SkeletonBody />
      ) : (
        <>
          <Glance market={found.data.market} format={format} />
          <Depth depth={found.data.depth} format={format} />
          <MethodsTable
            rows={found.data.methods}
            pair={pair}
            methods={methods.data}
            format={format}
          />
          <TradesTable
            rows={found.data.trades}
            pair={pair}
            methods={methods.data}
            format={format}
          />
        </>
      )}
    </>
  );
}

function PairChoice({ pair, markets }: Pick<MarketProps, "pair" | "markets">) {
  const navigate = useNavigate({ from: "/market" });
  const chosen = `${pair.asset}-${pair.currency}`;
  const names = new Set([chosen, ...markets.map((each) => `${each.asset}-${each.currency}`)]);
  return (
    <label>
      <span className="label">
        <Trans>Pair</Trans>
      </span>
      <select
        className="control min-w-44"
        translate="no"
        value={chosen}
        onChange={(event) => {
          keep("pair", event.target.value);
          const [asset = "", currency = ""] = event.target.value.split("-");
          void navigate({ search: { asset, currency }, replace: true, resetScroll: false });
        }}
      >
        {[...names].map((name) => (
          <option key={name} value={name}>
            {name.replace("-", " / ")}
          </option>
        ))}
      </select>
    </label>
  );
}

function Glance({ market, format }: { market: Schema["InsightsMarketAnswer"]; format: Format }) {
  const price = (value: string | null | undefined) =>
    value == null ? <Trans>none</Trans> : <Value>{format.price(value, market.currency)}</Value>;
  return (
    <dl className="border-line mt-8 grid grid-cols-2 gap-x-6 gap-y-5 border-y py-5 sm:grid-cols-3 lg:grid-cols-6">
      <Figure name={<Trans>Cheapest to buy</Trans>}>{price(market.best_ask)}</Figure>
      <Figure name={<Trans>Best to sell</Trans>}>{price(market.best_bid)}</Figure>
      <Figure name={<Trans>Last trade</Trans>}>{price(market.last_trade?.price)}</Figure>
      <Figure name={<Trans>Traded in a day</Trans>}>
        <Value>{format.coins(market.day?.volume ?? "0", market.asset, 4)}</Value>
      </Figure>
      <Figure name={<Trans>Offers to buy from</Trans>}>
        <Value>{format.count(market.sell_offers)}</Value>
      </Figure>
      <Figure name={<Trans>Offers to sell to</Trans>}>
        <Value>{format.count(market.buy_offers)}</Value>
      </Figure>
    </dl>
  );
}

function Figure({ name, children }: { name: ReactNode; children: ReactNode }) {
  return (
    <div>
      <dt className="text-13 text-soft">{name}</dt>
      <dd className="text-17 figures mt-0.5 font-semibold">{children}</dd>
    </div>
  );
}

function Skeleton() {
  return (
    <div aria-busy="true">
      <p className="sr-only" role="status">
        <Trans>Reading the market</Trans>
      </p>
      <div className="skeleton h-12 w-96 max-w-full" />
      <div className="skeleton mt-3 h-6 w-56" />
      <SkeletonBody />
    </div>
  );
}

const SkeletonBody = () => (
  <div aria-busy="true">
    <div className="skeleton mt-8 h-24" />
    <div className="skeleton mt-8 h-96" />
    <div className="skeleton mt-8 h-56" />
  </div>
);
