import { Trans } from "@lingui/react/macro";
import type { ReactNode } from "react";

import { KeyNotOurs, WalletUnusable } from "../wallet/errors.ts";

/** By the `kind` of what the trader throws: `trading/errors.ts`, which need not be here for it. */
const KINDS: Readonly<Record<string, () => ReactNode>> = {
  FundsMissing: () => (
    <Trans>
      Your wallet does not have the coins for it, or not the fee of the network. Nothing was sent.
    </Trans>
  ),
  FundingTooLate: () => <Trans>The time to lock is over. Nothing was sent.</Trans>,
  NotYourStep: () => (
    <Trans>The open wallet is not the one of this trade. Nothing was signed.</Trans>
  ),
  ChainUnreachable: () => (
    <Trans>The chain does not answer. What was sent is not lost: try again to follow it.</Trans>
  ),
  ChainRefused: () => <Trans>The chain has refused it.</Trans>,
  Unfinished: () => (
    <Trans>It takes longer than this page waits. It goes on: try again to follow it.</Trans>
  ),
};

/** Why an action did not come about, where neither the exchange nor a check said no. */
export function troubleWords(error: unknown): ReactNode {
  if (error instanceof KeyNotOurs) {
    return KINDS["NotYourStep"]?.();
  }
  if (error instanceof WalletUnusable) {
    return error.why === "account" ? (
      KINDS["NotYourStep"]?.()
    ) : (
      <Trans>Your wallet could not do that.</Trans>
    );
  }
  if (error instanceof TypeError) {
    return <Trans>The exchange or the chain did not answer. What was sent is not lost.</Trans>;
  }
  const kind = error instanceof Error && "kind" in error ? String(error.kind) : "";
  return Object.hasOwn(KINDS, kind) ? KINDS[kind]?.() : <Trans>That did not work.</Trans>;
}
