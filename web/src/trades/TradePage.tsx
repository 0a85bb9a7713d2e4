import { Trans } from "@lingui/react/macro";
import { useQuery } from "@tanstack/react-query";
import { Link, useParams } from "@tanstack/react-router";
import { useState } from "react";

import { ProblemError, type Schema } from "../api/client.ts";
import { exchangeQuery } from "../api/queries.ts";
import { useFormat } from "../language/format.ts";
import { Failure } from "../shell/Failure.tsx";
import { NotFound } from "../shell/NotFound.tsx";
import { Title } from "../shell/Title.tsx";
import { Value } from "../shell/Value.tsx";
import type { Trade } from "../trading/trader.ts";
import type { VerificationFailed } from "../verify/errors.ts";
import { ActionCard } from "./ActionCard.tsx";
import { EscrowCard } from "./EscrowCard.tsx";
import { factsOf } from "./facts.ts";
import { History } from "./History.tsx";
import { Mismatch } from "./Mismatch.tsx";
import { isMismatch } from "./mismatches.tsx";
import { Partner } from "./Partner.tsx";
import { escrowQuery, tradeQuery } from "./queries.ts";
import { SignedIn } from "./SignedIn.tsx";
import { Steps } from "./Steps.tsx";
import { faceOf } from "./table.ts";
import { useAct } from "./useAct.ts";
import { TradeName, useTradeName } from "./words.tsx";

const NOWHERE = new Set([404, 422]);

/** One trade: where it stands, and the one next thing to do. */
export function TradePage() {
  return <SignedIn>{() => <Read />}</SignedIn>;
}

function Read() {
  const { tradeId } = useParams({ from: "/trades/$tradeId" });
  const exchange = useQuery(exchangeQuery);
  const trade = useQuery(tradeQuery(tradeId));
  const error = (trade.data === undefined && trade.error) || (!exchange.data && exchange.error);
  if (error instanceof ProblemError && NOWHERE.has(error.status)) {
    return <NotFound />;
  }
  if (isMismatch(error)) {
    return (
      <div className="mt-6">
        <Mismatch tradeId={tradeId} error={error} again={() => void trade.refetch()} />
      </div>
    );
  }
  if (error) {
    return (
      <Failure
        error={error}
        retry={() => {
          void exchange.refetch();
          void trade.refetch();
        }}
      />
    );
  }
  if (!trade.data || !exchange.data) {
    return <Skeleton />;
  }
  return (
    <Shown
      key={tradeId}
      trade={trade.data}
      exchange={exchange.data}
      oldSince={trade.isError || trade.isPaused ? trade.dataUpdatedAt : null}
      offline={trade.isPaused}
      retry={() => void trade.refetch()}
    />
  );
}

interface ShownProps {
  trade: Trade;
  exchange: Schema["ExchangeBody"];
  /** When it was read, where it could not be read again since. */
  oldSince: number | null;
  /** This device has no network: nothing can be done. */
  offline: boolean;
  retry: () => void;
}

function Shown({ trade, exchange, oldSince, offline, retry }: ShownProps) {
  const format = useFormat(exchange.currencies);
  const facts = factsOf(trade, format);
  const name = useTradeName(facts);
  const face = faceOf(facts);
  const escrow = useQuery(escrowQuery(trade));
  const [mismatch, setMismatch] = useState<VerificationFailed | null>(null);
  const acting = useAct(trade, setMismatch);
  const lie = mismatch ?? (isMismatch(escrow.error) ? escrow.error : null);
  const forged = escrow.data && (!escrow.data.idMatches || !escrow.data.codeKnown);
  return (
    <>
      <p>
        <Link to="/trades" className="link inline-flex min-h-11 items-center">
          <Trans>All trades</Trans>
        </Link>
      </p>
      <Title name={name}>
        <TradeName facts={facts} />
      </Title>
      {oldSince !== null && (
        <div
          role="status"
          className="bg-wait-wash text-wait rounded-control mt-4 flex flex-wrap items-center gap-x-4 px-4 py-2"
        >
          <p>
            <Trans>
              The exchange is out of reach. This is what it said at{" "}
              <Value>{format.moment(new Date(oldSince).toISOString())}</Value>.
            </Trans>
          </p>
          <button type="button" className="link min-h-11" onClick={retry}>
            <Trans>Try again</Trans>
          </button>
        </div>
      )}
      {face.step !== null && (
        <div className="mt-6">
          <Steps facts={facts} step={face.step} />
        </div>
      )}
      <div className="mt-6 grid grid-cols-[minmax(0,1fr)] items-start gap-6 lg:grid-cols-[minmax(0,1.4fr)_minmax(0,1fr)]">
        <div className="grid gap-6">
          {lie || forged ? (
            <Mismatch
              tradeId={trade.id}
              error={lie}
              again={() => {
                setMismatch(null);
                retry();
                void escrow.refetch();
              }}
            />
          ) : (
            !offline && <ActionCard facts={facts} acting={acting} />
          )}
          <History facts={facts} />
        </div>
        <div className="grid gap-6">
          <EscrowCard facts={facts} />
          <Partner facts={facts} />
        </div>
      </div>
    </>
  );
}

function Skeleton() {
  return (
    <div aria-busy="true">
      <p className="sr-only" role="status">
        <Trans>Reading the trade</Trans>
      </p>
      <div className="skeleton mt-11 h-12 w-96 max-w-full" />
      <div className="skeleton mt-6 h-8" />
      <div className="mt-6 grid gap-6 lg:grid-cols-[minmax(0,1.4fr)_minmax(0,1fr)]">
        <div className="skeleton h-72" />
        <div className="skeleton h-96" />
      </div>
    </div>
  );
}
