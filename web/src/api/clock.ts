/**
 * The exchange's clock, as seen from here. It need not be this device's: a sandbox moves its own,
 * and whether a price is fresh is for the exchange's clock to say.
 */
let aheadMs = 0;

/** Sets the clock by what the exchange says that it is now. */
export function setClock(serverNow: string): void {
  aheadMs = Date.parse(serverNow) - Date.now();
}

/** The exchange's time, in milliseconds since 1970. */
export function serverNowMs(): number {
  return Date.now() + aheadMs;
}
