/** A decimal without loss: `units` of which ten to the power of `digits` are one. */
interface Scaled {
  readonly units: bigint;
  readonly digits: number;
}

function scaled(decimal: string): Scaled {
  const [whole = "0", fraction = ""] = decimal.split(".");
  return { units: BigInt(whole + fraction), digits: fraction.length };
}

/** A decimal in whole units as smallest units; throws `RangeError` where it is finer than those. */
export function toMinor(amount: string, decimals: number): bigint {
  if (!/^[0-9]+(\.[0-9]+)?$/.test(amount)) {
    throw new RangeError(`${amount} is not an amount.`);
  }
  const { units, digits } = scaled(amount);
  if (digits <= decimals) {
    return units * 10n ** BigInt(decimals - digits);
  }
  const finer = 10n ** BigInt(digits - decimals);
  if (units % finer !== 0n) {
    throw new RangeError(`${amount} has more than ${decimals} decimals.`);
  }
  return units / finer;
}

/** As `toMinor`, but null where the amount has no exact number of smallest units. */
export function toMinorOrNull(amount: string, decimals: number): bigint | null {
  try {
    return toMinor(amount, decimals);
  } catch (error) {
    if (error instanceof RangeError) {
      return null;
    }
    throw error;
  }
}

/** Smallest units as a decimal in whole units, without zeros at its end. */
export function fromMinor(minor: bigint, decimals: number): string {
  const digits = minor.toString().padStart(decimals + 1, "0");
  const whole = digits.slice(0, digits.length - decimals);
  const fraction = digits.slice(digits.length - decimals).replace(/0+$/, "");
  return fraction === "" ? whole : `${whole}.${fraction}`;
}

/**
 * Whether `fiat` is what `amount` coins cost at `price`, or `amount` what `fiat` buys.
 *
 * An exchange computes one from the other and rounds to the smallest unit. Without `gain` either
 * neighbour of the exact value is taken; with it, only the one that leaves the fraction to that
 * side. More is a changed amount.
 */
export function fiatFollows(
  amount: string,
  fiat: string,
  price: string,
  decimals: number,
  fiatDecimals: number,
  gain: "buyer" | "seller" | null = null,
): boolean {
  const [coins, money, each] = [scaled(amount), scaled(fiat), scaled(price)];
  const digits = Math.max(
    coins.digits + each.digits,
    money.digits,
    fiatDecimals,
    each.digits + decimals,
  );
  const at = (units: bigint, has: number) => units * 10n ** BigInt(digits - has);
  const cost = at(coins.units * each.units, coins.digits + each.digits);
  const above = at(money.units, money.digits) - cost;
  // A buyer who pays more than the exact sum leaves the fraction to the seller.
  if ((gain === "seller" && above < 0n) || (gain === "buyer" && above > 0n)) {
    return false;
  }
  const difference = above < 0n ? -above : above;
  // The second comparison is |amount - fiat / price| < one smallest unit, without a division.
  return difference < at(1n, fiatDecimals) || difference < at(each.units, each.digits + decimals);
}
