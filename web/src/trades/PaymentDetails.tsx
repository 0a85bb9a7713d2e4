import { Trans, useLingui } from "@lingui/react/macro";
import { useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";

import { Value } from "../shell/Value.tsx";
import { CopyField } from "./CopyField.tsx";
import type { Facts } from "./facts.ts";
import { methodFormQuery } from "./queries.ts";

/** What a payment of this trade says to the bank; null until what makes it is there. */
function useReference(tradeId: string): string | null {
  const [text, setText] = useState<string | null>(null);
  useEffect(() => {
    let left = false;
    void import("./reference.ts").then(({ reference }) => {
      if (!left) {
        setText(reference(tradeId));
      }
    });
    return () => {
      left = true;
    };
  }, [tradeId]);
  return text;
}

interface Props {
  facts: Facts;
  /** The opened details of the seller, by the names of the method's form. */
  fields: Readonly<Record<string, string>> | null;
}

/** What is to be paid, where to, and with which words; every value can be copied. */
export function PaymentDetails({ facts, fields }: Props) {
  const { i18n } = useLingui();
  const { trade, money } = facts;
  const form = useQuery(methodFormQuery(trade.payment_method, i18n.locale));
  const said = useReference(trade.id);
  return (
    <div className="bg-sheet border-line rounded-control mt-4 border px-4 py-2">
      <dl>
        <CopyField name={<Trans>Amount</Trans>} text={trade.fiat_amount} shown={money} />
        {fields &&
          Object.entries(fields).map(([name, value]) => (
            <CopyField key={name} name={form.data?.labels.get(name) ?? name} text={value} />
          ))}
        {said && <CopyField name={<Trans>Reference of the payment</Trans>} text={said} />}
      </dl>
      <p className="text-13 text-soft py-2">
        {facts.role === "buyer" ? (
          <Trans>
            Pay exactly this sum by <Value>{form.data?.name ?? trade.payment_method}</Value>, from
            an account in your own name. Write the reference and nothing else: no name of a site, no
            name of a coin.
          </Trans>
        ) : (
          <Trans>
            Look for exactly this sum by <Value>{form.data?.name ?? trade.payment_method}</Value>,
            with this reference.
          </Trans>
        )}
      </p>
    </div>
  );
}
