/** What is left of an amount of a coin for the seller; null where the share is none of it. */
export function restOf(amount: string, share: string): string | null {
  if (!/^\d+(\.\d+)?$/.test(share)) {
    return null;
  }
  const digits = Math.max(fraction(amount).length, fraction(share).length);
  const [all, part] = [scaled(amount, digits), scaled(share, digits)];
  // Digits that the coin does not have can be signed by nobody.
  return part > all || significant(share) > fraction(amount).length
    ? null
    : decimal(all - part, digits);
}

const fraction = (text: string) => text.split(".")[1] ?? "";
const significant = (text: string) => fraction(text).replace(/0+$/, "").length;

function scaled(text: string, digits: number): bigint {
  const [whole = "0"] = text.split(".");
  return BigInt(whole + fraction(text).padEnd(digits, "0"));
}

function decimal(value: bigint, digits: number): string {
  const text = value.toString().padStart(digits + 1, "0");
  const whole = text.slice(0, text.length - digits);
  const rest = text.slice(text.length - digits).replace(/0+$/, "");
  return rest === "" ? whole : `${whole}.${rest}`;
}
