import { Trans } from "@lingui/react/macro";
import type { ReactNode } from "react";

import type { Acting } from "./useAct.ts";

interface Props {
  acting: Acting;
  /** The name of what it does, as `Acting` has it. */
  what: string;
  quiet?: boolean;
  onClick: () => void;
  children: ReactNode;
}

/** Begins an action: it keeps the focus while that is under way, and cannot begin it again. */
export function DoButton({ acting, what, quiet = false, onClick, children }: Props) {
  const { doing } = acting;
  const busy = doing.is === "busy";
  return (
    <button
      type="button"
      className={`button ${quiet ? "button-quiet" : "button-main"} aria-disabled:opacity-60`}
      aria-disabled={busy}
      onClick={() => {
        if (!busy) {
          onClick();
        }
      }}
    >
      {busy && doing.what === what ? <Trans>One moment…</Trans> : children}
    </button>
  );
}
