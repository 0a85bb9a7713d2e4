import { Trans } from "@lingui/react/macro";
import type { ReactNode } from "react";

import { WalletTrouble } from "../account/WalletTrouble.tsx";
import { ProblemError } from "../api/client.ts";
import { isRefusal, problemOf } from "../api/problems.ts";
import { useFormat } from "../language/format.ts";
import { VerificationFailed } from "../verify/errors.ts";
import { PassphraseWrong, WalletUnusable, WrongNetwork } from "../wallet/errors.ts";
import { Value } from "./Value.tsx";

const WALLET = [PassphraseWrong, WalletUnusable, WrongNetwork];

/** Why an action did not come about, at its place; the same button tries it again. */
export function ActionFailed({ error }: { error: Error }) {
  return WALLET.some((kind) => error instanceof kind) ? (
    <WalletTrouble error={error} />
  ) : (
    <div role="alert" className="bg-stop-wash text-stop rounded-control mt-4 px-4 py-3">
      <Reason error={error} />
    </div>
  );
}

function Reason({ error }: { error: Error }): ReactNode {
  const format = useFormat();
  if (error instanceof VerificationFailed) {
    return (
      <>
        <Trans>What the exchange said does not hold. No coins were moved.</Trans>{" "}
        <Said text={error.message} />
      </>
    );
  }
  if (error instanceof RangeError) {
    return (
      <>
        <Trans>It could not be done here, and nothing was sent.</Trans>{" "}
        <Said text={error.message} />
      </>
    );
  }
  if (problemOf(error) === "precondition-failed") {
    return (
      <Trans>
        This was changed elsewhere in the meantime. What you see is read anew: look at it, then try
        again.
      </Trans>
    );
  }
  if (isRefusal(error)) {
    return (
      <>
        <Said text={error.message} />{" "}
        {error.problem?.detail && <Said text={error.problem.detail} />}
      </>
    );
  }
  if (error instanceof ProblemError && error.retryAfterS !== null) {
    return (
      <Trans>
        The exchange is busy. Try again in <Value>{format.duration(error.retryAfterS)}</Value>:
        nothing is done twice.
      </Trans>
    );
  }
  if (error instanceof ProblemError) {
    return <Trans>The exchange failed at this. Try again: nothing is done twice.</Trans>;
  }
  return <Trans>No answer came. Try again: nothing is done twice.</Trans>;
}

/** Words of the exchange's, or of a check: they are English. */
const Said = ({ text }: { text: string }) => (
  <bdi lang="en" translate="no" className="wrap-anywhere">
    {text}
  </bdi>
);
