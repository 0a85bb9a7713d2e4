import { Trans, useLingui } from "@lingui/react/macro";
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { useEffect } from "react";

import { useSession } from "../account/session.ts";
import type { Schema } from "../api/client.ts";
import { methodsQuery } from "../api/queries.ts";
import { MarketPrice } from "../exchange/MarketPrice.tsx";
import { WithPair } from "../exchange/WithPair.tsx";
import { useFormat } from "../language/format.ts";
import { useLive } from "../live/useLive.ts";
import { keep } from "../settings/kept.ts";
import { Failure } from "../shell/Failure.tsx";
import { Title } from "../shell/Title.tsx";
import { Value } from "../shell/Value.tsx";
import { showTour } from "../tour/state.ts";
import { Filters } from "./Filters.tsx";
import type { MakingSearch } from "./making/search.ts";
import { OfferRow, SkeletonRows } from "./OfferRow.tsx";
import { bookQuery, facetsQuery } from "./queries.ts";
import type { BookSearch, Pair } from "./search.ts";

/** The order book: what can be bought or sold now, the best price first. */
export function BookPage() {
  const search = useSearch({ from: "/" });
  return (
    <WithPair search={search} skeleton={<SkeletonPage />}>
      {({ pair, exchange }) => <Book search={search} pair={pair} exchange={exchange} />}
    </WithPair>
  );
}

interface BookProps {
  search: BookSearch;
  pair: Pair;
  exchange: Schema["ExchangeBody"];
}

function Book({ search, pair, exchange }: BookProps) {
  const accountId = useSession()?.account.id;
  const { t, i18n } = useLingui();
  const format = useFormat(exchange.currencies);
  const navigate = useNavigate({ from: "/" });
  const book = useInfiniteQuery(bookQuery(search, pair));
  const facets = useQuery(facetsQuery(search, pair));
  const methods = useQuery(methodsQuery(pair.currency, i18n.locale));
  const live = useLive(pair);
  const { asset, currency } = pair;
  useEffect(() => keep("pair", `${asset}-${currency}`), [asset, currency]);

  const change = (next: Partial<Record<keyof BookSearch, BookSearch[keyof BookSearch] | null>>) =>
    void navigate({
      search: (old) => {
        const kept = Object.entries({ ...old, ...next }).filter(([, value]) => value != null);
        return Object.fromEntries(kept) as BookSearch;
      },
      replace: true,
      resetScroll: false,
    });
  const clear = () =>
    change({ amount: null, unit: null, method: null, funded: null, online: null });

  const offers = book.data?.pages.flatMap((page) => page.data) ?? [];
  const market = book.data?.pages.at(-1)?.market;
  const buys = search.direction !== "sell";
  return (
    <>
      <Title name={buys ? t`Buy ${asset}` : t`Sell ${asset}`}>
        {buys ? (
          <Trans>
            Buy <Value>{asset}</Value> from people
          </Trans>
        ) : (
          <Trans>
            Sell <Value>{asset}</Value> to people
          </Trans>
        )}
      </Title>
      <MarketPrice pair={pair} market={market} live={live} format={format} />
      <p className="flex flex-wrap gap-x-6">
        <button type="button" className="link min-h-11" onClick={showTour}>
          <Trans>How it works</Trans>
        </button>
        <Link
          to="/offers/new"
          search={made(search, pair)}
          className="link inline-flex min-h-11 items-center"
        >
          <Trans>Create an offer</Trans>
        </Link>
      </p>
      <Filters
        search={search}
        pair={pair}
        exchange={exchange}
        counts={facets.data?.payment_methods}
        methods={methods.data}
        change={change}
      />
      <section aria-labelledby="found" aria-busy={book.isFetching} className="mt-6">
        <h2 id="found" className="text-15 text-soft min-h-6 font-medium">
          <span role="status">
            {facets.data && <Count total={facets.data.total} complete={facets.data.complete} />}
          </span>
        </h2>
        {book.isError ? (
          <Failure error={book.error} retry={() => void book.refetch()} />
        ) : book.isPending ? (
          <SkeletonRows />
        ) : offers.length === 0 ? (
          <Empty search={search} pair={pair} priced={market != null} clear={clear} />
        ) : (
          <ol className="mt-2">
            {offers.map((offer) => (
              <OfferRow
                key={offer.id}
                offer={offer}
                search={search}
                methods={methods.data}
                format={format}
                isOwn={offer.maker.id === accountId}
              />
            ))}
          </ol>
        )}
        {book.hasNextPage && (
          <button
            type="button"
            className="button button-quiet mx-auto mt-6 flex"
            disabled={book.isFetchingNextPage}
            onClick={() => void book.fetchNextPage()}
          >
            {book.isFetchingNextPage ? (
              <Trans>Reading more…</Trans>
            ) : (
              <Trans>Show more offers</Trans>
            )}
          </button>
        )}
      </section>
    </>
  );
}

