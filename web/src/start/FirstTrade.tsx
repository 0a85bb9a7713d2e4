import { Trans } from "@lingui/react/macro";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";

import { api, told } from "../api/client.ts";
import { useFormat } from "../language/format.ts";
import { Value } from "../shell/Value.tsx";

/** How the offers of simulated traders begin that answer at once, and keep to the rules. */
const PROMPT = "Sandbox: answers at once";

/** A sandbox is open before its traders are there: they come within seconds of its start. */
const AGAIN_MS = 2_000;

/** Offers to sell whose makers are simulated, and finish a trade within a minute. */
const firstQuery = {
  queryKey: ["first-offer"],
  queryFn: async () => {
    const query = { direction: "sell", asset: "ETH", currency: "EUR", limit: 50 } as const;
    const { data } = told(await api.GET("/v1/offers", { params: { query } }));
    return data.find(({ terms }) => terms.startsWith(PROMPT)) ?? null;
  },
};

/** An offer with which a newcomer's first trade takes a minute or two. */
export function FirstTrade() {
  const format = useFormat();
  const { data: offer, isPending } = useQuery({
    ...firstQuery,
    refetchInterval: ({ state }) => (state.data ? false : AGAIN_MS),
  });
  if (isPending) {
    return <div className="skeleton mt-2 h-28" aria-busy="true" />;
  }
  if (!offer) {
    return (
      <>
        <p className="text-soft mt-1 mb-3">
          <Trans>Choose an offer, an amount and how you pay: the page leads you through.</Trans>
        </p>
        <Link to="/" className="button button-main text-17 w-full">
          <Trans>See all offers</Trans>
        </Link>
      </>
    );
  }
  const price = format.price(offer.price, offer.currency);
  return (
    <>
      <p className="text-soft mt-1 mb-3">
        <Trans>
          A simulated trader sells <Value>{offer.asset}</Value> at <Value>{price}</Value>, and
          answers at once: you buy a little, say that you paid, and get the coins.
        </Trans>
      </p>
      <Link
        to="/offers/$offerId"
        params={{ offerId: offer.id }}
        search={{ amount: "50" }}
        className="button button-main text-17 w-full"
      >
        <span>
          <Trans>
            Buy a little <Value>{offer.asset}</Value>
          </Trans>
        </span>
      </Link>
    </>
  );
}
