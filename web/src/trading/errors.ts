import type { Address } from "viem";

export { ChainRefused, ChainUnreachable, Unfinished } from "../chain/errors.ts";

/** The wallet does not hold what is to be moved, or not the gas for it. Nothing was sent. */
export class FundsMissing extends Error {
  readonly kind = "FundsMissing";
  /** Of which coin, in smallest units; the zero address is the chain's own, which pays gas. */
  readonly token: Address;
  readonly needed: bigint;
  readonly have: bigint;

  constructor(token: Address, needed: bigint, have: bigint) {
    super(`${needed} smallest units are needed, and there are ${have}.`);
    this.token = token;
    this.needed = needed;
    this.have = have;
  }
}

/** The time for locking is over, by the chain's clock. */
export class FundingTooLate extends Error {
  readonly kind = "FundingTooLate";
}

/** This step belongs to another party of the trade, or to another wallet. */
export class NotYourStep extends Error {
  readonly kind = "NotYourStep";
}
