import { Trans } from "@lingui/react/macro";
import { useQuery } from "@tanstack/react-query";
import { useState, type ReactNode } from "react";

import { ActionBar } from "../shell/ActionBar.tsx";
import { Value } from "../shell/Value.tsx";
import { DoButton } from "./DoButton.tsx";
import { may, type Facts } from "./facts.ts";
import { PaymentDetails } from "./PaymentDetails.tsx";
import { escrowQuery } from "./queries.ts";
import type { Acting } from "./useAct.ts";
import { actionWords } from "./words.tsx";

interface Props {
  facts: Facts;
  acting: Acting;
  says: ReactNode;
  /** Asks whether it was paid. */
  onPaid: () => void;
}

/**
 * The buyer opens the payment details, pays, and says so. That he has paid he can say at any time:
 * who paid before the page was closed must not have to open anything again.
 */
export function BuyerPays({ facts, acting, says, onPaid }: Props) {
  const { trade, format } = facts;
  const [fields, setFields] = useState<Readonly<Record<string, string>> | null>(null);
  const seen = useQuery(escrowQuery(trade)).data;
  const deepEnough = seen === undefined || seen.confirmations >= seen.needed;
  const open = () =>
    acting.run("open", async ({ trader }, now) => setFields(await trader.openPaymentDetails(now)));
  const paid = may(trade, "payment_sent") && (
    <DoButton acting={acting} what="payment_sent" quiet={fields === null} onClick={onPaid}>
      {actionWords("payment_sent", facts)}
    </DoButton>
  );
  if (fields !== null) {
    return (
      <>
        <PaymentDetails facts={facts} fields={fields} />
        {paid && <ActionBar says={says}>{paid}</ActionBar>}
      </>
    );
  }
  return (
    <>
      {!deepEnough && seen?.status === "locked" && (
        <p role="status" className="mt-4">
          <Trans>
            The lock has <Value>{format.count(seen.confirmations)}</Value> of{" "}
            <Value>{format.count(seen.needed)}</Value> confirmations. Until then the chain could
            still take it back, so the details stay closed.
          </Trans>
        </p>
      )}
      <ActionBar says={says}>
        {deepEnough && (
          <DoButton acting={acting} what="open" onClick={() => void open()}>
            <Trans>Open payment details</Trans>
          </DoButton>
        )}
        {paid}
      </ActionBar>
    </>
  );
}
