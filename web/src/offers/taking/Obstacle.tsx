import { Trans } from "@lingui/react/macro";
import type { ReactNode } from "react";

import type { Session } from "../../account/session.ts";
import type { Schema } from "../../api/client.ts";
import { serverNowMs } from "../../api/clock.ts";
import type { Format } from "../../language/format.ts";
import { Value } from "../../shell/Value.tsx";

/** What stands in a taker's way and is known before he asks. */
export type Obstacle = "own" | "resting" | "young" | "elsewhere";

const DAY_MS = 86_400_000;

/** Why this reader cannot take this offer, as far as one sees it from here; else null. */
export function obstacleOf(
  offer: Schema["OfferAnswer"],
  session: Session | null,
  country: string,
): Obstacle | null {
  if (session !== null && session.account.id === offer.maker.id) {
    return "own";
  }
  if (offer.state !== "active") {
    return "resting";
  }
  if (session !== null && offer.min_account_age_days > 0) {
    const days = Math.floor((serverNowMs() - Date.parse(session.account.created_at)) / DAY_MS);
    if (days < offer.min_account_age_days) {
      return "young";
    }
  }
  return country === ELSEWHERE ? "elsewhere" : null;
}

/** Chosen by who is in none of the countries that an offer names. */
export const ELSEWHERE = "elsewhere";

interface WordsProps {
  obstacle: Obstacle;
  offer: Schema["OfferAnswer"];
  format: Format;
}

export function ObstacleWords(props: WordsProps) {
  // That it is paused or closed stands at the head of the page.
  return props.obstacle === "resting" ? null : (
    <p className="bg-wait-wash text-wait rounded-control px-4 py-3">{wordsOf(props)}</p>
  );
}

function wordsOf({ obstacle, offer, format }: WordsProps): ReactNode {
  const days = format.duration(offer.min_account_age_days * 86_400);
  switch (obstacle) {
    case "own":
      return <Trans>This offer is your own.</Trans>;
    case "resting":
      return null;
    case "young":
      return (
        <Trans>
          Its maker trades with accounts that are older than <Value>{days}</Value>, and yours is
          younger.
        </Trans>
      );
    case "elsewhere":
      return <Trans>Its maker trades with people in the countries that he names only.</Trans>;
  }
}
