import { Trans } from "@lingui/react/macro";
import { useState } from "react";

interface Props {
  text: string;
  label: string;
  /** Whether all of it has to be seen at once, as of an address that is compared. */
  wraps?: boolean;
}

/** A code that is meant to be pasted elsewhere. */
export function Copyable({ text, label, wraps = false }: Props) {
  const [copied, setCopied] = useState(false);
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text);
      setCopied(true);
    } catch {
      setCopied(false); // the text can still be marked by hand
    }
  };
  return (
    // A code runs from left to right in every language, and its button stands at its end.
    <div dir="ltr" className="bg-well rounded-control relative">
      <pre
        translate="no"
        tabIndex={0}
        role="group"
        aria-label={label}
        className={`text-13 overflow-x-auto p-4 pb-14 font-mono leading-6 sm:pb-4 sm:pe-28 ${wraps ? "break-all whitespace-pre-wrap" : ""}`}
      >
        {text}
      </pre>
      <button
        type="button"
        onClick={copy}
        className="button button-quiet bg-sheet text-13 absolute end-2 bottom-2 px-4 sm:top-2 sm:bottom-auto"
      >
        <span aria-live="polite">{copied ? <Trans>Copied</Trans> : <Trans>Copy</Trans>}</span>
      </button>
    </div>
  );
}
