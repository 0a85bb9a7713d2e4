import type { Provider } from "./wallet.ts";

/** What a provider answers with, where it does not do what it was asked (EIP-1193, EIP-1474). */
export class ProviderFault extends Error {
  readonly code: number;

  constructor(code: number, message: string) {
    super(message);
    this.name = "ProviderFault";
    this.code = code;
  }
}

export const UNAUTHORISED = 4100;
export const UNSUPPORTED = 4200;
export const UNKNOWN_CHAIN = 4902;
export const INVALID_PARAMS = -32602;

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
/** As which the wallet that was made here announces itself. */
export const OWN_RDNS = "tradepost.page";
