import { Trans } from "@lingui/react/macro";

import type { Schema } from "../../api/client.ts";

/** Why nobody finds an offer in the book. */
export function HiddenWords({ why }: { why: Schema["Hidden"] }) {
  switch (why) {
    case "closed":
      return <Trans>It is closed</Trans>;
    case "paused":
      return <Trans>You have paused it</Trans>;
    case "away":
      return <Trans>Paused: two takes in a row were missed. Resume it when you are there</Trans>;
    case "outside_working_hours":
      return <Trans>Outside of your working hours</Trans>;
    case "not_public":
      return <Trans>Not in the book: only whom you show it to can take it</Trans>;
    case "too_little_left":
      return <Trans>Too little is left for its smallest trade</Trans>;
    case "no_market_price":
      return <Trans>The market has no fresh price to follow</Trans>;
  }
}
