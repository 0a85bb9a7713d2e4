import { Trans } from "@lingui/react/macro";

import type { Schema } from "../../api/client.ts";
import type { Format } from "../../language/format.ts";
import { Value } from "../../shell/Value.tsx";

interface Props {
  offer: Schema["OfferAnswer"];
  quote: Pick<Schema["OffersQuoteAnswer"], "amount" | "fiat_amount">;
  format: Format;
}

/** What one gives and what one gets, as the exchange has worked it out. */
export function Sums({ offer, quote, format }: Props) {
  const coins = format.coins(quote.amount, offer.asset);
  const money = format.money(quote.fiat_amount, offer.currency);
  const [give, get] = offer.direction === "sell" ? [money, coins] : [coins, money];
  return (
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
  );
}
