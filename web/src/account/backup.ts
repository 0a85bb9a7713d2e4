import { queryOptions } from "@tanstack/react-query";

import { api, ProblemError, told } from "../api/client.ts";
import { readVault, type Vault } from "../wallet/vault.ts";

/** A sealed wallet as the exchange keeps it, and which of its versions this is. */
interface Backup {
  readonly vault: Vault;
  readonly version: number;
}

/** The backup of an account; null where the exchange keeps none. Throws `WalletUnusable`. */
export async function getBackup(token?: string): Promise<Backup | null> {
  const headers = token === undefined ? {} : { Authorization: `Bearer ${token}` };
  try {
    const { vault, version } = told(await api.GET("/v1/account/backup", { headers }));
    return { vault: readVault(vault), version };
  } catch (error) {
    if (error instanceof ProblemError && error.status === 404) {
      return null;
    }
    throw error;
  }
}

/**
 * Has the exchange keep a sealed wallet, which it cannot open, in the place of what it keeps. To
 * repeat it changes nothing.
 */
export async function putBackup(vault: Vault): Promise<void> {
  const kept = await getBackup();
  if (kept?.vault.sealed !== vault.sealed) {
    const seen = kept === null ? { "if-none-match": "*" } : { "if-match": `"${kept.version}"` };
    const body = { vault: JSON.stringify(vault) };
    await api.PUT("/v1/account/backup", { params: { header: seen }, body });
  }
}

export const backupQuery = queryOptions({
  queryKey: ["account", "backup"],
  queryFn: () => getBackup(),
});
