import { chainReader } from "../account/openWallet.ts";

/** A transaction of this wallet that is on its way, as the reader began it here. */
export interface Pending {
  readonly hash: string;
  /** What it is: "send", "deposit" or "withdraw"; and how much of which coin, as a decimal. */
  readonly kind: MoveKind;
  readonly amount: string;
  readonly asset: string;
  /** Milliseconds since 1970. */
  readonly at: number;
}

export type MoveKind = "send" | "deposit" | "withdraw";
export type Outcome = "waiting" | "done" | "failed" | "gone";

const MOST = 20;
const key = (address: string) => `tradepost.pending.${address.toLowerCase()}`;

export function pendingOf(address: string): readonly Pending[] {
  try {
    return JSON.parse(localStorage.getItem(key(address)) ?? "[]") as Pending[];
  } catch {
    return [];
  }
}

/** Keeps what was sent, so that it is followed after a reload too. */
export function keepPending(address: string, sent: Pending): void {
  const others = pendingOf(address).filter(({ hash }) => hash !== sent.hash);
  write(address, [sent, ...others].slice(0, MOST));
}

export function dropPending(address: string, hash: string): void {
  write(
    address,
    pendingOf(address).filter((each) => each.hash !== hash),
  );
}

function write(address: string, all: readonly Pending[]): void {
  try {
    localStorage.setItem(key(address), JSON.stringify(all));
  } catch {
    // then it is followed by this visit only
  }
}

/** A node may hear late of what was sent; after so long it will not. */
const HEARD_OF_MS = 120_000;

/** What became of a transaction, as the chain says. */
export async function outcome({ hash, at }: Pending): Promise<Outcome> {
  const reader = chainReader();
  const receipt = await reader.request({ method: "eth_getTransactionReceipt", params: [hash] });
  if (isRecord(receipt)) {
    return receipt["status"] === "0x1" ? "done" : "failed";
  }
  const known = await reader.request({ method: "eth_getTransactionByHash", params: [hash] });
  return known === null && Date.now() - at > HEARD_OF_MS ? "gone" : "waiting";
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null;
