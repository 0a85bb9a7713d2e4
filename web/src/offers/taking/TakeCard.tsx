import { Trans } from "@lingui/react/macro";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useEffect, useState } from "react";

import { useSession } from "../../account/session.ts";
import { useSigner } from "../../account/signing.tsx";
import { ProblemError, type Schema } from "../../api/client.ts";
import { problemOf } from "../../api/problems.ts";
import { useAction } from "../../api/useAction.ts";
import type { Format } from "../../language/format.ts";
import { Failure } from "../../shell/Failure.tsx";
import { StartLink } from "../../shell/SignInFirst.tsx";
import type { Taking } from "../../trading/trader.ts";
import { isWithin } from "../decimals.ts";
import type { Methods } from "../OfferRow.tsx";
import { quoteQuery } from "../queries.ts";
import { isAmount, typedAmount } from "../search.ts";
import { ByCommandLine } from "./ByCommandLine.tsx";
import { commands } from "./commands.ts";
import { Held } from "./Held.tsx";
import { Left } from "./Left.tsx";
import { obstacleOf, ObstacleWords } from "./Obstacle.tsx";
import type { OfferSearch } from "./search.ts";
import { Sums } from "./Sums.tsx";
import { TakeReview } from "./TakeReview.tsx";
import { useSecondsLeft } from "./useSecondsLeft.ts";
import { Wanted, type WantedSums } from "./Wanted.tsx";
import { Warnings } from "./Warnings.tsx";

/** Long enough that a number is typed to its end. */
const TYPING_MS = 350;

type Quote = Schema["OffersQuoteAnswer"];

interface Props {
  offer: Schema["OfferAnswer"];
  exchange: Schema["ExchangeBody"];
  methods: Methods | undefined;
  search: OfferSearch;
  format: Format;
}

/** What an amount costs at a price that is held, and the way to take the offer for it. */
export function TakeCard({ offer, exchange, methods, search, format }: Props) {
  const { link } = search;
  const session = useSession();
  const [wanted, setWanted] = useState<WantedSums>(() => ({
    text: search.amount ?? "",
    unit: search.unit ?? "currency",
    method:
      offer.payment_methods.find((code) => code === search.method) ??
      offer.payment_methods[0] ??
      "",
    country: "",
  }));
  const typed = typedAmount(wanted.text);
  const wrong = typed !== "" && !isAmount(typed);
  const settled = useSettled(wrong ? "" : typed);
  const quote = useQuery(quoteQuery(offer.id, settled, wanted.unit, link));
  const [accepted, setAccepted] = useState<Quote | null>(null);
  useKeptInAddress(settled, wanted);
  const taking = useTaking(offer, () => void quote.refetch());
  const obstacle = obstacleOf(offer, session, wanted.country);
  const buys = offer.direction === "sell";
  const ready = quote.data !== undefined && isWithin(offer, quote.data) && !quote.error;
  const asksCountry = offer.taker_countries.length > 0 && wanted.country === "";

  const take = (held: Quote) =>
    taking.run({
      method: wanted.method,
      ...(wanted.unit === "asset" ? { amount: settled } : { fiatAmount: settled }),
      quote: held,
      ...(link !== undefined && { link }),
      ...(offer.taker_countries.length > 0 && { country: wanted.country }),
    });
  return (
    <section aria-labelledby="quote" className="card">
      <h2 id="quote" className="text-20 font-semibold">
        {buys ? <Trans>What you pay and get</Trans> : <Trans>What you sell and get</Trans>}
      </h2>
      {taking.left !== null && session !== null ? (
        <Left
          offer={offer}
          pending={taking.pending}
          error={taking.error}
          format={format}
          findOut={() => taking.left !== null && taking.run(taking.left)}
          leave={taking.drop}
        />
      ) : accepted !== null && quote.data ? (
        <TakeReview
          offer={offer}
          exchange={exchange}
          method={methods?.get(wanted.method)?.name ?? wanted.method}
          accepted={accepted}
          quote={quote.data}
          asking={quote.isFetching}
          pending={taking.pending}
          error={taking.error}
          format={format}
          accept={() => setAccepted(quote.data)}
          again={() => void quote.refetch()}
          take={() => take(quote.data)}
          back={() => {
            taking.forget();
            setAccepted(null);
          }}
        />
      ) : (
        <>
          <Wanted
            offer={offer}
            methods={methods}
            format={format}
            wanted={wanted}
            wrong={wrong}
            change={(next) => setWanted({ ...wanted, ...next })}
          />
          <div aria-live="polite" aria-busy={quote.isFetching} className="mt-4 min-h-17">
            {quote.error ? (
              <Refused error={quote.error} retry={() => void quote.refetch()} />
            ) : quote.data && !ready ? (
              <OutOfLimits />
            ) : quote.data ? (
              <Sums offer={offer} quote={quote.data} format={format} />
            ) : (
              <p className="text-soft">
                <Trans>Write an amount to see what it comes to.</Trans>
              </p>
            )}
          </div>
          {ready && (
            <Hold
              offer={offer}
              quote={quote.data}
              format={format}
              again={() => void quote.refetch()}
            />
          )}
          <Warnings offer={offer} />
          <div className="mt-4">
            {obstacle !== null ? (
              <ObstacleWords obstacle={obstacle} offer={offer} format={format} />
            ) : session === null ? (
              <>
                <StartLink
                  className="button button-main"
                  then={pathOf(offer.id, settled, wanted, link)}
                >
                  <Trans>Open trade</Trans>
                </StartLink>
                <p className="text-13 text-soft mt-2">
                  <Trans>You sign in or get an account first, and come back to this amount.</Trans>
                </p>
              </>
            ) : (
              <button
                type="button"
                className="button button-main"
                disabled={!ready || asksCountry || quote.isFetching}
                onClick={() => setAccepted(quote.data ?? null)}
              >
                <Trans>Open trade</Trans>
              </button>
            )}
          </div>
        </>
      )}
      <ByCommandLine
        commands={commands({
          exchange: window.location.origin,
          offerId: offer.id,
          method: wanted.method,
          amount: settled === "" ? null : { value: settled, unit: wanted.unit },
          least: { value: offer.min_amount, unit: offer.amount_unit },
          link,
        })}
      />
    </section>
  );
}

