import { Trans, useLingui } from "@lingui/react/macro";
import { Link } from "@tanstack/react-router";

import type { Schema } from "../api/client.ts";
import type { Format } from "../language/format.ts";
import { Value } from "../shell/Value.tsx";
import { Maker } from "./Maker.tsx";
import { PriceWords } from "./PriceWords.tsx";
import type { BookSearch } from "./search.ts";

export type Methods = ReadonlyMap<
  string,
  Pick<Schema["PaymentsMethodAnswer"], "code" | "name" | "duration_s" | "reversible">
>;

/** How many payment methods a row names before it says how many more there are. */
const NAMED = 2;
const ROW =
  "border-line grid grid-cols-[minmax(0,1fr)_auto] items-center gap-x-4 gap-y-2 border-b py-4 lg:min-h-20 lg:grid-cols-[minmax(0,1.1fr)_minmax(0,1.1fr)_minmax(0,1.3fr)_minmax(0,1.6fr)_7rem] lg:py-3";

interface Props {
  offer: Schema["ListedOffer"];
  search: BookSearch;
  methods: Methods | undefined;
  format: Format;
  /** Whether the reader is its maker: he cannot take it, and changes it elsewhere. */
  isOwn?: boolean;
}

export function OfferRow({ offer, search, methods, format, isOwn = false }: Props) {
  const { t } = useLingui();
  // What the maker does not do.
  const viewer = offer.direction === "sell" ? "buy" : "sell";
  const { asset, currency } = offer;
  const price = format.price(offer.price, currency);
  return (
    <li className={ROW}>
      <Maker maker={offer.maker} online={offer.maker_online} />
      <div className="text-end lg:text-start">
        <p className="figures text-20 font-semibold">
          <Value>{price}</Value>
        </p>
        <p className="text-13">
          {offer.premium_bps != null && (
            <PriceWords premiumBps={offer.premium_bps} viewer={viewer} format={format} />
          )}
        </p>
      </div>
      <div className="col-span-2 lg:col-span-1">
        {offer.quote && <YouGet offer={offer} quote={offer.quote} format={format} />}
        <p className={offer.quote ? "text-13 text-soft" : ""}>
          <Limits offer={offer} format={format} />
        </p>
      </div>
      <div className="min-w-0">
        <p className="line-clamp-2">
          <MethodNames codes={offer.payment_methods} methods={methods} format={format} />
        </p>
        <p className="text-13 text-soft">
          {offer.funded ? (
            <Trans>Coins are in the contract</Trans>
          ) : (
            <Trans>
              Pay within <Value>{format.duration(offer.payment_window_s)}</Value>
            </Trans>
          )}
        </p>
      </div>
      {isOwn ? (
        <Link
          to="/my/offers/$offerId"
          params={{ offerId: offer.id }}
          className="button button-quiet justify-self-end"
          aria-label={t`Yours: ${asset} at ${price}`}
        >
          <Trans>Yours</Trans>
        </Link>
      ) : (
        <Link
          to="/offers/$offerId"
          params={{ offerId: offer.id }}
          search={
            search.amount && offer.quote
              ? { amount: search.amount, ...(search.unit && { unit: search.unit }) }
              : {}
          }
          className="button button-main justify-self-end"
          aria-label={viewer === "buy" ? t`Buy ${asset} at ${price}` : t`Sell ${asset} at ${price}`}
        >
          {viewer === "buy" ? <Trans>Buy</Trans> : <Trans>Sell</Trans>}
        </Link>
      )}
    </li>
  );
}

interface YouGetProps {
  offer: Schema["ListedOffer"];
  quote: Schema["BookQuoteAnswer"];
  format: Format;
}

function YouGet({ offer, quote, format }: YouGetProps) {
  const got =
    offer.direction === "sell"
      ? format.coins(quote.amount, offer.asset)
      : format.money(quote.fiat_amount, offer.currency);
  return (
    <p className="figures">
      <Trans>
        You get <Value strong>{got}</Value>
      </Trans>
    </p>
  );
}

/** From what to what one can trade at once. */
export function Limits({
  offer,
  format,
}: {
  offer: Schema["OfferAnswer"] | Schema["ListedOffer"];
  format: Format;
}) {
  const write = (amount: string) =>
    offer.amount_unit === "asset"
      ? format.coins(amount, offer.asset)
      : format.money(amount, offer.currency);
  const [least, most] = [write(offer.min_amount), write(offer.max_amount)];
  if (least === most) {
    return (
      <Trans>
        Exactly <Value>{least}</Value>
      </Trans>
    );
  }
  return (
    <Trans>
      From <Value>{least}</Value> to <Value>{most}</Value>
    </Trans>
  );
}

interface MethodNamesProps {
  codes: readonly string[];
  methods: Methods | undefined;
  format: Format;
}

function MethodNames({ codes, methods, format }: MethodNamesProps) {
  const names = codes.slice(0, NAMED).map((code) => methods?.get(code)?.name ?? code);
  const more = codes.length - NAMED;
  const count = format.count(more);
  return more > 0 ? (
    <Trans>
      <bdi translate="no">{names.join(", ")}</bdi> and <Value>{count}</Value> more
    </Trans>
  ) : (
    <bdi translate="no">{format.list(names)}</bdi>
  );
}

/** Rows of the final height, while the first ones are read. */
export function SkeletonRows() {
  return (
    <div className="mt-2" aria-hidden="true">
      {Array.from({ length: 6 }, (_, row) => (
        <div key={row} className="border-line flex h-44 items-center gap-4 border-b lg:h-20">
          <div className="skeleton size-9 rounded-full" />
          <div className="skeleton h-4 w-1/4" />
          <div className="skeleton h-4 grow" />
          <div className="skeleton h-11 w-24" />
        </div>
      ))}
    </div>
  );
}
