import { Trans } from "@lingui/react/macro";
import { useState } from "react";

import { UnlockForm } from "../account/UnlockForm.tsx";
import { useBackup } from "../account/useBackup.ts";
import { WordsList } from "../account/WordsList.tsx";
import { Told } from "../shell/Told.tsx";
import { openVault, type Vault } from "../wallet/vault.ts";
import { download } from "./download.ts";

/** Whether the wallet would survive the loss of this device, and what is to be done for it. */
export function BackupCard() {
  const { state, vault, isReachable, backUp, isPending, error, again } = useBackup();
  if (vault === null) {
    return (
      <section aria-labelledby="backup" className="card">
        <Heading />
        <p className="text-soft mt-2">
          <Trans>This is your own wallet: it keeps its words, and is backed up there.</Trans>
        </p>
      </section>
    );
  }
  const canBackUp = isReachable && (state === "none" || state === "other");
  return (
    <section aria-labelledby="backup" className="card" aria-busy={state === "reading"}>
      <Heading />
      <p role="status" className="mt-2 min-h-12">
        {state === "reading" ? (
          <span className="text-soft">
            <Trans>Asking the exchange for the backup…</Trans>
          </span>
        ) : state === "kept" ? (
          <span className="text-safe">
            <Trans>Backed up on this exchange, encrypted. It cannot open it.</Trans>
          </span>
        ) : state === "failed" ? (
          <Trans>Whether there is a backup is not known now.</Trans>
        ) : !isReachable ? (
          <Trans>
            A backup at the exchange could not be fetched from a new device, as this wallet is not
            locked under the name of your account. Keep the file, or the words.
          </Trans>
        ) : state === "other" ? (
          <Trans>
            The backup at the exchange opens with another passphrase or passkey than this device.
          </Trans>
        ) : (
          <span className="text-wait">
            <Trans>Not backed up: if this browser forgets it, only your 12 words are left.</Trans>
          </span>
        )}
      </p>
      <Told error={error} />
      <div className="mt-3 flex flex-wrap gap-2">
        {state === "failed" && (
          <button type="button" className="button button-quiet" onClick={again}>
            <Trans>Try again</Trans>
          </button>
        )}
        {canBackUp && (
          <button
            type="button"
            className="button button-main"
            aria-disabled={isPending}
            onClick={() => !isPending && backUp()}
          >
            {isPending ? (
              <Trans>Backing up…</Trans>
            ) : state === "other" ? (
              <Trans>Replace the backup</Trans>
            ) : (
              <Trans>Back up</Trans>
            )}
          </button>
        )}
        <button type="button" className="button button-quiet" onClick={() => save(vault)}>
          <Trans>Save as a file</Trans>
        </button>
      </div>
      <Words vault={vault} />
    </section>
  );
}

const Heading = () => (
  <h2 id="backup" className="text-20 font-semibold">
    <Trans>Backup</Trans>
  </h2>
);

const save = (vault: Vault) =>
  download(`tradepost-wallet-${vault.lock.name}.json`, JSON.stringify(vault, null, 1));

/** The twelve words again, for who can open the wallet; they are hidden with the page. */
function Words({ vault }: { vault: Vault }) {
  const [at, setAt] = useState<"hidden" | "asked" | { words: string }>("hidden");
  if (at === "hidden") {
    return (
      <button type="button" className="link mt-3 min-h-11" onClick={() => setAt("asked")}>
        <Trans>Show the 12 words</Trans>
      </button>
    );
  }
  if (at === "asked") {
    return (
      <UnlockForm
        kept={{ kind: "built-in", vault }}
        open={async (opener) => setAt({ words: (await openVault(vault, opener)).words })}
        leave={() => setAt("hidden")}
      />
    );
  }
  return (
    <>
      <WordsList words={at.words} />
      <button type="button" className="button button-quiet mt-3" onClick={() => setAt("hidden")}>
        <Trans>Hide the words</Trans>
      </button>
    </>
  );
}
