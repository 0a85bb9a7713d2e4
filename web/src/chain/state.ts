import type { Hex } from "viem";
import { decodeAbiParameters, size } from "viem/utils";

import { WrongContract } from "../verify/errors.ts";

/** The contract's own status, in the order of its numbers; the last three are final. */
const STATUSES = [
  "none",
  "locked",
  "cancel-requested",
  "paid",
  "released",
  "refunded",
  "split",
] as const;

export type Status = (typeof STATUSES)[number];

/** What the contract keeps of an escrow. */
export interface State {
  /**
   * Where it stands. `none` is also what is left of an escrow that ended once its lane is used
   * again: it cannot be locked a second time all the same.
   */
  readonly status: Status;
  /** A chain time in Unix seconds; of the lock, or the end of the challenge window. */
  readonly time: number;
}

export const NOTHING: State = { status: "none", time: 0 };

/** Whether the contract holds the coins. */
export const isOpen = ({ status }: State): boolean =>
  status === "locked" || status === "cancel-requested" || status === "paid";

/**
 * Reads what a node answers to `stateOf`; throws `WrongContract` where it is not an answer of the
 * contract, such as the empty one of an address without code.
 */
export function decodeState(answer: Hex): State {
  if (size(answer) !== 96) {
    throw new WrongContract(`An escrow's state has 96 bytes, not ${size(answer)}.`);
  }
  const [number, time] = decodeAbiParameters(
    [{ type: "uint8" }, { type: "uint40" }, { type: "uint256" }],
    answer,
  );
  const status = STATUSES[number];
  if (status === undefined) {
    throw new WrongContract(`There is no status ${number}.`);
  }
  return { status, time };
}
