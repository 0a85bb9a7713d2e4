import { Trans } from "@lingui/react/macro";

import { useFormat } from "../language/format.ts";
import { Value } from "../shell/Value.tsx";
import { useEnded, useSession } from "./session.ts";
import { useSigner } from "./signing.tsx";
import { useUntold } from "./useSignOut.ts";

/** That a session has ended by itself, or is alive at the exchange though it is over here. */
export function AccountNotices() {
  const session = useSession();
  const ended = useEnded();
  const untold = useUntold();
  const format = useFormat();
  const openSigner = useSigner();
  return (
    <div role="status">
      {ended !== null && (
        <p className="bg-wait-wash text-wait px-4 py-1 text-center font-medium">
          <Trans>Your session has ended.</Trans>{" "}
          <button
            type="button"
            className="min-h-11 px-2 underline underline-offset-3"
            onClick={() => void openSigner().catch(() => undefined)}
          >
            <Trans>Sign in again</Trans>
          </button>
        </p>
      )}
      {session === null && untold !== null && (
        <p className="bg-wait-wash text-wait px-4 py-2 text-center font-medium">
          <Trans>
            You are signed out here, but the exchange could not be told. Its session ends by itself:{" "}
            <Value>{format.moment(untold)}</Value>.
          </Trans>
        </p>
      )}
    </div>
  );
}
