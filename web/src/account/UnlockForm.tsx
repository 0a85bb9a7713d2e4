import { Trans } from "@lingui/react/macro";
import { useMutation } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";

import { PassphraseWrong } from "../wallet/errors.ts";
import { usePasskey as askPasskey } from "../wallet/passkey.ts";
import type { Opener } from "../wallet/vault.ts";
import type { KeptVault } from "./device.ts";
import { PassphraseField } from "./PassphraseField.tsx";
import { WalletTrouble } from "./WalletTrouble.tsx";

interface Props {
  kept: KeptVault;
  /** Opens the wallet; may throw `PassphraseWrong`, which is told at the field. */
  open: (opener: Opener) => Promise<void>;
  leave?: () => void;
}

/** Asks for what opens a wallet that was made here: its passphrase, or its passkey. */
export function UnlockForm({ kept, open, leave }: Props) {
  const [passphrase, setPassphrase] = useState("");
  const field = useRef<HTMLInputElement>(null);
  const { lock } = kept.vault;
  const { name } = lock;
  const byPasskey = lock.kind === "passkey";
  const opening = useMutation({
    mutationFn: async () =>
      open(byPasskey ? await askPasskey(lock) : { kind: "passphrase", name, passphrase }),
    onError: () => field.current?.select(),
  });
  useEffect(() => field.current?.focus(), []);
  const { error, isPending } = opening;
  const wrong = error instanceof PassphraseWrong && !byPasskey;
  return (
    <form
      className="mt-4 grid gap-4"
      onSubmit={(event) => {
        event.preventDefault();
        if (!isPending) {
          opening.mutate();
        }
      }}
    >
      {byPasskey ? (
        <p>
          <Trans>Your device asks for the passkey with which you made it.</Trans>
        </p>
      ) : (
        <PassphraseField
          name={name}
          value={passphrase}
          onChange={setPassphrase}
          ref={field}
          wrong={wrong && <Trans>This passphrase does not open the wallet.</Trans>}
        />
      )}
      {!wrong && <WalletTrouble error={error} />}
      <div className="flex flex-wrap gap-3">
        <button type="submit" className="button button-main grow" aria-disabled={isPending}>
          {isPending ? (
            <Trans>Opening…</Trans>
          ) : byPasskey ? (
            <Trans>Use the passkey</Trans>
          ) : (
            <Trans>Open</Trans>
          )}
        </button>
        {leave && (
          <button type="button" className="button button-quiet" onClick={leave}>
            <Trans>Not now</Trans>
          </button>
        )}
      </div>
    </form>
  );
}
