import { Trans } from "@lingui/react/macro";

import { ProblemError } from "../api/client.ts";
import { useFormat } from "../language/format.ts";
import { Value } from "../shell/Value.tsx";

/** Why an action did not happen, at its place; nothing where nothing went wrong. */
export function Refused({ error }: { error: unknown }) {
  const format = useFormat();
  if (error === null || error === undefined) {
    return null;
  }
  if (!(error instanceof ProblemError)) {
    return (
      <p role="alert" className="text-stop mt-3">
        <Trans>The exchange did not answer. Try again: it is done once at most.</Trans>
      </p>
    );
  }
  const detail = error.problem?.detail;
  return (
    <div role="alert" className="text-stop mt-3">
      <p lang="en" dir="ltr" translate="no">
        <bdi>{detail ? `${error.message} ${detail}` : error.message}</bdi>
      </p>
      {error.retryAfterS !== null && (
        <p>
          <Trans>
            It takes questions again in <Value>{format.duration(error.retryAfterS)}</Value>.
          </Trans>
        </p>
      )}
    </div>
  );
}
