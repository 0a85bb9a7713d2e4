import { Trans, useLingui } from "@lingui/react/macro";
import { Link, useLocation } from "@tanstack/react-router";

import { Identicon } from "../shell/Identicon.tsx";
import { Menu, MENU_ITEM } from "../shell/Menu.tsx";
import { PLACES } from "../shell/places.tsx";
import { short } from "../shell/short.ts";
import { Value } from "../shell/Value.tsx";
import { plainPath } from "../start/then.ts";
import { lock, useIsOpen } from "./opened.ts";
import { useSession } from "./session.ts";
import { useSignOut } from "./useSignOut.ts";

/** Who one is here, and where one's own things are; for those who are nobody yet, the way in. */
export function AccountMenu() {
  const { t } = useLingui();
  const session = useSession();
  const { href, pathname } = useLocation();
  const here = plainPath(href);
  if (session === null) {
    if (pathname === "/start") {
      return null;
    }
    return (
      <Link
        to="/start"
        search={here === undefined || here === "/" ? {} : { then: here }}
        className="button button-main"
      >
        <Trans>Start</Trans>
      </Link>
    );
  }
  const name = session.account.name ?? short(session.wallet);
  return (
    <div>
      <Menu
        label={t`Your account: ${name}`}
        className="rounded-control hover:bg-well flex min-h-11 items-center gap-2.5 px-2 font-medium"
        face={
          <>
            <Identicon id={session.account.id} size={28} />
            <span className="max-w-40 truncate">
              <Value>{name}</Value>
            </span>
          </>
        }
      >
        {PLACES.map(({ to, name: place }) => (
          <Link key={to} to={to} className={MENU_ITEM}>
            {place}
          </Link>
        ))}
        <AccountActions />
      </Menu>
    </div>
  );
}

/** What ends the use of a wallet, or of the account, on this device. */
export function AccountActions() {
  const isOpen = useIsOpen();
  const signOut = useSignOut();
  return (
    <>
      {isOpen && (
        <button type="button" className={MENU_ITEM} onClick={lock}>
          <Trans>Lock the wallet</Trans>
        </button>
      )}
      <button type="button" className={MENU_ITEM} onClick={signOut}>
        <Trans>Sign out</Trans>
      </button>
    </>
  );
}
