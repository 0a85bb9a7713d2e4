import { Trans, useLingui } from "@lingui/react/macro";
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";

import { exchangeQuery } from "../api/queries.ts";
import { useFormat } from "../language/format.ts";
import { AsOf } from "../offline/AsOf.tsx";
import { Failure } from "../shell/Failure.tsx";
import { Title } from "../shell/Title.tsx";
import { ExportTrades } from "./ExportTrades.tsx";
import { factsOf, type Facts } from "./facts.ts";
import { isOver, openTradesQuery, tradesQuery } from "./queries.ts";
import { SignedIn } from "./SignedIn.tsx";
import { isMine } from "./table.ts";
import { TradeRow } from "./TradeRow.tsx";

/** All trades of who is signed in: what needs him first. */
export function TradesPage() {
  const { t } = useLingui();
  return (
    <SignedIn>
      {() => (
        <>
          <Title name={t`Your trades`}>
            <Trans>Your trades</Trans>
          </Title>
          <Read />
        </>
      )}
    </SignedIn>
  );
}

function Read() {
  const exchange = useQuery(exchangeQuery);
  const trades = useInfiniteQuery(tradesQuery);
  const format = useFormat(exchange.data?.currencies);
  const pages = trades.data?.pages;
  // One page is nearly everybody's all; where there are more, an old trade may still be open.
  const more = pages?.[0]?.next_cursor != null;
  const open = useQuery({ ...openTradesQuery, enabled: more });
  const error = (!pages && trades.error) || (more && !open.data && open.error);
  if (error) {
    return (
      <Failure
        error={error}
        retry={() => {
          void trades.refetch();
          void open.refetch();
        }}
      />
    );
  }
  if (!pages || (more && !open.data) || exchange.isPending) {
    return <Skeleton />;
  }
  const all = pages.flatMap((page) => page.data);
  const going = (more ? (open.data ?? []) : all.filter((trade) => !isOver(trade))).map((trade) =>
    factsOf(trade, format),
  );
  const done = all.filter(isOver).map((trade) => factsOf(trade, format));
  if (all.length === 0) {
    return <Empty />;
  }
  return (
    <>
      {(trades.isError || trades.isPaused) && <AsOf at={trades.dataUpdatedAt} />}
      <Lists going={going} />
      <List name={<Trans>Done</Trans>} id="done" empty={<Trans>None has ended yet.</Trans>}>
        {done.map((facts) => (
          <TradeRow key={facts.trade.id} facts={facts} main={false} />
        ))}
      </List>
      {trades.hasNextPage && (
        <button
          type="button"
          className="button button-quiet mt-4"
          aria-disabled={trades.isFetchingNextPage}
          onClick={() => {
            if (!trades.isFetchingNextPage) {
              void trades.fetchNextPage();
            }
          }}
        >
          {trades.isFetchingNextPage ? (
            <Trans>One moment…</Trans>
          ) : (
            <Trans>Show earlier trades</Trans>
          )}
        </button>
      )}
      {trades.isFetchNextPageError && (
        <p role="alert" className="text-stop mt-2">
          <Trans>It could not be read.</Trans>
        </p>
      )}
      <ExportTrades />
    </>
  );
}

/** Those that go on: what needs the viewer, by what is over first, and what waits for others. */
function Lists({ going }: { going: readonly Facts[] }) {
  const mine = going.filter(isMine).toSorted(byDeadline);
  const others = going.filter((facts) => !isMine(facts)).toSorted(byDeadline);
  return (
    <>
      <List name={<Trans>Your move</Trans>} id="mine" empty={<Trans>Nothing needs you now.</Trans>}>
        {mine.map((facts, index) => (
          <TradeRow key={facts.trade.id} facts={facts} main={index === 0} />
        ))}
      </List>
      <List
        name={<Trans>Waiting for others</Trans>}
        id="others"
        empty={<Trans>No trade waits for somebody else.</Trans>}
      >
        {others.map((facts) => (
          <TradeRow key={facts.trade.id} facts={facts} main={false} />
        ))}
      </List>
    </>
  );
}

const deadline = ({ trade }: Facts) =>
  trade.viewer.deadline_at === null ? Infinity : Date.parse(trade.viewer.deadline_at);

function byDeadline(one: Facts, other: Facts): number {
  const [first, second] = [deadline(one), deadline(other)];
  return first === second ? 0 : first < second ? -1 : 1;
}

interface ListProps {
  name: ReactNode;
  id: string;
  empty: ReactNode;
  children: readonly ReactNode[];
}

function List({ name, id, empty, children }: ListProps) {
  return (
    <section aria-labelledby={id} className="mt-8">
      <h2 id={id} className="text-20 font-semibold">
        {name}
      </h2>
      {children.length === 0 ? (
        <p className="text-soft mt-2">{empty}</p>
      ) : (
        <ul className="border-line mt-2 border-t">{children}</ul>
      )}
    </section>
  );
}

function Empty() {
  return (
    <div className="border-line mt-8 border-t py-8">
      <p className="text-17">
        <Trans>
          You have no trades yet. One begins when you take an offer, or somebody takes yours.
        </Trans>
      </p>
      <Link to="/" className="button button-main mt-6">
        <Trans>See all offers</Trans>
      </Link>
    </div>
  );
}

function Skeleton() {
  return (
    <div aria-busy="true" className="mt-8">
      <p className="sr-only" role="status">
        <Trans>Reading your trades</Trans>
      </p>
      {Array.from({ length: 4 }, (_, row) => (
        <div key={row} className="border-line flex h-36 items-center gap-4 border-b sm:h-20">
          <div className="skeleton h-5 grow" />
          <div className="skeleton h-11 w-32" />
        </div>
      ))}
    </div>
  );
}
