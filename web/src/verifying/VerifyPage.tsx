import { Trans, useLingui } from "@lingui/react/macro";
import { useQuery } from "@tanstack/react-query";
import { Link, useParams } from "@tanstack/react-router";

import type { Session } from "../account/session.ts";
import { ProblemError, type Schema } from "../api/client.ts";
import { exchangeQuery } from "../api/queries.ts";
import { useFormat } from "../language/format.ts";
import { Copyable } from "../shell/Copyable.tsx";
import { Failure } from "../shell/Failure.tsx";
import { NotFound } from "../shell/NotFound.tsx";
import { Title } from "../shell/Title.tsx";
import { Value } from "../shell/Value.tsx";
import { checksOf } from "../trades/checks.ts";
import { isMismatch, mismatchWords } from "../trades/mismatches.tsx";
import { escrowQuery, tradeQuery } from "../trades/queries.ts";
import { SignedIn } from "../trades/SignedIn.tsx";
import type { Trade } from "../trading/trader.ts";
import { CheckLine } from "./CheckLine.tsx";
import { commandsOf } from "./commands.ts";

const NOWHERE = new Set([404, 422]);

/** What a trade rests on, each held against the chain, and how one does it without this page. */
export function VerifyPage() {
  const { t } = useLingui();
  return (
    <SignedIn>
      {(session) => (
        <>
          <Back />
          <Title name={t`Check this trade`}>
            <Trans>Check this trade</Trans>
          </Title>
          <p className="text-17 text-soft mt-3 max-w-prose">
            <Trans>
              Believe nobody: this page holds what the exchange says against the chain, and you can
              do the same without it.
            </Trans>
          </p>
          <Read session={session} />
        </>
      )}
    </SignedIn>
  );
}

function Back() {
  const { tradeId } = useParams({ from: "/verify/$tradeId" });
  return (
    <p>
      <Link
        to="/trades/$tradeId"
        params={{ tradeId }}
        className="link inline-flex min-h-11 items-center"
      >
        <Trans>Back to the trade</Trans>
      </Link>
    </p>
  );
}

function Read({ session }: { session: Session }) {
  const { tradeId } = useParams({ from: "/verify/$tradeId" });
  const exchange = useQuery(exchangeQuery);
  const trade = useQuery(tradeQuery(tradeId));
  const error = trade.error ?? exchange.error;
  if (error instanceof ProblemError && NOWHERE.has(error.status)) {
    return <NotFound />;
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
    return <div className="skeleton mt-8 h-96" aria-busy="true" />;
  }
  return <Checked trade={trade.data} exchange={exchange.data} wallet={session.wallet} />;
}

interface CheckedProps {
  trade: Trade;
  exchange: Schema["ExchangeBody"];
  wallet: string;
}

function Checked({ trade, exchange, wallet }: CheckedProps) {
  const { t } = useLingui();
  const format = useFormat(exchange.currencies);
  const escrow = useQuery(escrowQuery(trade));
  const again = useQuery(tradeQuery(trade.id));
  const seen = escrow.data;
  const checks = seen && checksOf({ trade, seen, exchange, wallet });
  const wrong = checks?.filter((check) => check.verdict === "wrong").length ?? 0;
  const behind = checks?.some((check) => check.verdict === "wait") ?? false;
  const busy = escrow.isFetching || again.isFetching;
  const commands = commandsOf(trade);
  return (
    <>
      <section aria-labelledby="checks" className="mt-8">
        <h2 id="checks" className="text-20 font-semibold">
          <Trans>What is checked</Trans>
        </h2>
        <div role="status" className="mt-2">
          {escrow.isError ? (
            <p className="text-stop">
              {isMismatch(escrow.error) ? (
                mismatchWords(escrow.error)
              ) : (
                <Trans>The chain could not be read. The coins are not affected.</Trans>
              )}
            </p>
          ) : seen === undefined ? (
            <p aria-busy="true">
              <Trans>Reading the chain</Trans>
            </p>
          ) : wrong > 0 ? (
            <p className="bg-stop-wash text-stop rounded-control px-4 py-3 font-semibold">
              <Trans>Something does not match. Do not pay, and do not release.</Trans>
            </p>
          ) : behind ? (
            <p className="bg-wait-wash text-wait rounded-control px-4 py-3 font-semibold">
              <Trans>Nothing contradicts. What waits for the chain is marked below.</Trans>
            </p>
          ) : (
            <p className="bg-safe-wash text-safe rounded-control px-4 py-3 font-semibold">
              <Trans>Everything matches.</Trans>
            </p>
          )}
          {seen && (
            <p className="text-13 text-soft mt-2">
              {seen.witness === "own" ? (
                <Trans>
                  Witness: your own node, at block <Value>{format.count(seen.blockNumber)}</Value>{" "}
                  of <Value>{format.time(new Date(seen.blockTime * 1_000).toISOString())}</Value>.
                </Trans>
              ) : (
                <Trans>
                  Witness: this exchange’s node, at block{" "}
                  <Value>{format.count(seen.blockNumber)}</Value> of{" "}
                  <Value>{format.time(new Date(seen.blockTime * 1_000).toISOString())}</Value>. For
                  another one, name a node of your own in the settings.
                </Trans>
              )}
            </p>
          )}
        </div>
        <button
          type="button"
          className="button button-main mt-4"
          aria-disabled={busy}
          onClick={() => {
            if (!busy) {
              void again.refetch().then(() => escrow.refetch());
            }
          }}
        >
          {busy ? <Trans>One moment…</Trans> : <Trans>Check now</Trans>}
        </button>
        {checks && (
          <ul className="border-line mt-6 border-t">
            {checks.map((check) => (
              <CheckLine key={check.name} check={check} format={format} />
            ))}
          </ul>
        )}
      </section>
      <Terms trade={trade} />
      {commands !== null && (
        <section aria-labelledby="commands" className="mt-8">
          <h2 id="commands" className="text-20 font-semibold">
            <Trans>Without this page</Trans>
          </h2>
          <p className="text-soft mt-1 mb-3 max-w-prose">
            <Trans>
              These ask a node that you choose, in its first line. They need nothing but Foundry’s{" "}
              <Value>cast</Value>.
            </Trans>
          </p>
          <Copyable text={commands} label={t`Commands that check this trade`} />
        </section>
      )}
    </>
  );
}

/** The terms word by word, in the order in which the contract hashes them. */
function Terms({ trade }: { trade: Trade }) {
  return (
    <details className="card mt-8">
      <summary className="text-17 min-h-11 cursor-pointer py-2.5 font-semibold">
        <Trans>The terms, as the contract hashes them</Trans>
      </summary>
      <dl dir="ltr" translate="no" className="text-13 mt-2 font-mono">
        {Object.entries(trade.escrow.terms).map(([name, value]) => (
          <div
            key={name}
            className="border-line grid gap-x-4 border-t py-2 sm:grid-cols-[12rem_1fr]"
          >
            <dt className="text-soft">{name}</dt>
            <dd className="wrap-anywhere">{String(value)}</dd>
          </div>
        ))}
      </dl>
    </details>
  );
}
