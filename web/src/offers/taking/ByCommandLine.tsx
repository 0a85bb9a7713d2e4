import { Trans, useLingui } from "@lingui/react/macro";

import { Copyable } from "../../shell/Copyable.tsx";
import { Value } from "../../shell/Value.tsx";

/** The same by a program, for who would rather have one. */
export function ByCommandLine({ commands }: { commands: string }) {
  const { t } = useLingui();
  return (
    <details className="border-line mt-6 border-t pt-3">
      <summary className="link min-h-11 cursor-pointer py-2.5">
        <Trans>By the command line</Trans>
      </summary>
      <p className="text-soft mt-1 mb-3">
        <Trans>
          By the command line, which keeps your keys on your computer and checks what it signs. It
          makes a wallet and an account, then takes the offer.
        </Trans>
      </p>
      <Copyable label={t`Commands`} text={commands} />
      <p className="text-13 text-soft mt-3">
        <Trans>
          A program asks <Value>GET /v1/offers/…/quote</Value>, then <Value>POST /v1/trades</Value>:
          see the{" "}
          <a className="link" href="/docs#/trades/take_offer">
            API documents
          </a>
          .
        </Trans>
      </p>
    </details>
  );
}
