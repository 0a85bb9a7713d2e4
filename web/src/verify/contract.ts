import type { Address, Hex } from "viem";
import { keccak256 } from "viem/utils";

import contract from "./contract.json";
import { TokenChanged, WrongChain, WrongContract } from "./errors.ts";

/** The chain's own coin counts so everywhere; an exchange that says otherwise means less. */
export const NATIVE_DECIMALS = 18;

/** The names of the contract's errors by their selectors. */
export const ERRORS: Readonly<Record<string, string>> = contract.errors;

/** The hash of the code at an address. */
export const codeHash = (code: Hex): Hex => keccak256(code);

/** Whether code is the escrow contract's: it has no immutables, so it is the same everywhere. */
export const isEscrow = (code: Hex): boolean => codeHash(code) === contract.code_hash;

/** The node is on the chain that was agreed; throws `WrongChain`. */
export function checkChain(nodes: number, agreed: number): void {
  if (nodes !== agreed) {
    throw new WrongChain(`The node is on ${nodes}, the trade on ${agreed}.`);
  }
}

/** `code` at `address` is the escrow contract's, byte for byte; throws `WrongContract`. */
export function checkContract(code: Hex, address: Address): void {
  if (!isEscrow(code)) {
    const kind = code === "0x" ? "no" : "other";
    throw new WrongContract(`${address} has ${kind} code. Coins that go there may be lost.`);
  }
}

/** The token counts as the exchange states; with other decimals "100" is not a hundred. */
export function checkDecimals(decimals: bigint, stated: number): void {
  if (decimals !== BigInt(stated)) {
    throw new TokenChanged(`It has ${decimals} decimals, the exchange says ${stated}.`);
  }
}
