import type { Provider } from "./wallet.ts";

export const UNAUTHORISED = 4100;

/** The code of an error, whoever threw it; wallets wrap those of others. */
export function codeOf(error: unknown): number | null {
  let inner: unknown = error;
  for (let depth = 0; depth < 4 && typeof inner === "object" && inner !== null; depth += 1) {
    const { code, data, cause, originalError } = inner as Partial<Record<string, unknown>>;
    const deeper = originalError ?? cause ?? data;
    if (typeof code === "number" && code !== -32603) {
      return code;
    }
    inner = deeper;
  }
  return null;
}

/** What wallets tell of themselves (EIP-6963). */
export interface WalletInfo {
  readonly uuid: string;
  readonly name: string;
  /** A picture as a `data:` address. */
  readonly icon: string;
  /** The name of a host of its maker, backwards. */
  readonly rdns: string;
}

export interface Announced {
  readonly info: WalletInfo;
  readonly provider: Provider;
}

export const ANNOUNCE = "eip6963:announceProvider";
export const REQUEST = "eip6963:requestProvider";
