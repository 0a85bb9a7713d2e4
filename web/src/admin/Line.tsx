import { Trans } from "@lingui/react/macro";
import type { ReactNode } from "react";

interface LineProps {
  name: ReactNode;
  /** Null where it could not be looked at. */
  good: boolean | null;
  /** How it is. */
  children: ReactNode;
  /** What to do; shown where it is not well. */
  advice: ReactNode;
}

/** One part of the exchange: its name, whether it is well, its figures, and what to do. */
export function Line({ name, good, children, advice }: LineProps) {
  return (
    <li className="border-line grid gap-x-6 gap-y-2 border-b py-4 sm:grid-cols-[12rem_1fr]">
      <div>
        <h2 className="font-semibold">{name}</h2>
        {good === true ? (
          <p className="text-safe font-medium">
            <Trans>Well</Trans>
          </p>
        ) : good === false ? (
          <p className="text-stop font-medium">
            <Trans>Not well</Trans>
          </p>
        ) : (
          <p className="text-wait font-medium">
            <Trans>Not known now</Trans>
          </p>
        )}
      </div>
      <div className="max-w-prose">
        {children}
        {good === false && <p className="bg-stop-wash rounded-control mt-2 px-3 py-2">{advice}</p>}
      </div>
    </li>
  );
}
