import { Trans } from "@lingui/react/macro";

import { ProblemError } from "../api/client.ts";
import { useFormat } from "../language/format.ts";
import { Value } from "./Value.tsx";

/** What a request that got no answer throws: no network, or the time was over. */
const isOutOfReach = (error: unknown) =>
  error instanceof TypeError ||
  (error instanceof DOMException && ["TimeoutError", "AbortError"].includes(error.name));

/** What went wrong with an action, in words and at its place; nothing where nothing did. */
export function Told({ error }: { error: unknown }) {
  const format = useFormat();
  if (error == null) {
    return null;
  }
  if (isOutOfReach(error)) {
    return (
      <p role="alert" className="text-stop mt-3">
        <Trans>The exchange is out of reach. Nothing was lost: try again.</Trans>
      </p>
    );
  }
  const detail = error instanceof ProblemError ? error.problem?.detail : null;
  const waitS = error instanceof ProblemError ? error.retryAfterS : null;
  const message = error instanceof Error ? error.message : String(error);
  return (
    <div role="alert" className="text-stop mt-3">
      <p lang="en" dir="ltr" translate="no">
        <bdi>{[message, detail].filter(Boolean).join(" ")}</bdi>
      </p>
      {waitS !== null && (
        <p>
          <Trans>
            It takes questions again in <Value>{format.duration(waitS)}</Value>.
          </Trans>
        </p>
      )}
    </div>
  );
}
