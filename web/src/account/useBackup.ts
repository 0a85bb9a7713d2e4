import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";

import { backupQuery, putBackup } from "./backup.ts";
import { keptWallet } from "./device.ts";
import { useSession } from "./session.ts";

/**
 * How the wallet of this device stands at the exchange: `none` is no backup, `other` one that
 * another passphrase or passkey opens, `own` that it needs none, since it was not made here.
 */
export type BackupState = "reading" | "failed" | "own" | "none" | "other" | "kept";

/** The state of the wallet's backup at the exchange, and what puts it there. */
export function useBackup() {
  const client = useQueryClient();
  const session = useSession();
  const kept = session && keptWallet(session.wallet);
  const vault = kept?.kind === "built-in" ? kept.vault : null;
  const backup = useQuery({ ...backupQuery, enabled: vault !== null });
  const backingUp = useMutation({
    mutationFn: async () => {
      if (vault !== null) {
        await putBackup(vault);
      }
    },
    onSuccess: () => client.invalidateQueries({ queryKey: backupQuery.queryKey }),
  });
  const state: BackupState =
    vault === null
      ? "own"
      : backup.isError
        ? "failed"
        : backup.isPending
          ? "reading"
          : backup.data === null
            ? "none"
            : backup.data.vault.sealed === vault.sealed
              ? "kept"
              : "other";
  return {
    state,
    vault,
    /** A new device signs in by the account's name and what locks the wallet: they have to agree. */
    isReachable: vault !== null && session?.account.name === vault.lock.name,
    backUp: () => backingUp.mutate(),
    isPending: backingUp.isPending,
    error: backingUp.error ?? backup.error,
    again: () => void backup.refetch(),
  };
}
