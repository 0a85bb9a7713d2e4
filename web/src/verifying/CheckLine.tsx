import { Trans } from "@lingui/react/macro";
import type { ReactNode } from "react";

import type { Format } from "../language/format.ts";
import type { Check, CheckName } from "../trades/checks.ts";

const NAMES: Record<CheckName, () => ReactNode> = {
  contract: () => <Trans>The contract is the one of this exchange</Trans>,
  code: () => <Trans>The contract’s code is the one that this page knows</Trans>,
  id: () => <Trans>The escrow’s id is the hash of its terms, made in this browser</Trans>,
  wallet: () => <Trans>Your wallet is in the terms</Trans>,
  buyer: () => <Trans>The buyer’s wallet is in the terms</Trans>,
  seller: () => <Trans>The seller’s wallet is in the terms</Trans>,
  arbitrator: () => <Trans>The arbitrator is in the terms</Trans>,
  amount: () => <Trans>The amount, in the smallest unit</Trans>,
  fee: () => <Trans>The fee, in the smallest unit</Trans>,
  status: () => <Trans>The state of the coins</Trans>,
  paid: () => <Trans>The buyer’s word that the payment was sent is on the chain</Trans>,
  confirmations: () => <Trans>The lock is deep enough in the chain</Trans>,
  cancel: () => <Trans>Until when the buyer can answer the seller’s request</Trans>,
};

const VERDICTS: Record<Check["verdict"], { mark: string; tone: string; says: () => ReactNode }> = {
  ok: { mark: "✓", tone: "text-safe", says: () => <Trans>It matches</Trans> },
  wait: { mark: "…", tone: "text-wait", says: () => <Trans>Not at the same point yet</Trans> },
  wrong: { mark: "✗", tone: "text-stop", says: () => <Trans>It does not match</Trans> },
};

/** One check: what, what was expected, what was found, and whether that is the same. */
export function CheckLine({ check, format }: { check: Check; format: Format }) {
  const verdict = VERDICTS[check.verdict];
  const write = (text: string) =>
    check.name === "cancel" && /^\d{1,12}$/.test(text)
      ? format.time(new Date(Number(text) * 1_000).toISOString())
      : text;
  return (
    <li className="border-line flex gap-4 border-b py-3">
      <span aria-hidden="true" className={`text-20 w-5 shrink-0 font-semibold ${verdict.tone}`}>
        {verdict.mark}
      </span>
      <div className="min-w-0">
        <p className="font-medium">
          {NAMES[check.name]()}: <span className={verdict.tone}>{verdict.says()}</span>
        </p>
        <dl className="text-13 mt-1 grid grid-cols-[auto_minmax(0,1fr)] gap-x-3">
          {check.expected !== null && (
            <Found name={<Trans>Expected</Trans>}>{write(check.expected)}</Found>
          )}
          <Found name={<Trans>Found</Trans>}>{write(check.found)}</Found>
        </dl>
      </div>
    </li>
  );
}

const Found = ({ name, children }: { name: ReactNode; children: string }) => (
  <>
    <dt className="text-soft">{name}</dt>
    <dd dir="ltr" translate="no" className="text-start font-mono wrap-anywhere">
      {children === "" ? "–" : children}
    </dd>
  </>
);
