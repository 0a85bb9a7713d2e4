import { Trans, useLingui } from "@lingui/react/macro";
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { Link, useSearch } from "@tanstack/react-router";
import type { ReactNode } from "react";

import { useSession } from "../../account/session.ts";
import type { Schema } from "../../api/client.ts";
import { exchangeQuery } from "../../api/queries.ts";
import { useFormat, type Format } from "../../language/format.ts";
import { Failure } from "../../shell/Failure.tsx";
import { SignInFirst } from "../../shell/SignInFirst.tsx";
import { Title } from "../../shell/Title.tsx";
import { OwnRow } from "./OwnRow.tsx";
import { myOffersQuery, type Own } from "./queries.ts";

/** The reader's own offers: those that can be taken, those that rest, those that are over. */
export function MyOffersPage() {
  const { t } = useLingui();
  const session = useSession();
  const { published } = useSearch({ from: "/my/offers" });
  const exchange = useQuery(exchangeQuery);
  return (
    <>
      <div className="flex flex-wrap items-end justify-between gap-4">
        <Title name={t`My offers`}>
          <Trans>My offers</Trans>
        </Title>
        <Link to="/offers/new" className="button button-main">
          <Trans>Create an offer</Trans>
        </Link>
      </div>
      <div role="status">
        {published && (
          <p className="bg-brand-wash rounded-control mt-4 px-4 py-3">
            <Trans>Your offer is published.</Trans>
          </p>
        )}
      </div>
      {session === null ? (
        <SignInFirst>
          <Trans>Your offers belong to your account here.</Trans>
        </SignInFirst>
      ) : (
        <Offers key={session.account.id} exchange={exchange.data} />
      )}
    </>
  );
}

function Offers({ exchange }: { exchange: Schema["ExchangeBody"] | undefined }) {
  const format = useFormat(exchange?.currencies);
  const mine = useInfiniteQuery(myOffersQuery);
  if (mine.isError) {
    return <Failure error={mine.error} retry={() => void mine.refetch()} />;
  }
  if (mine.data === undefined) {
    return <Skeleton />;
  }
  const offers = mine.data.pages.flatMap((page) => page.data);
  const of = (state: Own["state"]) => offers.filter((offer) => offer.state === state);
  return (
    <>
      {offers.length === 0 && (
        <div className="border-line mt-6 border-y py-12 text-center">
          <p className="text-20 font-semibold">
            <Trans>You have made no offers yet</Trans>
          </p>
          <p className="text-soft mx-auto mt-2 max-w-prose">
            <Trans>
              An offer says at which price and by which payment methods you trade. Others take it,
              and you hear of it.
            </Trans>
          </p>
        </div>
      )}
      <Group name={<Trans>Live</Trans>} offers={of("active")} format={format} />
      <Group name={<Trans>Paused</Trans>} offers={of("paused")} format={format} />
      <Group name={<Trans>Closed</Trans>} offers={of("closed")} format={format} />
      {mine.hasNextPage && (
        <button
          type="button"
          className="button button-quiet mx-auto mt-6 flex"
          disabled={mine.isFetchingNextPage}
          onClick={() => void mine.fetchNextPage()}
        >
          {mine.isFetchingNextPage ? <Trans>Reading more…</Trans> : <Trans>Show more offers</Trans>}
        </button>
      )}
    </>
  );
}

interface GroupProps {
  name: ReactNode;
  offers: readonly Own[];
  format: Format;
}

function Group({ name, offers, format }: GroupProps) {
  if (offers.length === 0) {
    return null;
  }
  return (
    <section className="mt-8">
      <h2 className="text-20 font-semibold">{name}</h2>
      <ul className="border-line mt-2 border-t">
        {offers.map((offer) => (
          <OwnRow key={offer.id} offer={offer} format={format} />
        ))}
      </ul>
    </section>
  );
}

function Skeleton() {
  return (
    <div aria-busy="true" className="mt-8 grid gap-4">
      <p className="sr-only" role="status">
        <Trans>Reading the offers</Trans>
      </p>
      <div className="skeleton h-32" />
      <div className="skeleton h-32" />
    </div>
  );
}
