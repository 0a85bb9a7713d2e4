import { Trans } from "@lingui/react/macro";
import { useEffect, useId, useRef, type ReactNode } from "react";

import { ActionFailed } from "./ActionFailed.tsx";

interface Props {
  title: ReactNode;
  /** What it brings about. */
  children: ReactNode;
  /** What the button that does it says. */
  action: ReactNode;
  pending: boolean;
  error: Error | null;
  confirm: () => void;
  close: () => void;
}

/** Asks once before something that cannot be taken back; the focus returns to where it was. */
export function Confirm({ title, children, action, pending, error, confirm, close }: Props) {
  const dialog = useRef<HTMLDialogElement>(null);
  const name = useId();
  useEffect(() => {
    const shown = dialog.current;
    const before = document.activeElement;
    shown?.showModal();
    return () => {
      shown?.close();
      if (before instanceof HTMLElement) {
        before.focus();
      }
    };
  }, []);
  return (
    <dialog
      ref={dialog}
      aria-labelledby={name}
      className="card text-ink m-auto w-[min(28rem,calc(100vw-2rem))] backdrop:bg-black/50"
      onCancel={(event) => {
        event.preventDefault();
        close();
      }}
    >
      <h2 id={name} className="text-20 font-semibold">
        {title}
      </h2>
      <div className="text-soft mt-2">{children}</div>
      {error && <ActionFailed error={error} />}
      <div className="mt-6 flex flex-wrap justify-end gap-3">
        <button type="button" className="button button-quiet" onClick={close}>
          <Trans>Leave it</Trans>
        </button>
        <button
          type="button"
          className="button button-main"
          aria-disabled={pending}
          onClick={confirm}
        >
          {pending ? <Trans>One moment…</Trans> : action}
        </button>
      </div>
    </dialog>
  );
}
