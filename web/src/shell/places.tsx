import { Trans } from "@lingui/react/macro";
import type { ReactNode } from "react";

export interface Place {
  readonly to: string;
  readonly name: ReactNode;
}

/** Where an account has its pages. */
export const PLACES: readonly Place[] = [
  { to: "/trades", name: <Trans>Trades</Trans> },
  { to: "/my/offers", name: <Trans>My offers</Trans> },
  { to: "/wallet", name: <Trans>Wallet</Trans> },
  { to: "/notifications", name: <Trans>Notifications</Trans> },
  { to: "/settings", name: <Trans>Settings</Trans> },
];
