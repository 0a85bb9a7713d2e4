import { Trans } from "@lingui/react/macro";
import { useId, useLayoutEffect, useRef, type ReactNode } from "react";

interface Props {
  head: ReactNode;
  children: ReactNode;
  /** What the button says that does it; the same words as the one that asked. */
  confirm: ReactNode;
  /** Whether it can be done as it stands. */
  ready?: boolean;
  onConfirm: () => void;
  onLeave: () => void;
}

/** Asks once before something is signed. The focus goes into it, and back to where it was. */
export function Ask({ head, children, confirm, ready = true, onConfirm, onLeave }: Props) {
  const dialog = useRef<HTMLDialogElement>(null);
  const id = useId();
  useLayoutEffect(() => {
    const element = dialog.current;
    element?.showModal();
    return () => element?.close();
  }, []);
  return (
    <dialog
      ref={dialog}
      aria-labelledby={id}
      className="bg-sheet text-ink border-line rounded-card m-auto w-full max-w-md border p-5 backdrop:bg-black/50 sm:p-6"
      onCancel={(event) => {
        event.preventDefault();
        onLeave();
      }}
    >
      <form
        method="dialog"
        onSubmit={(event) => {
          event.preventDefault();
          if (ready) {
            onConfirm();
          }
        }}
      >
        <h2 id={id} className="text-20 font-semibold text-balance">
          {head}
        </h2>
        <div className="mt-3 grid gap-3">{children}</div>
        <div className="mt-6 flex flex-wrap justify-end gap-3">
          <button type="button" className="button button-quiet" onClick={onLeave}>
            <Trans>Not now</Trans>
          </button>
          <button type="submit" className="button button-main" disabled={!ready}>
            {confirm}
          </button>
        </div>
      </form>
    </dialog>
  );
}
