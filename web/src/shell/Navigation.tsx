import { Trans, useLingui } from "@lingui/react/macro";
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";

import { AccountActions } from "../account/AccountMenu.tsx";
import { useSession } from "../account/session.ts";
import { BookIcon, MarketIcon, MoreIcon, SettingsIcon, TradesIcon, WalletIcon } from "./icons.tsx";
import { Menu, MENU_ITEM } from "./Menu.tsx";
import { PLACES } from "./places.tsx";

const LINK =
  "flex min-h-11 flex-1 flex-col items-center justify-center gap-0.5 rounded-control px-3 text-13 font-medium text-soft hover:text-ink aria-[current=page]:text-brand sm:flex-none sm:text-15";
/** What stands at the bottom of a phone for those who are signed in; all else is under "More". */
const MAIN: Readonly<Record<string, ReactNode>> = {
  "/trades": <TradesIcon />,
  "/wallet": <WalletIcon />,
};

/**
 * The main places: at the top, and at the bottom of a phone. There a page that has an action to do
 * puts its own bar in their place: `data-actionbar` on the body hides them.
 */
export function Navigation() {
  const { t } = useLingui();
  const session = useSession();
  const main = session === null ? [] : PLACES.filter(({ to }) => to in MAIN);
  return (
    <nav
      aria-label={t`Pages`}
      className="bg-sheet border-line fixed inset-x-0 bottom-0 z-10 flex border-t px-2 pt-1 pb-[max(0.25rem,env(safe-area-inset-bottom))] max-sm:in-data-actionbar:hidden sm:static sm:gap-1 sm:border-0 sm:bg-transparent sm:p-0"
    >
      <Link to="/" activeOptions={{ exact: true, includeSearch: false }} className={LINK}>
        <BookIcon />
        <Trans>Offers</Trans>
      </Link>
      {main.map(({ to, name }) => (
        <Link key={to} to={to} activeOptions={{ includeSearch: false }} className={LINK}>
          {MAIN[to]}
          {name}
        </Link>
      ))}
      <Market className={session === null ? LINK : `${LINK} max-sm:hidden`} />
      {session === null ? (
        <Settings className={LINK} />
      ) : (
        <div className="flex flex-1 sm:hidden">
          <Menu
            above
            className={`${LINK} w-full`}
            face={
              <>
                <MoreIcon />
                <Trans>More</Trans>
              </>
            }
          >
            <Market className={MENU_ITEM} />
            {PLACES.filter(({ to }) => !(to in MAIN)).map(({ to, name }) => (
              <Link key={to} to={to} className={MENU_ITEM}>
                {name}
              </Link>
            ))}
            <AccountActions />
          </Menu>
        </div>
      )}
    </nav>
  );
}

const Market = ({ className }: { className: string }) => (
  <Link to="/market" activeOptions={{ includeSearch: false }} className={className}>
    {className.startsWith(LINK) && <MarketIcon />}
    <Trans>Market</Trans>
  </Link>
);

const Settings = ({ className }: { className: string }) => (
  <Link to="/settings" className={className}>
    <SettingsIcon />
    <Trans>Settings</Trans>
  </Link>
);
