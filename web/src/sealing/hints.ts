/**
 * At which index a trade key was found, so that this device finds it again at once. It is no part
 * of the key: who knows it, and not the wallet, knows nothing. It is only ever tried, never trusted.
 */
const PLACE = "tradepost.keys";
const MOST = 300;

/** The index that a public key had on this device; null where that is not known. */
export function hintOf(known: string): number | null {
  return read().find(([name]) => name === known)?.[1] ?? null;
}

export function keepHint(known: string, index: number): void {
  const others = read().filter(([name]) => name !== known);
  const kept = [[known, index], ...others.slice(0, MOST - 1)];
  try {
    globalThis.localStorage?.setItem(PLACE, JSON.stringify(kept));
  } catch {
    // A device that is full looks for the key again.
  }
}

/** The newest first. */
function read(): [string, number][] {
  try {
    const kept: unknown = JSON.parse(globalThis.localStorage?.getItem(PLACE) ?? "[]");
    return Array.isArray(kept) ? kept.filter(isHint) : [];
  } catch {
    return [];
  }
}

const isHint = (said: unknown): said is [string, number] =>
  Array.isArray(said) && typeof said[0] === "string" && Number.isInteger(said[1]);
