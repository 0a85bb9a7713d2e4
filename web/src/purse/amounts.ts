/** A typed amount in smallest units; null where it is none, or has more digits than the coin. */
export function toMinor(typed: string, decimals: number): bigint | null {
  const [, whole = "", fraction = ""] = /^([0-9]{1,40})(?:\.([0-9]{1,40}))?$/.exec(typed) ?? [];
  if (whole === "" || fraction.length > decimals) {
    return null;
  }
  return BigInt(whole + fraction.padEnd(decimals, "0"));
}

/** Smallest units as a decimal, without zeros that say nothing. */
export function fromMinor(minor: bigint, decimals: number): string {
  const digits = minor.toString().padStart(decimals + 1, "0");
  const whole = digits.slice(0, digits.length - decimals);
  const fraction = digits.slice(digits.length - decimals).replace(/0+$/, "");
  return fraction === "" ? whole : `${whole}.${fraction}`;
}
