import { Trans } from "@lingui/react/macro";

import { Identicon } from "../shell/Identicon.tsx";
import { Value } from "../shell/Value.tsx";
import { CopyField } from "./CopyField.tsx";
import { nameOf, type Facts } from "./facts.ts";

/** With whom one trades. */
export function Partner({ facts }: { facts: Facts }) {
  const { trade, role } = facts;
  const partners =
    role === "arbitrator"
      ? (["buyer", "seller"] as const)
      : ([role === "buyer" ? "seller" : "buyer"] as const);
  return (
    <section aria-labelledby="partner" className="card">
      <h2 id="partner" className="text-20 font-semibold">
        {role === "arbitrator" ? <Trans>The traders</Trans> : <Trans>Your partner</Trans>}
      </h2>
      {partners.map((side) => (
        <div key={side} className="mt-3">
          <p className="flex items-center gap-3">
            <Identicon id={trade[side].id} />
            <span className="min-w-0">
              <span className="block truncate font-semibold">
                <Value>{nameOf(trade[side])}</Value>
              </span>
              <span className="text-13 text-soft">
                {side === "buyer" ? <Trans>buys the coins</Trans> : <Trans>sells the coins</Trans>}
              </span>
            </span>
          </p>
          <dl className="mt-2">
            <CopyField name={<Trans>Wallet</Trans>} text={trade[side].wallet} code />
          </dl>
        </div>
      ))}
      {trade.terms !== "" && (
        <>
          <h3 className="text-13 text-soft mt-3 font-medium">
            <Trans>Terms of the offer</Trans>
          </h3>
          <bdi translate="no" className="block wrap-anywhere whitespace-pre-line">
            {trade.terms}
          </bdi>
        </>
      )}
    </section>
  );
}
