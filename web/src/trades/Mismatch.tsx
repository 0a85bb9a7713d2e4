import { Trans } from "@lingui/react/macro";
import { Link } from "@tanstack/react-router";
import { useEffect, useRef } from "react";

import type { VerificationFailed } from "../verify/errors.ts";
import { mismatchWords } from "./mismatches.tsx";

interface Props {
  tradeId: string;
  /** What was found; null where the chain alone says that something is forged. */
  error: VerificationFailed | null;
  again: () => void;
}

/** In the place of all actions, where the exchange's word does not hold. */
export function Mismatch({ tradeId, error, again }: Props) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    if (error !== null) {
      heading.current?.focus();
    }
  }, [error]);
  return (
    <section role="alert" className="bg-stop-wash border-stop rounded-card border p-5">
      <h2 ref={heading} tabIndex={-1} className="text-20 text-stop font-semibold">
        <Trans>What the exchange says does not match</Trans>
      </h2>
      <p className="mt-2">
        {error === null ? (
          <Trans>The escrow on the chain is not the one that was agreed.</Trans>
        ) : (
          mismatchWords(error)
        )}
      </p>
      <p className="mt-2 font-semibold">
        <Trans>Nothing was signed. Do not pay, and do not release.</Trans>
      </p>
      <p className="mt-2 max-w-prose">
        <Trans>
          Coins that are locked stay in the contract, where the exchange cannot take them. You can
          end the trade on the chain without it.
        </Trans>
      </p>
      <div className="mt-4 flex flex-wrap gap-3">
        <Link to="/verify/$tradeId" params={{ tradeId }} className="button button-main">
          <Trans>Look at every check</Trans>
        </Link>
        <button type="button" className="button button-quiet" onClick={again}>
          <Trans>Read it again</Trans>
        </button>
      </div>
    </section>
  );
}
