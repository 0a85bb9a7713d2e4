import { Trans, useLingui } from "@lingui/react/macro";
import { useQuery } from "@tanstack/react-query";
import { Link, useParams, useSearch } from "@tanstack/react-router";

import { ProblemError, type Schema } from "../api/client.ts";
import { exchangeQuery, methodsQuery } from "../api/queries.ts";
import { useFormat, type Format } from "../language/format.ts";
import { useLive } from "../live/useLive.ts";
import { Failure } from "../shell/Failure.tsx";
import { NotFound } from "../shell/NotFound.tsx";
import { Title } from "../shell/Title.tsx";
import { Value } from "../shell/Value.tsx";
import { Facts } from "./Facts.tsx";
import { Maker } from "./Maker.tsx";
import { PriceWords } from "./PriceWords.tsx";
import { offerQuery } from "./queries.ts";
import type { OfferSearch } from "./taking/search.ts";
import { TakeCard } from "./taking/TakeCard.tsx";

const NOWHERE = new Set([404, 422]);

/** One offer: its terms, what an amount costs, and how it is taken. */
export function OfferPage() {
  const { offerId } = useParams({ from: "/offers/$offerId" });
  const search = useSearch({ from: "/offers/$offerId" });
  const exchange = useQuery(exchangeQuery);
  const offer = useQuery(offerQuery(offerId, search.link));
  const error = offer.error ?? exchange.error;
  if (error instanceof ProblemError && NOWHERE.has(error.status)) {
    return <NotFound />;
  }
  if (error) {
    return (
      <Failure
        error={error}
        retry={() => {
          void exchange.refetch();
          void offer.refetch();
        }}
      />
    );
  }
  if (!offer.data || !exchange.data) {
    return <Skeleton />;
  }
  return <Offer key={offerId} offer={offer.data} exchange={exchange.data} search={search} />;
}

interface OfferProps {
  offer: Schema["OfferAnswer"];
  exchange: Schema["ExchangeBody"];
  search: OfferSearch;
}

function Offer({ offer, exchange, search }: OfferProps) {
  const { i18n } = useLingui();
  const format = useFormat(exchange.currencies);
  const methods = useQuery(methodsQuery(offer.currency, i18n.locale));
  useLive(offer);
  return (
    <>
      <p>
        <Link
          to="/"
          search={{
            asset: offer.asset,
            currency: offer.currency,
            ...(offer.direction === "buy" && { direction: "sell" as const }),
          }}
          className="link inline-flex min-h-11 items-center"
        >
          <Trans>All offers</Trans>
        </Link>
      </p>
      <Heading offer={offer} />
      <div className="mt-4 flex flex-wrap items-center gap-x-8 gap-y-4">
        <Maker maker={offer.maker} online={null} />
        <Price offer={offer} format={format} />
      </div>
      {offer.state !== "active" && <NotActive state={offer.state} />}
      <div className="mt-8 grid grid-cols-[minmax(0,1fr)] items-start gap-8 lg:grid-cols-[minmax(0,1fr)_minmax(0,1.1fr)]">
        <div className="lg:order-2">
          <TakeCard
            offer={offer}
            exchange={exchange}
            methods={methods.data}
            search={search}
            format={format}
          />
        </div>
        <Facts offer={offer} exchange={exchange} methods={methods.data} format={format} />
      </div>
    </>
  );
}

function Heading({ offer }: { offer: Schema["OfferAnswer"] }) {
  const { t } = useLingui();
  const { asset, currency } = offer;
  if (offer.direction === "sell") {
    return (
      <Title name={t`Buy ${asset} for ${currency}`}>
        <Trans>
          Buy <Value>{asset}</Value> for <Value>{currency}</Value>
        </Trans>
      </Title>
    );
  }
  return (
    <Title name={t`Sell ${asset} for ${currency}`}>
      <Trans>
        Sell <Value>{asset}</Value> for <Value>{currency}</Value>
      </Trans>
    </Title>
  );
}

function Price({ offer, format }: { offer: Schema["OfferAnswer"]; format: Format }) {
  if (offer.price == null) {
    return (
      <p className="bg-wait-wash text-wait rounded-control px-3 py-2">
        <Trans>It follows the market, which has no fresh price now.</Trans>
      </p>
    );
  }
  return (
    <p className="flex flex-wrap items-baseline gap-x-3">
      <span className="text-20 figures font-semibold">
        <Value>{format.price(offer.price, offer.currency)}</Value>
      </span>
      {offer.premium_bps != null && (
        <PriceWords
          premiumBps={offer.premium_bps}
          viewer={offer.direction === "sell" ? "buy" : "sell"}
          format={format}
        />
      )}
    </p>
  );
}

function NotActive({ state }: { state: Schema["OfferAnswer"]["state"] }) {
  return (
    <p role="status" className="bg-wait-wash text-wait rounded-control mt-4 px-4 py-3 font-medium">
      {state === "paused" ? (
        <Trans>Its maker has paused this offer: it cannot be taken now.</Trans>
      ) : (
        <Trans>This offer is closed: it cannot be taken any more.</Trans>
      )}
    </p>
  );
}

function Skeleton() {
  return (
    <div aria-busy="true">
      <p className="sr-only" role="status">
        <Trans>Reading the offer</Trans>
      </p>
      <div className="skeleton mt-11 h-12 w-80 max-w-full" />
      <div className="skeleton mt-4 h-11 w-64" />
      <div className="mt-8 grid gap-8 lg:grid-cols-2">
        <div className="skeleton h-96 lg:order-2" />
        <div className="skeleton h-96" />
      </div>
    </div>
  );
}
