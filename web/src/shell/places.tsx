import { Trans } from "@lingui/react/macro";
import { useRouter } from "@tanstack/react-router";
import type { ReactNode } from "react";

export interface Place {
  readonly to: string;
  readonly name: ReactNode;
}

/** Where an account has its pages. */
const ACCOUNT: readonly Place[] = [
  { to: "/trades", name: <Trans>Trades</Trans> },
  { to: "/my/offers", name: <Trans>My offers</Trans> },
  { to: "/wallet", name: <Trans>Wallet</Trans> },
  { to: "/notifications", name: <Trans>Notifications</Trans> },
  { to: "/settings", name: <Trans>Settings</Trans> },
];

/** The pages of an account that the map has: a menu leads nowhere else. */
export function usePlaces(): readonly Place[] {
  const { routesByPath } = useRouter();
  return ACCOUNT.filter(({ to }) => to in routesByPath);
}
