import { Trans } from "@lingui/react/macro";
import { Link } from "@tanstack/react-router";

import { Told } from "../shell/Told.tsx";
import { useBackup } from "./useBackup.ts";

/**
 * Asks for a backup before coins depend on the wallet: for the pages on which a trade begins.
 * Nothing where there is one, and for wallets that were not made here.
 */
export function BackupPrompt() {
  const { state, isReachable, backUp, isPending, error } = useBackup();
  if (state !== "none") {
    return null;
  }
  return (
    <section
      aria-labelledby="back-up-first"
      className="bg-wait-wash text-wait rounded-card my-4 px-5 py-4"
    >
      <h2 id="back-up-first" className="font-semibold">
        <Trans>Your wallet is on this device only</Trans>
      </h2>
      <p className="mt-1">
        <Trans>
          Back it up before you trade: if this browser forgets it, only your 12 words are left.
        </Trans>
      </p>
      <div className="mt-3 flex flex-wrap items-center gap-3">
        {isReachable && (
          <button
            type="button"
            className="button button-main"
            aria-disabled={isPending}
            onClick={() => !isPending && backUp()}
          >
            {isPending ? <Trans>Backing up…</Trans> : <Trans>Back up</Trans>}
          </button>
        )}
        <Link to="/wallet" className="link inline-flex min-h-11 items-center">
          <Trans>Other ways to back up</Trans>
        </Link>
      </div>
      <Told error={error} />
    </section>
  );
}
