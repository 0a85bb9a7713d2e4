import { Trans } from "@lingui/react/macro";
import { Link } from "@tanstack/react-router";
import { useEffect, useRef, useState, type ReactNode } from "react";

import { useFormat } from "../language/format.ts";
import { Value } from "../shell/Value.tsx";
import { leaveTour } from "./state.ts";

interface Stop {
  readonly name: ReactNode;
  readonly text: ReactNode;
  /** The page that it is about, where there is one. */
  readonly to?: "/" | "/wallet" | "/settings";
}

const STOPS: readonly Stop[] = [
  {
    name: <Trans>The offers</Trans>,
    text: (
      <Trans>
        Here people say at which price they buy or sell. Write how much you want: the best price for
        it comes first.
      </Trans>
    ),
    to: "/",
  },
  {
    name: <Trans>An offer</Trans>,
    text: (
      <Trans>
        It says the price, the limits and how money is paid. You see what your amount comes to
        before you take it.
      </Trans>
    ),
  },
  {
    name: <Trans>The escrow</Trans>,
    text: (
      <Trans>
        The seller locks the coins in a contract, and the buyer pays him directly. The exchange has
        neither the money nor the coins.
      </Trans>
    ),
  },
  {
    name: <Trans>Your wallet</Trans>,
    text: (
      <Trans>
        What you buy comes into your own wallet. Its 12 words are the last way back to it, so keep
        them on paper.
      </Trans>
    ),
    to: "/wallet",
  },
  {
    name: <Trans>Settings</Trans>,
    text: (
      <Trans>
        Language and theme are there. This tour stays behind “How it works” above the offers.
      </Trans>
    ),
    to: "/settings",
  },
];

/** Five cards beside the page, which can be used meanwhile; Escape or a button leaves them. */
export function Tour() {
  const format = useFormat();
  const [at, setAt] = useState(0);
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    const before = document.activeElement;
    return () => {
      if (before instanceof HTMLElement) {
        setTimeout(() => before.focus());
      }
    };
  }, []);
  useEffect(() => heading.current?.focus({ preventScroll: true }), [at]);
  const stop = STOPS[at];
  const isLast = at === STOPS.length - 1;
  const [now, all] = [format.count(at + 1), format.count(STOPS.length)];
  return (
    <section
      role="dialog"
      aria-labelledby="tour"
      aria-describedby="tour-text"
      onKeyDown={({ key }) => key === "Escape" && leaveTour()}
      className="bg-sheet border-edge rounded-card fixed inset-x-4 bottom-24 z-30 mx-auto max-w-sm border p-5 shadow-lg sm:start-auto sm:end-6 sm:bottom-6 sm:mx-0"
    >
      <p className="text-13 text-soft">
        <Trans>
          <Value>{now}</Value> of <Value>{all}</Value>
        </Trans>
      </p>
      <h2 id="tour" ref={heading} tabIndex={-1} className="text-20 font-semibold">
        {stop?.name}
      </h2>
      <p id="tour-text" className="mt-1">
        {stop?.text}
      </p>
      {stop?.to && (
        <Link to={stop.to} className="link inline-flex min-h-11 items-center">
          <Trans>Go there</Trans>
        </Link>
      )}
      <div className="mt-3 flex flex-wrap gap-2">
        <button
          type="button"
          className="button button-main grow"
          onClick={() => (isLast ? leaveTour() : setAt(at + 1))}
        >
          {isLast ? <Trans>Done</Trans> : <Trans>Next</Trans>}
        </button>
        {at > 0 && (
          <button type="button" className="button button-quiet" onClick={() => setAt(at - 1)}>
            <Trans>Back</Trans>
          </button>
        )}
        {!isLast && (
          <button type="button" className="button button-quiet" onClick={leaveTour}>
            <Trans>Leave</Trans>
          </button>
        )}
      </div>
    </section>
  );
}
