import { Trans } from "@lingui/react/macro";
import type { ReactNode } from "react";

import type { Schema } from "../../api/client.ts";
import { factOf, problemOf } from "../../api/problems.ts";
import type { Format } from "../../language/format.ts";
import { ActionFailed } from "../../shell/ActionFailed.tsx";
import { Value } from "../../shell/Value.tsx";

interface Props {
  error: Error;
  offer: Schema["OfferAnswer"];
  format: Format;
}

/** Why no trade was opened: what the exchange says in its own terms, in the reader's. */
export function TakeFailed({ error, offer, format }: Props) {
  const words = wordsOf(error, offer, format);
  return words === null ? (
    <ActionFailed error={error} />
  ) : (
    <p role="alert" className="bg-wait-wash text-wait rounded-control mt-4 px-4 py-3">
      {words}
    </p>
  );
}

function wordsOf(error: Error, offer: Schema["OfferAnswer"], format: Format): ReactNode | null {
  switch (problemOf(error)) {
    case "own-offer":
      return <Trans>This offer is your own.</Trans>;
    case "same-wallet":
      return <Trans>The offer is of the same wallet as yours: nobody trades with himself.</Trans>;
    case "offer-not-active":
      return <Trans>This offer cannot be taken any more: its maker has paused or closed it.</Trans>;
    case "amount-out-of-range":
      return <Trans>This amount is outside of the offer’s limits.</Trans>;
    case "too-many-open-trades":
      return <Trans>You have too many trades that wait for their coins. Finish some first.</Trans>;
    case "method-not-offered":
      return <Trans>The offer does not take this payment method any more.</Trans>;
    case "method-limit-exceeded":
      return <Trans>This is more than one trade may pay by this method here. Take less.</Trans>;
    case "hold-invalid":
    case "price-moved":
      return (
        <Trans>The price was not held any more. Nothing was opened: look at the new one.</Trans>
      );
    case "price-unavailable":
      return <Trans>It follows the market, which has no fresh price now.</Trans>;
    case "offer-already-taken": {
      const left = factOf(error, "remaining_amount");
      if (typeof left !== "string") {
        return <Trans>Others have taken so much that not enough is left.</Trans>;
      }
      // "1.5 ETH": the exchange writes an amount with its unit here.
      const [amount = "0"] = left.split(" ");
      const written = /^[0-9.]+$/.test(amount)
        ? offer.amount_unit === "asset"
          ? format.coins(amount, offer.asset)
          : format.money(amount, offer.currency)
        : left;
      return (
        <Trans>
          Others were faster: <Value>{written}</Value> are left.
        </Trans>
      );
    }
    case "outside-working-hours": {
      const opens = factOf(error, "opens_at");
      return typeof opens === "string" && !Number.isNaN(Date.parse(opens)) ? (
        <Trans>
          Its maker does not work at this hour. He does again from{" "}
          <Value>{format.time(opens)}</Value>.
        </Trans>
      ) : (
        <Trans>Its maker does not work at this hour.</Trans>
      );
    }
    case "taker-refused":
      return refusedWords(error, offer, format);
    default:
      return null;
  }
}

function refusedWords(
  error: Error,
  offer: Schema["OfferAnswer"],
  format: Format,
): ReactNode | null {
  const [needed, yours] = [factOf(error, "needed"), factOf(error, "yours")];
  const count = (fact: unknown) => (typeof fact === "number" ? format.count(fact) : "?");
  const days = typeof needed === "number" ? format.duration(needed * 86_400) : "?";
  switch (factOf(error, "rule")) {
    case "min_trades":
      return (
        <Trans>
          Its maker asks for completed trades: <Value>{count(needed)}</Value>. You have{" "}
          <Value>{count(yours)}</Value>.
        </Trans>
      );
    case "min_account_age_days":
      return (
        <Trans>
          Its maker trades with accounts that are older than <Value>{days}</Value>, and yours is
          younger.
        </Trans>
      );
    case "first_trade_limit": {
      const limit = offer.first_trade_limit ?? "0";
      const written =
        offer.amount_unit === "asset"
          ? format.coins(limit, offer.asset)
          : format.money(limit, offer.currency);
      return (
        <Trans>
          For a first trade its maker gives at most <Value>{written}</Value>. Take less.
        </Trans>
      );
    }
    case "countries":
      return <Trans>Its maker trades with people in the countries that he names only.</Trans>;
    default:
      return null;
  }
}
