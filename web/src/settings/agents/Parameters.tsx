import { Trans, useLingui } from "@lingui/react/macro";
import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";

import type { Schema } from "../../api/client.ts";
import { exchangeQuery } from "../../api/queries.ts";
import { useFormat, type Format } from "../../language/format.ts";
import { MethodName } from "../../payments/MethodName.tsx";
import { Value } from "../../shell/Value.tsx";

/** A decimal as the exchange writes one; what is none is shown as it is. */
const DECIMAL = /^[0-9]{1,40}(\.[0-9]{1,30})?$/;
const WHOLE = /^[0-9]{1,9}$/;
/** What is said otherwise: by the heading, by a link, or beside its unit. */
const TOLD = new Set(["trade_id", "offer_id", "asset", "currency", "terms", "hold", "link"]);

/** All that decides what happens, each in its line; of what is not known, its name. */
export function Parameters({ asked }: { asked: Schema["ConfirmationBody"] }) {
  const { t } = useLingui();
  const exchange = useQuery(exchangeQuery);
  const format = useFormat(exchange.data?.currencies);
  const { parameters: said } = asked;
  const names: Readonly<Record<string, string>> = {
    side: t`You are`,
    amount: t`Coins`,
    fiat_amount: t`Money`,
    price_limit: t`Price at worst`,
    payment_method: t`Payment method`,
    reason: t`Reason`,
    country: t`Your country`,
    funding_window_s: t`Time to lock`,
    payment_window_s: t`Time to pay`,
  };
  return (
    <>
      <dl className="mt-3 grid gap-x-6 gap-y-1 sm:grid-cols-[12rem_1fr]">
        {Object.entries(said)
          .filter(([name]) => !TOLD.has(name))
          .map(([name, value]) => (
            <div key={name} className="contents">
              <dt className="text-soft">{names[name] ?? <Value>{name}</Value>}</dt>
              <dd className="mb-1">
                <Said name={name} value={value} said={said} format={format} />
              </dd>
            </div>
          ))}
      </dl>
      {said["terms"] && (
        <figure className="mt-2">
          <figcaption className="text-soft">
            <Trans>The maker’s words, which nobody has checked</Trans>
          </figcaption>
          <blockquote className="bg-well rounded-control mt-1 p-3 whitespace-pre-wrap" dir="auto">
            <span translate="no">{said["terms"]}</span>
          </blockquote>
        </figure>
      )}
    </>
  );
}

interface SaidProps {
  name: string;
  value: string;
  said: Readonly<Record<string, string>>;
  format: Format;
}

function Said({ name, value, said, format }: SaidProps): ReactNode {
  const { asset = "", currency = "" } = said;
  if (name === "side") {
    return value === "buyer" ? (
      <Trans>the buyer of the coins</Trans>
    ) : value === "seller" ? (
      <Trans>the seller of the coins</Trans>
    ) : (
      <Value>{value}</Value>
    );
  }
  if (name === "payment_method") {
    return <MethodName code={value} />;
  }
  if (DECIMAL.test(value) && name === "amount") {
    return <Value>{format.coins(value, asset, 18)}</Value>;
  }
  if (DECIMAL.test(value) && /^[A-Z]{3}$/.test(currency)) {
    if (name === "fiat_amount") {
      return <Value>{format.money(value, currency)}</Value>;
    }
    if (name === "price_limit") {
      return <Value>{format.price(value, currency)}</Value>;
    }
  }
  if (WHOLE.test(value) && name.endsWith("_s")) {
    return <Value>{format.duration(Number(value))}</Value>;
  }
  return <Value>{value}</Value>;
}
