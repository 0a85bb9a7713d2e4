import { Trans } from "@lingui/react/macro";
import type { ReactNode } from "react";

import { Value } from "../shell/Value.tsx";
import type { Facts, Party } from "./facts.ts";
import type { TradeState } from "./queries.ts";

export type Step = 1 | 2 | 3 | 4 | 5;

/** What a state means for one who looks at it. */
export interface Face {
  /** Which of the five steps it is; null where the trade has left them. */
  readonly step: Step | null;
  /** For whom it waits where there is nothing that the viewer is urged to do. */
  readonly waits: Party | "chain" | null;
  readonly head: (facts: Facts) => ReactNode;
  readonly text: (facts: Facts) => ReactNode;
}

/** Where a state has several faces, the trade tells which. */
export type Faces = Record<TradeState, Face | ((facts: Facts) => Face)>;

export const SEND_DETAILS: Face = {
  step: 3,
  waits: null,
  head: () => <Trans>Send your payment details</Trans>,
  text: ({ buyer }) => (
    <Trans>
      Only <Value>{buyer}</Value> can open them: they are sealed in this browser, and the exchange
      cannot read them.
    </Trans>
  ),
};

export const EXPIRED: Face = {
  step: null,
  waits: null,
  head: () => <Trans>This trade has expired</Trans>,
  text: () => <Trans>No coins were locked in time, so nothing has moved.</Trans>,
};

export const CANCELLED: Face = {
  step: null,
  waits: null,
  head: () => <Trans>This trade was cancelled</Trans>,
  text: () => <Trans>No coins had been locked, so nothing has moved.</Trans>,
};

export const SPLITTING: Face = {
  step: null,
  waits: "chain",
  head: () => <Trans>The coins are being shared</Trans>,
  text: () => <Trans>Two have signed the same share. The chain is bringing it.</Trans>,
};

export const RESOLVED: Face = {
  step: null,
  waits: null,
  head: () => <Trans>The coins were shared</Trans>,
  text: () => <Trans>Two of three have signed how, and the contract has paid it out.</Trans>,
};

/** The arbitrator sees trades that were disputed. */
export const ARBITRATES: Face = {
  step: null,
  waits: null,
  head: () => <Trans>You are the arbitrator of this trade</Trans>,
  text: () => (
    <Trans>You decide together with the buyer or the seller, by signing the same share.</Trans>
  ),
};

export const ARBITRATED: Face = {
  step: null,
  waits: "chain",
  head: () => <Trans>You were called as the arbitrator of this trade</Trans>,
  text: () => <Trans>There is nothing to decide any more.</Trans>,
};
