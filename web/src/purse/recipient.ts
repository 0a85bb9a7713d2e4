import type { Address } from "viem";
import { getAddress, isAddress } from "viem/utils";

/** What speaks against sending to an address. */
export type RecipientFault = "form" | "check" | "self" | "contract" | "nobody";

const FORM = /^0x[0-9a-fA-F]{40}$/;
const NOBODY = /^0x0{40}$/;

/**
 * Judges a typed address: its form, its check digits (EIP-55), and whether coins sent there would
 * be lost. `contracts` are those of the exchange and of its tokens, which give nothing back.
 */
export function recipientFault(
  typed: string,
  own: string,
  contracts: readonly string[],
): RecipientFault | null {
  if (!FORM.test(typed)) {
    return "form";
  }
  if (!isAddress(typed)) {
    return "check";
  }
  const same = (other: string) => other.toLowerCase() === typed.toLowerCase();
  if (NOBODY.test(typed)) {
    return "nobody";
  }
  return same(own) ? "self" : contracts.some(same) ? "contract" : null;
}

/** Whether an address has no check digits: a slip in it could not be noticed. */
export const isUnchecked = (typed: string): boolean =>
  FORM.test(typed) &&
  typed.slice(2) === typed.slice(2).toLowerCase() &&
  /[a-f]/.test(typed.slice(2));

/** In checksum form, of one that `recipientFault` has nothing against. */
export const recipientOf = (typed: string): Address => getAddress(typed);