/**
 * Takes the offer once. What was sent is kept until it is known what became of it, so that a page
 * that dies in between finds its trade instead of opening another.
 */
function useTaking(offer: Schema["OfferAnswer"], askAgain: () => void) {
  const openSigner = useSigner();
  const client = useQueryClient();
  const navigate = useNavigate();
  const session = useSession();
  return useAction<Taking>(
    async (taking, once) => {
      try {
        const { trader } = await openSigner();
        const trade = await trader.takeOffer(offer, taking, once);
        void client.invalidateQueries({ queryKey: ["account", "trades"] });
        void client.invalidateQueries({ queryKey: ["live"] });
        await navigate({ to: "/trades/$tradeId", params: { tradeId: trade.id } });
      } catch (error) {
        if (["hold-invalid", "price-moved"].includes(problemOf(error))) {
          askAgain();
        }
        throw error;
      }
    },
    session === null ? undefined : `take.${session.account.id}.${offer.id}`,
  );
}

/** Where a reader comes back to who signs in first: here, with what he wanted. */
function pathOf(
  offerId: string,
  amount: string,
  { unit, method }: WantedSums,
  link: string | undefined,
): string {
  const said = new URLSearchParams({
    ...(amount !== "" && { amount }),
    ...(unit === "asset" && { unit }),
    ...(method !== "" && { method }),
    ...(link !== undefined && { link }),
  });
  return `/offers/${offerId}${said.size > 0 ? `?${said}` : ""}`;
}

function useSettled(text: string): string {
  const [settled, setSettled] = useState(text);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(text), TYPING_MS);
    return () => clearTimeout(timer);
  }, [text]);
  return settled;
}

/** What is wanted stands in the address, so that a reload and a sign-in keep it. */
function useKeptInAddress(amount: string, { unit, method }: WantedSums): void {
  const navigate = useNavigate({ from: "/offers/$offerId" });
  useEffect(() => {
    void navigate({
      search: ({ link }) => ({
        ...(amount !== "" && { amount }),
        ...(unit === "asset" && { unit }),
        ...(method !== "" && { method }),
        ...(link !== undefined && { link }),
      }),
      replace: true,
      resetScroll: false,
    });
  }, [navigate, amount, unit, method]);
}

const OutOfLimits = () => (
  <p className="bg-wait-wash text-wait rounded-control px-4 py-3">
    <Trans>This amount is outside of the offer’s limits.</Trans>
  </p>
);

/** A refusal is no failure: the exchange says what the offer does not allow. */
function Refused({ error, retry }: { error: Error; retry: () => void }) {
  if (!(error instanceof ProblemError) || error.status >= 500 || error.status === 429) {
    return <Failure error={error} retry={retry} />;
  }
  if (problemOf(error) === "amount-out-of-range") {
    return <OutOfLimits />;
  }
  return (
    <p className="bg-wait-wash text-wait rounded-control px-4 py-3">
      <bdi lang="en" translate="no">
        {error.message}
      </bdi>
    </p>
  );
}

interface HoldProps {
  offer: Schema["OfferAnswer"];
  quote: Quote;
  format: Format;
  again: () => void;
}

function Hold({ offer, quote, format, again }: HoldProps) {
  const over = useSecondsLeft(quote.held_until) === 0;
  return over ? (
    <button type="button" className="link text-13 min-h-11" onClick={again}>
      <Trans>This price is not held any more: ask again</Trans>
    </button>
  ) : (
    <Held offer={offer} quote={quote} format={format} />
  );
}
