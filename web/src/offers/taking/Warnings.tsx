import { Trans } from "@lingui/react/macro";
import { useQuery } from "@tanstack/react-query";

import type { Schema } from "../../api/client.ts";
import { makerQuery } from "./queries.ts";

/** What a taker should know of the maker before: whether he is there, and whether his coins are. */
export function Warnings({ offer }: { offer: Schema["OfferAnswer"] }) {
  const online = useQuery({ ...makerQuery(offer), enabled: offer.visibility === "public" });
  const unfunded = offer.direction === "sell" && !offer.funded;
  return (
    <ul className="text-soft mt-3 grid gap-1">
      {online.data === false && (
        <li>
          <Trans>Its maker is away now: it may take him a while to answer.</Trans>
        </li>
      )}
      {unfunded && (
        <li>
          <Trans>
            Its coins are not in the contract yet: the trade begins once they are locked.
          </Trans>
        </li>
      )}
    </ul>
  );
}