function Count({ total, complete }: { total: number; complete: boolean }) {
  const { t } = useLingui();
  const format = useFormat();
  const count = format.count(total);
  if (!complete) {
    return <>{t`More than ${count} offers, the best price first`}</>;
  }
  return total === 1 ? <Trans>One offer</Trans> : <>{t`Offers: ${count}, the best price first`}</>;
}

interface EmptyProps {
  search: BookSearch;
  pair: Pair;
  priced: boolean;
  clear: () => void;
}

/** Why nothing is shown, and what can be done about it. */
function Empty({ search, pair, priced, clear }: EmptyProps) {
  const filtered = search.amount ?? search.method ?? search.funded ?? search.online;
  return (
    <div className="border-line mt-2 border-y py-12 text-center">
      <p className="text-20 font-semibold">
        {search.direction === "sell" ? (
          <Trans>
            Nobody buys <Value>{pair.asset}</Value> for <Value>{pair.currency}</Value> like this now
          </Trans>
        ) : (
          <Trans>
            Nobody sells <Value>{pair.asset}</Value> for <Value>{pair.currency}</Value> like this
            now
          </Trans>
        )}
      </p>
      <p className="text-soft mx-auto mt-2 max-w-prose">
        {filtered !== undefined ? (
          <Trans>Your filters leave no offer: another amount or payment method may find one.</Trans>
        ) : priced ? (
          <Trans>New offers show up here by themselves as soon as somebody makes one.</Trans>
        ) : (
          <Trans>
            There is no fresh market price of this pair, so offers that follow the market are not
            shown. They come back with it.
          </Trans>
        )}
      </p>
      <div className="mt-6 flex flex-wrap justify-center gap-3">
        {filtered !== undefined && (
          <button type="button" className="button button-main" onClick={clear}>
            <Trans>Clear filters</Trans>
          </button>
        )}
        <Link
          to="/offers/new"
          search={made(search, pair)}
          className={`button ${filtered === undefined ? "button-main" : "button-quiet"}`}
        >
          <Trans>Create this offer</Trans>
        </Link>
      </div>
    </div>
  );
}

/** The offer that somebody who looks for this would make: he then is its maker. */
function made(search: BookSearch, pair: Pair): MakingSearch {
  const { amount, unit, method } = search;
  return {
    direction: search.direction ?? "buy",
    ...pair,
    ...(amount && { amount }),
    ...(unit && { unit }),
    ...(method && { method }),
  };
}

function SkeletonPage() {
  return (
    <div aria-busy="true">
      <p className="sr-only" role="status">
        <Trans>Reading the offers</Trans>
      </p>
      <div className="skeleton h-10 w-72 max-w-full sm:h-12" />
      <div className="skeleton mt-3 h-6 w-56" />
      <div className="skeleton mt-6 h-56 sm:h-30" />
      <SkeletonRows />
    </div>
  );
}
