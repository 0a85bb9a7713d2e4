import { Trans, useLingui } from "@lingui/react/macro";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";

import { useSession, type Session } from "../../account/session.ts";
import type { Schema } from "../../api/client.ts";
import { methodsQuery } from "../../api/queries.ts";
import type { Format } from "../../language/format.ts";
import { Value } from "../../shell/Value.tsx";
import { balancesQuery } from "../../purse/queries.ts";
import type { Balance } from "../../trading/trader.ts";
import { scaled, unscaled } from "../decimals.ts";
import { Facts } from "../Facts.tsx";
import { OfferRow } from "../OfferRow.tsx";
import { saidBy, type Draft } from "./draft.ts";
import { listed } from "./listed.ts";
import { neededFor, priceOf, type Needed } from "./preview.ts";
import { followed } from "./PriceStep.tsx";

interface Props {
  draft: Draft;
  exchange: Schema["ExchangeBody"];
  format: Format;
  market: Schema["PriceDetailAnswer"] | null;
  /** The button that does it, and what failed of it. */
  children: ReactNode;
}

/** The offer as takers will see it, and what it asks of its maker. */
export function Review({ draft, exchange, format, market, children }: Props) {
  const { i18n } = useLingui();
  const session = useSession();
  const methods = useQuery(methodsQuery(draft.currency, i18n.locale));
  const balance = useBalance(session, draft);
  const price = priceOf(draft, followed(draft, market));
  const said = saidBy(draft);
  const needed = (amount: string) =>
    draft.direction === "sell" ? neededFor(amount, draft, price, exchange) : null;
  const all = needed(said.total_amount);
  const decimals = exchange.assets.find(({ code }) => code === draft.asset)?.decimals ?? 18;
  const funded = all !== null && balance != null && balance.deposited >= scaled(all.both, decimals);
  const windows = draft.methods.map((code) => methods.data?.get(code)?.payment_window_s ?? 0);
  const shown = listed(draft, {
    maker: session?.account ?? { id: "00000000", name: null },
    price,
    market: market?.price ?? null,
    paymentS: Math.max(...windows),
    funded,
  });
  return (
    <>
      {shown.price !== null && (
        <div className="card">
          <p className="text-13 text-soft">
            <Trans>In the book, at the prices of this moment</Trans>
          </p>
          {/* A picture of a row: what it says is told below, and its button leads nowhere yet. */}
          <ol inert className="mt-1 -mb-4">
            <OfferRow
              offer={{ ...shown, price: shown.price }}
              search={{}}
              methods={methods.data}
              format={format}
            />
          </ol>
        </div>
      )}
      <div className="mt-8 grid grid-cols-[minmax(0,1fr)] items-start gap-8 lg:grid-cols-[minmax(0,1fr)_minmax(0,1.1fr)]">
        <section className="card lg:order-2" aria-labelledby="what-follows">
          <h3 id="what-follows" className="text-20 font-semibold">
            <Trans>What it asks of you</Trans>
          </h3>
          {draft.direction === "buy" ? (
            <p className="mt-2">
              <Trans>
                Nothing now. When somebody takes it he locks the coins, and then you have{" "}
                <Value>{format.duration(shown.payment_window_s)}</Value> to pay him.
              </Trans>
            </p>
          ) : (
            <Locks
              most={needed(said.max_amount)}
              all={all}
              balance={balance}
              draft={draft}
              exchange={exchange}
              format={format}
              decimals={decimals}
            />
          )}
          {children}
        </section>
        <Facts offer={shown} exchange={exchange} methods={methods.data} format={format} />
      </div>
    </>
  );
}

/** What the reader's wallet has of a draft's coin; null while it is not known. */
function useBalance(session: Session | null, draft: Draft): Balance | null {
  const balances = useQuery({
    ...balancesQuery(session?.wallet ?? ""),
    enabled: session !== null && draft.direction === "sell",
  });
  return balances.data?.find(({ asset }) => asset === draft.asset) ?? null;
}

interface LocksProps {
  most: Needed | null;
  all: Needed | null;
  balance: Balance | null;
  draft: Draft;
  exchange: Schema["ExchangeBody"];
  format: Format;
  decimals: number;
}

function Locks({ most, all, balance, draft, exchange, format, decimals }: LocksProps) {
  const { asset } = draft;
  const coins = (amount: string) => format.coins(amount, asset);
  const has = (units: bigint) => coins(unscaled(units, decimals));
  const both = balance && balance.wallet + balance.deposited;
  const lockTime = format.duration(Number(draft.fundingS));
  const fee = format.percent(exchange.fee_bps);
  return (
    <>
      <p className="mt-2">
        {exchange.fee_bps === 0 ? (
          <Trans>
            Nothing now. For each trade you lock its coins in the contract, within{" "}
            <Value>{lockTime}</Value> after somebody takes it. There is no fee.
          </Trans>
        ) : (
          <Trans>
            Nothing now. For each trade you lock its coins in the contract, with a fee of{" "}
            <Value>{fee}</Value> on top, within <Value>{lockTime}</Value> after somebody takes it.
          </Trans>
        )}
      </p>
      {most && all && (
        <dl className="figures mt-3 grid grid-cols-[auto_1fr] gap-x-6 gap-y-1">
          <dt className="text-soft">
            <Trans>For the largest trade</Trans>
          </dt>
          <dd>
            <CoinsAndFee coins={coins(most.coins)} fee={exchange.fee_bps && coins(most.fee)} />
          </dd>
          <dt className="text-soft">
            <Trans>For all of it</Trans>
          </dt>
          <dd>
            <CoinsAndFee coins={coins(all.coins)} fee={exchange.fee_bps && coins(all.fee)} />
          </dd>
        </dl>
      )}
      {balance && both !== null && (
        <p className="mt-3">
          <Trans>
            You have <Value>{has(balance.wallet)}</Value> in your wallet and{" "}
            <Value>{has(balance.deposited)}</Value> in the contract.
          </Trans>
        </p>
      )}
      {balance && both !== null && most && both < scaled(most.both, decimals) && (
        <p className="bg-wait-wash text-wait rounded-control mt-3 px-4 py-3">
          <Trans>
            That is less than the largest trade needs. Who does not lock in time misses the trade,
            and after two in a row his offers pause.
          </Trans>
        </p>
      )}
      {balance && all && (
        <p className="text-soft mt-3">
          {balance.deposited >= scaled(all.both, decimals) ? (
            <Trans>
              Your deposit covers all of it: takers see that the coins are in the contract.
            </Trans>
          ) : (
            <Trans>
              With a deposit of <Value>{coins(all.both)}</Value> takers would see that the coins are
              in the contract. It stays yours, and you can draw it at any moment.
            </Trans>
          )}{" "}
          <Link to="/wallet" className="link">
            <Trans>Your wallet</Trans>
          </Link>
        </p>
      )}
      <p className="text-13 text-soft mt-3">
        <Trans>A preview, at the prices of this moment.</Trans>
      </p>
    </>
  );
}

/** What is locked of a coin, and the fee if there is one. */
function CoinsAndFee({ coins, fee }: { coins: string; fee: string | 0 }) {
  return fee === 0 ? (
    <Value>{coins}</Value>
  ) : (
    <Trans>
      <Value>{coins}</Value> and <Value>{fee}</Value> fee
    </Trans>
  );
}
