import { Trans } from "@lingui/react/macro";
import type { ReactNode } from "react";

import { PathLink } from "../shell/PathLink.tsx";
import { useSession, type Session } from "./session.ts";

/** What only somebody who is signed in can see; everybody else is told how to get there. */
export function SignedIn({ children }: { children: (session: Session) => ReactNode }) {
  const session = useSession();
  if (session !== null) {
    return children(session);
  }
  return (
    <div className="mt-6">
      <p className="text-soft max-w-prose">
        <Trans>You are not signed in on this device, so there is nothing of yours to show.</Trans>
      </p>
      <PathLink path="/start" className="button button-main mt-6">
        <Trans>Sign in</Trans>
      </PathLink>
    </div>
  );
}
