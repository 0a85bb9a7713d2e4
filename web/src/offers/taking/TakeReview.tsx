import { Trans } from "@lingui/react/macro";
import { lazy, Suspense, useEffect, useRef } from "react";

import type { Schema } from "../../api/client.ts";
import type { Format } from "../../language/format.ts";
import { Value } from "../../shell/Value.tsx";
import { Held } from "./Held.tsx";
import { Sums } from "./Sums.tsx";
import { TakeFailed } from "./TakeFailed.tsx";
import { useSecondsLeft } from "./useSecondsLeft.ts";

/** Fetched by those who are about to trade: what reads sealed wallets is large. */
const BackupPrompt = lazy(async () => ({
  default: (await import("../../account/BackupPrompt.tsx")).BackupPrompt,
}));

type Quote = Schema["OffersQuoteAnswer"];

interface Props {
  offer: Schema["OfferAnswer"];
  exchange: Schema["ExchangeBody"];
  /** The name of the method. */
  method: string;
  /** What the reader has said yes to, and what holds now. */
  accepted: Quote;
  quote: Quote;
  asking: boolean;
  pending: boolean;
  error: Error | null;
  format: Format;
  accept: () => void;
  again: () => void;
  take: () => void;
  back: () => void;
}

/** Both sums once more, who locks what, and the step that opens the trade. */
export function TakeReview(props: Props) {
  const { offer, exchange, method, accepted, quote, error, format, back } = props;
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => heading.current?.focus(), []);
  const buys = offer.direction === "sell";
  const lockTime = format.duration(offer.funding_window_s);
  const payTime = format.duration(offer.payment_window_s);
  const fee = format.percent(exchange.fee_bps);
  return (
    <div className="mt-4">
      <h3 ref={heading} tabIndex={-1} className="text-17 mb-2 font-semibold outline-none">
        <Trans>Open this trade?</Trans>
      </h3>
      {isOther(quote, accepted) && (
        <div role="alert" className="bg-wait-wash text-wait rounded-control mb-3 px-4 py-3">
          <p className="font-medium">
            <Trans>
              The price has changed from{" "}
              <Value>{format.price(accepted.price, offer.currency)}</Value> to{" "}
              <Value>{format.price(quote.price, offer.currency)}</Value>.
            </Trans>
          </p>
        </div>
      )}
      <Sums offer={offer} quote={quote} format={format} />
      <Held offer={offer} quote={quote} format={format} />
      <ul className="text-soft mt-3 grid list-disc gap-1 ps-5">
        {buys ? (
          <>
            <li>
              <Trans>
                The seller locks the coins within <Value>{lockTime}</Value>. You pay only then, by{" "}
                <Value>{method}</Value>, within <Value>{payTime}</Value>.
              </Trans>
            </li>
            <li>
              <Trans>You lock nothing.</Trans>
            </li>
          </>
        ) : (
          <>
            <li>
              {exchange.fee_bps === 0 ? (
                <Trans>
                  You lock the coins within <Value>{lockTime}</Value>; there is no fee. Then the
                  buyer pays you by <Value>{method}</Value> within <Value>{payTime}</Value>.
                </Trans>
              ) : (
                <Trans>
                  You lock the coins within <Value>{lockTime}</Value>, with a fee of{" "}
                  <Value>{fee}</Value> on top. Then the buyer pays you by <Value>{method}</Value>{" "}
                  within <Value>{payTime}</Value>.
                </Trans>
              )}
            </li>
            <li>
              <Trans>You choose in the trade to which of your accounts he pays.</Trans>
            </li>
          </>
        )}
        <li>
          <Trans>What is not locked in time, or not paid, ends without a loss of coins.</Trans>
        </li>
      </ul>
      <Suspense fallback={null}>
        <BackupPrompt />
      </Suspense>
      <div className="mt-4 flex flex-wrap gap-3">
        <TakeButton {...props} />
        <button type="button" className="button button-quiet" onClick={back}>
          <Trans>Back</Trans>
        </button>
      </div>
      {error && <TakeFailed error={error} offer={offer} format={format} />}
    </div>
  );
}

const isOther = (one: Quote, other: Quote) =>
  one.price !== other.price || one.amount !== other.amount || one.fiat_amount !== other.fiat_amount;

/** The one next step: to ask anew, to accept another price, or to open the trade. */
function TakeButton({ accepted, quote, asking, pending, accept, again, take }: Props) {
  const over = useSecondsLeft(quote.held_until) === 0;
  if (pending) {
    return (
      <button type="button" className="button button-main" aria-disabled>
        <Trans>Opening the trade…</Trans>
      </button>
    );
  }
  if (asking || over) {
    return (
      <button type="button" className="button button-main" aria-disabled={asking} onClick={again}>
        {asking ? <Trans>One moment…</Trans> : <Trans>Ask for the price again</Trans>}
      </button>
    );
  }
  return isOther(quote, accepted) ? (
    <button type="button" className="button button-main" onClick={accept}>
      <Trans>Accept the new price</Trans>
    </button>
  ) : (
    <button type="button" className="button button-main" onClick={take}>
      <Trans>Open the trade</Trans>
    </button>
  );
}
