import { Trans, useLingui } from "@lingui/react/macro";
import { useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";

import { ProblemError, type Schema } from "../api/client.ts";
import type { Format } from "../language/format.ts";
import { usePassed } from "../live/useOnline.ts";
import { Copyable } from "../shell/Copyable.tsx";
import { Failure } from "../shell/Failure.tsx";
import { Value } from "../shell/Value.tsx";
import { isWithin } from "./decimals.ts";
import { Limits, type Methods } from "./OfferRow.tsx";
import { quoteQuery } from "./queries.ts";
import { isAmount, typedAmount } from "./search.ts";
import { commands } from "./taking.ts";

/** Long enough that a number is typed to its end. */
const TYPING_MS = 350;

interface Props {
  offer: Schema["OfferAnswer"];
  methods: Methods | undefined;
  amount: string;
  link: string | undefined;
  format: Format;
}

/** What an amount costs at a price that is held, and how one takes the offer for it. */
export function QuoteCard({ offer, methods, amount, link, format }: Props) {
  const { t } = useLingui();
  const [text, setText] = useState(amount);
  const [unit, setUnit] = useState<"currency" | "asset">("currency");
  const [method, setMethod] = useState(offer.payment_methods[0] ?? "");
  const typed = typedAmount(text);
  const wrong = typed !== "" && !isAmount(typed);
  const settled = useSettled(wrong ? "" : typed);
  const quote = useQuery(quoteQuery(offer.id, settled, unit, link));
  const buys = offer.direction === "sell";
  return (
    <section aria-labelledby="quote" className="card">
      <h2 id="quote" className="text-20 font-semibold">
        {buys ? <Trans>What you pay and get</Trans> : <Trans>What you sell and get</Trans>}
      </h2>
      <div className="mt-4 grid gap-4 sm:grid-cols-2">
        <div>
          <label htmlFor="amount" className="label">
            <Trans>Amount</Trans>
          </label>
          <div className="flex">
            <input
              id="amount"
              className="control figures w-full min-w-0 rounded-e-none"
              inputMode="decimal"
              autoComplete="off"
              maxLength={30}
              value={text}
              aria-invalid={wrong}
              aria-describedby="amount-limits"
              onChange={(event) => setText(event.target.value)}
            />
            <select
              className="control -ms-px rounded-s-none"
              aria-label={t`The amount is in`}
              translate="no"
              value={unit}
              onChange={(event) => setUnit(event.target.value === "asset" ? "asset" : "currency")}
            >
              <option value="currency">{offer.currency}</option>
              <option value="asset">{offer.asset}</option>
            </select>
          </div>
          <p id="amount-limits" className={`text-13 mt-1 ${wrong ? "text-stop" : "text-soft"}`}>
            {wrong ? (
              <Trans>Write a number, as 250 or 0.25.</Trans>
            ) : (
              <Limits offer={offer} format={format} />
            )}
          </p>
        </div>
        <label>
          <span className="label">
            <Trans>Payment method</Trans>
          </span>
          <select
            className="control w-full"
            translate="no"
            value={method}
            onChange={(event) => setMethod(event.target.value)}
          >
            {offer.payment_methods.map((code) => (
              <option key={code} value={code}>
                {methods?.get(code)?.name ?? code}
              </option>
            ))}
          </select>
        </label>
      </div>
      <div aria-live="polite" aria-busy={quote.isFetching} className="mt-4 min-h-24">
        {quote.error ? (
          <Refused error={quote.error} retry={() => void quote.refetch()} />
        ) : quote.data && !isWithin(offer, quote.data) ? (
          <OutOfLimits />
        ) : quote.data ? (
          <Quote
            offer={offer}
            quote={quote.data}
            format={format}
            again={() => void quote.refetch()}
          />
        ) : (
          <p className="text-soft">
            <Trans>Write an amount to see what it comes to.</Trans>
          </p>
        )}
      </div>
      <h3 className="text-17 border-line mt-4 border-t pt-5 font-semibold">
        <Trans>How to take this offer</Trans>
      </h3>
      <p className="text-soft mt-1 mb-3">
        <Trans>
          By the command line, which keeps your keys on your computer and checks what it signs. It
          makes a wallet and an account, then takes the offer.
        </Trans>
      </p>
      <Copyable
        label={t`Commands`}
        text={commands({
          exchange: window.location.origin,
          offerId: offer.id,
          method,
          amount: settled === "" ? null : { value: settled, unit },
          least: { value: offer.min_amount, unit: offer.amount_unit },
          link,
        })}
      />
      <p className="text-13 text-soft mt-3">
        <Trans>
          A program asks <Value>GET /v1/offers/…/quote</Value>, then <Value>POST /v1/trades</Value>:
          see the{" "}
          <a className="link" href="/docs#/trades/take_offer">
            API documents
          </a>
          .
        </Trans>
      </p>
    </section>
  );
}

function useSettled(text: string): string {
  const [settled, setSettled] = useState(text);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(text), TYPING_MS);
    return () => clearTimeout(timer);
  }, [text]);
  return settled;
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
  if (error.problem?.type.endsWith(":amount-out-of-range")) {
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

interface QuoteProps {
  offer: Schema["OfferAnswer"];
  quote: Schema["OffersQuoteAnswer"];
  format: Format;
  again: () => void;
}

function Quote({ offer, quote, format, again }: QuoteProps) {
  const over = usePassed(quote.held_until);
  const coins = format.coins(quote.amount, offer.asset);
  const money = format.money(quote.fiat_amount, offer.currency);
  const [give, get] = offer.direction === "sell" ? [money, coins] : [coins, money];
  return (
    <>
      <dl className="figures grid grid-cols-[auto_1fr] items-baseline gap-x-6 gap-y-1">
        <dt className="text-soft">
          {offer.direction === "sell" ? <Trans>You pay</Trans> : <Trans>You sell</Trans>}
        </dt>
        <dd className="text-20">
          <Value>{give}</Value>
        </dd>
        <dt className="text-soft">
          <Trans>You get</Trans>
        </dt>
        <dd className="text-20">
          <Value strong>{get}</Value>
        </dd>
      </dl>
      <p className="text-13 text-soft mt-2">
        {over ? (
          <button type="button" className="link min-h-11" onClick={again}>
            <Trans>This price is not held any more: ask again</Trans>
          </button>
        ) : (
          <Trans>
            At <Value>{format.price(quote.price, offer.currency)}</Value>, held for a minute. It
            reserves nothing.
          </Trans>
        )}
      </p>
    </>
  );
}
