import { Trans } from "@lingui/react/macro";
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";

import { Title } from "../shell/Title.tsx";

/** One part of the settings: its name, the way back, and what it is for. */
export function Part({
  name,
  about,
  children,
}: {
  name: string;
  about: ReactNode;
  children: ReactNode;
}) {
  return (
    <>
      <Link to="/settings" className="link inline-flex min-h-11 items-center">
        <Trans>All settings</Trans>
      </Link>
      <Title name={name}>{name}</Title>
      <p className="text-soft mt-3 max-w-prose">{about}</p>
      {children}
    </>
  );
}

export const Rows = () => (
  <div className="mt-6 grid gap-3" aria-busy="true">
    <div className="skeleton h-20" />
    <div className="skeleton h-20" />
    <div className="skeleton h-20" />
  </div>
);
