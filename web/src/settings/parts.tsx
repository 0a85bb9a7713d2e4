import { Trans } from "@lingui/react/macro";
import type { ReactNode } from "react";

import { useSession } from "../account/session.ts";
import { PathLink } from "../shell/PathLink.tsx";

/** The other parts of the settings; those of the account for who is signed in. */
export function Parts() {
  const session = useSession();
  return (
    <>
      {session !== null && (
        <nav className="mt-10" aria-labelledby="account-parts">
          <h2 id="account-parts" className="text-20 mb-3 font-semibold">
            <Trans>Your account</Trans>
          </h2>
          <ul className="border-line border-t">
            <PartLink path="/settings/payment-accounts" about={<Trans>Where you are paid</Trans>}>
              <Trans>Payment accounts</Trans>
            </PartLink>
            <PartLink path="/settings/tokens" about={<Trans>Your devices, and programs</Trans>}>
              <Trans>Sessions and tokens</Trans>
            </PartLink>
            <PartLink
              path="/settings/agents"
              about={<Trans>What programs ask you to confirm</Trans>}
            >
              <Trans>Agents</Trans>
            </PartLink>
            <PartLink path="/settings/webhooks" about={<Trans>What happens, sent to you</Trans>}>
              <Trans>Webhooks</Trans>
            </PartLink>
            <PartLink path="/settings/searches" about={<Trans>Offers that you wait for</Trans>}>
              <Trans>Saved searches</Trans>
            </PartLink>
            <PartLink path="/settings/partners" about={<Trans>Who sees more of your offers</Trans>}>
              <Trans>Trusted partners</Trans>
            </PartLink>
            {session.account.roles.includes("operator") && (
              <PartLink path="/admin" about={<Trans>You run this exchange</Trans>}>
                <Trans>Health of the exchange</Trans>
              </PartLink>
            )}
          </ul>
        </nav>
      )}
      <nav className="mt-10" aria-labelledby="device-parts">
        <h2 id="device-parts" className="text-20 mb-3 font-semibold">
          <Trans>This device</Trans>
        </h2>
        <ul className="border-line border-t">
          <PartLink path="/settings/notifications" about={<Trans>How you are told of news</Trans>}>
            <Trans>Notifications</Trans>
          </PartLink>
          <PartLink path="/settings/node" about={<Trans>Who shows you the chain</Trans>}>
            <Trans>Your own node</Trans>
          </PartLink>
        </ul>
      </nav>
    </>
  );
}

const PartLink = ({
  path,
  about,
  children,
}: {
  path: string;
  about: ReactNode;
  children: ReactNode;
}) => (
  <li className="border-line border-b">
    <PathLink
      path={path}
      className="hover:bg-well rounded-control flex min-h-14 flex-wrap items-center gap-x-4 py-2"
    >
      <span className="link w-full font-medium sm:w-56">{children}</span>
      <span className="text-soft">{about}</span>
    </PathLink>
  </li>
);
