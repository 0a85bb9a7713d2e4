import { Trans } from "@lingui/react/macro";

import { ProblemError } from "../api/client.ts";
import { useFormat } from "../language/format.ts";
import { Value } from "./Value.tsx";

/** What failed, what is safe, and a way to try again. */
export function Failure({ error, retry }: { error: unknown; retry: () => void }) {
  const format = useFormat();
  const waitS = error instanceof ProblemError ? error.retryAfterS : null;
  return (
    <section role="alert" className="card border-stop my-6">
      <h2 className="text-20 font-semibold">
        {error instanceof ProblemError ? (
          <Trans>The exchange could not answer that</Trans>
        ) : (
          <Trans>The exchange is out of reach</Trans>
        )}
      </h2>
      {error instanceof ProblemError && (
        <p className="mt-2" lang="en" dir="ltr">
          <Value>{error.message}</Value>
        </p>
      )}
      <p className="text-soft mt-2 max-w-prose">
        <Trans>
          Escrowed coins are not affected: they are in the contract on the chain, whatever happens
          to this page or to the exchange.
        </Trans>
      </p>
      {waitS !== null && (
        <p className="mt-2">
          <Trans>
            It takes questions again in <Value>{format.duration(waitS)}</Value>.
          </Trans>
        </p>
      )}
      <button type="button" className="button button-quiet mt-4" onClick={retry}>
        <Trans>Try again</Trans>
      </button>
    </section>
  );
}
