import { Trans } from "@lingui/react/macro";

import { WalletTrouble } from "../account/WalletTrouble.tsx";
import { ChainRefused, ChainUnreachable, Unfinished } from "../chain/errors.ts";
import { Value } from "../shell/Value.tsx";
import { FundsMissing } from "../trading/errors.ts";
import { VerificationFailed } from "../verify/errors.ts";
import { NATIVE } from "../verify/terms.ts";

/** Why coins were not moved, or are not yet. */
export function ChainTrouble({ error }: { error: unknown }) {
  if (error instanceof Unfinished) {
    return (
      <p role="alert" className="text-wait mt-3">
        <Trans>
          It was sent, but is not in a block yet. It may still come: do not send it again before you
          see what became of it.
        </Trans>
      </p>
    );
  }
  if (error instanceof ChainUnreachable) {
    return (
      <p role="alert" className="text-stop mt-3">
        <Trans>
          The chain’s node does not answer. Your coins are where they were; look again in a moment.
        </Trans>
      </p>
    );
  }
  if (error instanceof ChainRefused) {
    return (
      <p role="alert" className="text-stop mt-3">
        {error.reason === "replaced" ? (
          <Trans>
            Another transaction of your wallet took the place of this one: it was not carried out.
          </Trans>
        ) : (
          <Trans>
            The chain refuses it: <Value>{error.reason}</Value>
          </Trans>
        )}
      </p>
    );
  }
  if (error instanceof FundsMissing) {
    return (
      <p role="alert" className="text-stop mt-3">
        {error.token === NATIVE ? (
          <Trans>
            Your wallet does not have enough of the network’s coin, which also pays the network’s
            fee. Nothing was sent.
          </Trans>
        ) : (
          <Trans>Your wallet does not have that much. Nothing was sent.</Trans>
        )}
      </p>
    );
  }
  if (error instanceof VerificationFailed) {
    return (
      <p role="alert" className="text-stop mt-3">
        <Trans>
          What the exchange or its node says does not fit what this page knows, so nothing was
          signed: <Value>{error.kind}</Value>
        </Trans>
      </p>
    );
  }
  return <WalletTrouble error={error} />;
}
