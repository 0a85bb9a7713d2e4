import { Trans } from "@lingui/react/macro";

import type { Schema } from "../api/client.ts";
import type { Format } from "../language/format.ts";
import { usePassed } from "../live/useOnline.ts";
import { Value } from "../shell/Value.tsx";
import type { Pair } from "../offers/search.ts";

interface Props {
  pair: Pair;
  market: Schema["BookMarketAnswer"] | null | undefined;
  /** Whether the stream is up; null before it was tried. */
  live: boolean | null;
  format: Format;
}

/** The market's price, and whether it can be relied on. */
export function MarketPrice({ pair, market, live, format }: Props) {
  const stale = usePassed(market?.valid_until);
  return (
    <p className="text-17 text-soft mt-2 flex min-h-7 flex-wrap items-center gap-x-3 gap-y-1">
      {market === null && <Trans>The market has no fresh price of this pair.</Trans>}
      {market && (
        <span>
          <Trans>
            Market price <Value strong>{format.price(market.price, pair.currency)}</Value>
          </Trans>
        </span>
      )}
      {market && stale && (
        <span className="bg-wait-wash text-wait text-13 rounded-full px-2.5 py-0.5 font-medium">
          <Trans>This price is old</Trans>
        </span>
      )}
      {live === false && (
        <span
          role="status"
          className="bg-wait-wash text-wait text-13 rounded-full px-2.5 py-0.5 font-medium"
        >
          <Trans>Not live: connecting again</Trans>
        </span>
      )}
      {live === true && !stale && (
        <span className="text-13 flex items-center gap-1.5">
          <span className="bg-brand size-1.5 rounded-full" aria-hidden="true" />
          <Trans>live</Trans>
        </span>
      )}
    </p>
  );
}
