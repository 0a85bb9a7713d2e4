import { Trans } from "@lingui/react/macro";

import type { Format } from "../language/format.ts";
import { Value } from "../shell/Value.tsx";
import { againstMarket } from "./premium.ts";

const COLOUR = { better: "text-brand font-medium", same: "text-soft", worse: "text-soft" } as const;

/** A price against the market, from the side of the one who looks. */
export function PriceWords({
  premiumBps,
  viewer,
  format,
}: {
  premiumBps: number;
  viewer: "buy" | "sell";
  format: Format;
}) {
  const { side, bps, standing } = againstMarket(premiumBps, viewer);
  const percent = format.percent(bps);
  return (
    <span className={COLOUR[standing]}>
      {side === "at" && <Trans>at the market price</Trans>}
      {side === "below" && (
        <Trans>
          <Value>{percent}</Value> below market
        </Trans>
      )}
      {side === "above" && (
        <Trans>
          <Value>{percent}</Value> above market
        </Trans>
      )}
    </span>
  );
}
