/** Compares two decimals of the exchange's, which may have more digits than a number can hold. */
export function compareDecimals(one: string, other: string): number {
  const digits = Math.max(fraction(one).length, fraction(other).length);
  const difference = scaled(one, digits) - scaled(other, digits);
  return difference < 0n ? -1 : difference > 0n ? 1 : 0;
}

const fraction = (decimal: string) => decimal.split(".")[1] ?? "";

/** A decimal in units of 10^-digits; what is finer than that is cut off. */
export function scaled(decimal: string, digits: number): bigint {
  const [whole = "0"] = decimal.split(".");
  return BigInt(whole + fraction(decimal).slice(0, digits).padEnd(digits, "0"));
}

/** The other way round: 1500n with three digits is "1.5". */
export function unscaled(units: bigint, digits: number): string {
  const text = String(units).padStart(digits + 1, "0");
  const whole = text.slice(0, text.length - digits);
  return shortest(digits === 0 ? text : `${whole}.${text.slice(text.length - digits)}`);
}

/** A decimal without the zeros that change nothing: "0.0100" as "0.01". */
export function shortest(decimal: string): string {
  return decimal.includes(".") ? decimal.replace(/\.?0+$/, "") : decimal;
}

/** How many digits a decimal has behind its point, but for zeros. */
export const digitsOf = (decimal: string): number => fraction(shortest(decimal)).length;

interface Limited {
  amount_unit: "asset" | "currency";
  min_amount: string;
  max_amount: string;
  remaining_amount: string;
}

/** Whether an offer takes so much at once: a quote says what it would cost, also where it does not. */
export function isWithin(offer: Limited, sum: { amount: string; fiat_amount: string }): boolean {
  const wanted = offer.amount_unit === "asset" ? sum.amount : sum.fiat_amount;
  return (
    compareDecimals(wanted, offer.min_amount) >= 0 &&
    compareDecimals(wanted, offer.max_amount) <= 0 &&
    compareDecimals(wanted, offer.remaining_amount) <= 0
  );
}
