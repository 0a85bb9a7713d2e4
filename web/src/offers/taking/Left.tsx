import { Trans } from "@lingui/react/macro";
import { Link } from "@tanstack/react-router";

import type { Schema } from "../../api/client.ts";
import type { Format } from "../../language/format.ts";
import { TakeFailed } from "./TakeFailed.tsx";

interface Props {
  offer: Schema["OfferAnswer"];
  pending: boolean;
  error: Error | null;
  format: Format;
  findOut: () => void;
  leave: () => void;
}

/** A trade was being opened when the page went: sent again as it was, it is not opened twice. */
export function Left({ offer, pending, error, format, findOut, leave }: Props) {
  return (
    <div className="bg-wait-wash text-wait rounded-control mt-4 px-4 py-3">
      <p className="font-medium">
        <Trans>You were opening a trade here, and its answer was never heard.</Trans>
      </p>
      <p className="mt-1">
        <Trans>
          Sent again as it was it leads to that trade, or opens it if its price is still held.
          Nothing is opened twice.
        </Trans>
      </p>
      <div className="mt-3 flex flex-wrap gap-3">
        <button
          type="button"
          className="button button-main"
          aria-disabled={pending}
          onClick={findOut}
        >
          {pending ? <Trans>One moment…</Trans> : <Trans>Find out what became of it</Trans>}
        </button>
        <Link to="/trades" className="button button-quiet">
          <Trans>Your trades</Trans>
        </Link>
        <button type="button" className="button button-quiet" onClick={leave}>
          <Trans>Leave it</Trans>
        </button>
      </div>
      {error && <TakeFailed error={error} offer={offer} format={format} />}
    </div>
  );
}
