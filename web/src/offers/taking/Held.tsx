import { Trans } from "@lingui/react/macro";

import type { Schema } from "../../api/client.ts";
import type { Format } from "../../language/format.ts";
import { Value } from "../../shell/Value.tsx";
import { useSecondsLeft } from "./useSecondsLeft.ts";

/** From here on the end is told to those who hear it. */
const SOON_S = 15;

interface Props {
  offer: Schema["OfferAnswer"];
  quote: Schema["OffersQuoteAnswer"];
  format: Format;
}

/** For how long a quote's price is still held, by the exchange's clock. */
export function Held({ offer, quote, format }: Props) {
  const left = useSecondsLeft(quote.held_until);
  const price = format.price(quote.price, offer.currency);
  const seconds = format.duration(left);
  return (
    <>
      <p className="text-13 text-soft figures mt-2">
        {left > 0 ? (
          <Trans>
            At <Value>{price}</Value>, held for <Value>{seconds}</Value>. It reserves nothing.
          </Trans>
        ) : (
          <Trans>
            At <Value>{price}</Value>, which is not held any more.
          </Trans>
        )}
      </p>
      <p className="sr-only" role="status">
        {left === 0 ? (
          <Trans>The price is not held any more.</Trans>
        ) : (
          left <= SOON_S && <Trans>The price is held for a few more seconds.</Trans>
        )}
      </p>
    </>
  );
}
