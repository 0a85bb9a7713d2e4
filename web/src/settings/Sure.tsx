import { Trans } from "@lingui/react/macro";
import { useEffect, useId, useRef, useState, type ReactNode } from "react";

interface SureProps {
  /** What the button says, and what does it. */
  action: ReactNode;
  /** What is lost by it. */
  question: ReactNode;
  pending: boolean;
  act: () => void;
}

/** A button for what cannot be undone: it asks once more, in its place. */
export function Sure({ action, question, pending, act }: SureProps) {
  const [asked, setAsked] = useState(false);
  const first = useRef<HTMLButtonElement>(null);
  const leave = useRef<HTMLButtonElement>(null);
  const was = useRef(false);
  const id = useId();
  useEffect(() => {
    if (asked) {
      leave.current?.focus();
    } else if (was.current) {
      first.current?.focus();
    }
    was.current = asked;
  }, [asked]);
  if (!asked) {
    return (
      <button
        ref={first}
        type="button"
        className="button button-quiet"
        disabled={pending}
        onClick={() => setAsked(true)}
      >
        {action}
      </button>
    );
  }
  return (
    <div role="group" aria-labelledby={id} className="bg-stop-wash rounded-control p-4">
      <p id={id} className="max-w-prose">
        {question}
      </p>
      <div className="mt-3 flex flex-wrap gap-3">
        <button
          ref={leave}
          type="button"
          className="button button-quiet"
          onClick={() => setAsked(false)}
        >
          <Trans>Leave it</Trans>
        </button>
        <button
          type="button"
          className="button border-stop text-stop border"
          disabled={pending}
          onClick={() => {
            setAsked(false);
            act();
          }}
        >
          {action}
        </button>
      </div>
    </div>
  );
}
