import { Trans } from "@lingui/react/macro";
import { Link, useLocation } from "@tanstack/react-router";
import type { ReactNode } from "react";

/** A page that is somebody's own, before it is known whose: why, and the way in and back. */
export function SignInFirst({ children }: { children: ReactNode }) {
  return (
    <div className="border-line mt-6 border-y py-12 text-center">
      <p className="text-17 mx-auto max-w-prose">{children}</p>
      <StartLink className="button button-main mt-6">
        <Trans>Sign in or begin</Trans>
      </StartLink>
    </div>
  );
}

interface StartLinkProps {
  className: string;
  /** Where to come back to; without it to where one is. */
  then?: string;
  children: ReactNode;
}

/** Leads to where one signs in or gets an account, and back from there. */
export function StartLink({ className, then, children }: StartLinkProps) {
  const here = useLocation({ select: ({ href }) => href });
  return (
    <Link to="/start" search={{ then: then ?? here }} className={className}>
      {children}
    </Link>
  );
}
