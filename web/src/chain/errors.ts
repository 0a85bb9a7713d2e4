/** What a node refuses, as wallets hand it on (EIP-1193, EIP-1474). */
export class NodeError extends Error {
  readonly code: number;
  readonly data: unknown;

  constructor(code: number, message: string, data: unknown) {
    super(message);
    this.code = code;
    this.data = data;
  }
}

/** The chain's node does not answer, or not as a node does. */
export class ChainUnreachable extends Error {
  readonly kind = "ChainUnreachable";
}

/** The node or the contract refused a call or a transaction, or it failed on the chain. */
export class ChainRefused extends Error {
  readonly kind = "ChainRefused";
  /**
   * The name of the contract's error, such as `TooLateToLock`; `replaced` where another transaction
   * of the wallet took the place of this one; else what the node says, which nobody has checked.
   */
  readonly reason: string;
  /** Whether the contract itself said no, to a call as much as to a transaction. */
  readonly reverted: boolean;

  constructor(reason: string, reverted = false) {
    super(`The chain refuses: ${reason}`);
    this.reason = reason;
    this.reverted = reverted;
  }
}

/** The time allowed for waiting is over; what was begun goes on. */
export class Unfinished extends Error {
  readonly kind = "Unfinished";
}
