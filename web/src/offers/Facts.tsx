import { Trans, useLingui } from "@lingui/react/macro";
import type { ReactNode } from "react";

import type { Schema } from "../api/client.ts";
import type { Format } from "../language/format.ts";
import { Value } from "../shell/Value.tsx";
import { byDay, dayName } from "./hours.ts";
import { Limits, type Methods } from "./OfferRow.tsx";

interface Props {
  offer: Schema["OfferAnswer"];
  exchange: Schema["ExchangeBody"];
  methods: Methods | undefined;
  format: Format;
}

/** Everything that an offer says of itself, in the order in which one asks. */
export function Facts({ offer, exchange, methods, format }: Props) {
  const fee = format.percent(exchange.fee_bps);
  return (
    <dl>
      <Fact name={<Trans>Limits</Trans>}>
        <span className="figures">
          <Limits offer={offer} format={format} />
        </span>
        <Note>
          <Trans>
            <Value>{write(offer, offer.remaining_amount, format)}</Value> are left of this offer.
          </Trans>
        </Note>
      </Fact>
      <Fact name={<Trans>Payment methods</Trans>}>
        <ul>
          {offer.payment_methods.map((code) => (
            <Method key={code} code={code} methods={methods} format={format} />
          ))}
        </ul>
      </Fact>
      <Fact name={<Trans>Time to pay</Trans>}>
        <Value>{format.duration(offer.payment_window_s)}</Value>
        <Note>
          <Trans>
            It begins when the coins are locked, for which the seller has{" "}
            <Value>{format.duration(offer.funding_window_s)}</Value>.
          </Trans>
        </Note>
      </Fact>
      <Fact name={<Trans>Fee</Trans>}>
        {exchange.fee_bps === 0 ? (
          <Trans>None</Trans>
        ) : (
          <Trans>
            The seller locks <Value>{fee}</Value> of the coins on top
          </Trans>
        )}
      </Fact>
      <Fact name={<Trans>Price</Trans>}>
        <PriceRule offer={offer} format={format} />
      </Fact>
      {offer.direction === "sell" && (
        <Fact name={<Trans>Coins</Trans>}>
          {offer.funded ? (
            <Trans>They are in the contract already, where the seller can still draw them.</Trans>
          ) : (
            <Trans>The seller locks them after you take the offer, and before you pay.</Trans>
          )}
        </Fact>
      )}
      <Fact name={<Trans>Who can take it</Trans>}>
        <Takers offer={offer} format={format} />
      </Fact>
      {offer.working_hours && (
        <Fact name={<Trans>Working hours</Trans>}>
          <Hours hours={offer.working_hours} />
        </Fact>
      )}
      {offer.closes_at != null && (
        <Fact name={<Trans>Open until</Trans>}>
          <Value>{format.time(offer.closes_at)}</Value>
        </Fact>
      )}
      <Fact name={<Trans>Terms of the trader</Trans>}>
        {offer.terms === "" ? (
          <Trans>No terms</Trans>
        ) : (
          <bdi translate="no" className="block wrap-anywhere whitespace-pre-line">
            {offer.terms}
          </bdi>
        )}
      </Fact>
    </dl>
  );
}

function Fact({ name, children }: { name: ReactNode; children: ReactNode }) {
  return (
    <div className="border-line grid gap-x-6 gap-y-1 border-b py-4 first:border-t sm:grid-cols-[10rem_1fr]">
      <dt className="text-soft">{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

const Note = ({ children }: { children: ReactNode }) => (
  <p className="text-13 text-soft mt-1">{children}</p>
);

/** An amount in the offer's unit. */
function write(offer: Schema["OfferAnswer"], amount: string, format: Format): string {
  return offer.amount_unit === "asset"
    ? format.coins(amount, offer.asset)
    : format.money(amount, offer.currency);
}

function Hours({ hours }: { hours: Schema["WorkingHours"] }) {
  const { i18n } = useLingui();
  return (
    <>
      <ul>
        {byDay(hours.spans).map(({ day, times }) => (
          <li key={day}>
            {dayName(day, i18n.locale)} <Value>{times.join(", ")}</Value>
          </li>
        ))}
      </ul>
      <Note>
        <Trans>
          On the clock of <Value>{hours.time_zone}</Value>. It cannot be taken at other times.
        </Trans>
      </Note>
    </>
  );
}

interface MethodProps {
  code: string;
  methods: Methods | undefined;
  format: Format;
}

function Method({ code, methods, format }: MethodProps) {
  const method = methods?.get(code);
  return (
    <li className="mb-2 last:mb-0">
      <Value>{method?.name ?? code}</Value>
      {method && (
        <Note>
          {method.duration_s === 0 ? (
            <Trans>Arrives at once.</Trans>
          ) : (
            <Trans>
              Takes up to <Value>{format.duration(method.duration_s)}</Value>.
            </Trans>
          )}{" "}
          {method.reversible && <Trans>The payer’s bank can take such a payment back.</Trans>}
        </Note>
      )}
    </li>
  );
}

function PriceRule({ offer, format }: { offer: Schema["OfferAnswer"]; format: Format }) {
  if (offer.pricing === "fixed" || offer.margin_bps == null) {
    return <Trans>Fixed: it does not move with the market.</Trans>;
  }
  const margin = format.percent(Math.abs(offer.margin_bps));
  const rule =
    offer.margin_bps === 0 ? (
      <Trans>It is the market price.</Trans>
    ) : offer.margin_bps > 0 ? (
      <Trans>
        It follows the market, <Value>{margin}</Value> above.
      </Trans>
    ) : (
      <Trans>
        It follows the market, <Value>{margin}</Value> below.
      </Trans>
    );
  if (offer.limit_price == null) {
    return rule;
  }
  const limit = format.price(offer.limit_price, offer.currency);
  return (
    <>
      {rule}
      <Note>
        {offer.direction === "sell" ? (
          <Trans>
            Never below <Value>{limit}</Value>.
          </Trans>
        ) : (
          <Trans>
            Never above <Value>{limit}</Value>.
          </Trans>
        )}
      </Note>
    </>
  );
}

function Takers({ offer, format }: { offer: Schema["OfferAnswer"]; format: Format }) {
  const days = format.duration(offer.min_account_age_days * 86_400);
  const trades = format.count(offer.min_trades);
  const countries = offer.taker_countries.map((code) => format.country(code));
  const open =
    offer.min_trades === 0 &&
    offer.min_account_age_days === 0 &&
    countries.length === 0 &&
    offer.first_trade_limit == null;
  if (open) {
    return <Trans>Everybody</Trans>;
  }
  return (
    <ul>
      {offer.min_trades > 0 && (
        <li>
          <Trans>
            Who has completed trades: <Value>{trades}</Value> or more
          </Trans>
        </li>
      )}
      {offer.min_account_age_days > 0 && (
        <li>
          <Trans>
            Whose account is older than <Value>{days}</Value>
          </Trans>
        </li>
      )}
      {offer.first_trade_limit != null && (
        <li>
          <Trans>
            For a first trade at most <Value>{write(offer, offer.first_trade_limit, format)}</Value>
          </Trans>
        </li>
      )}
      {countries.length > 0 && (
        <li>
          <Trans>
            Who is in <Value>{format.list(countries)}</Value>
          </Trans>
        </li>
      )}
    </ul>
  );
}
