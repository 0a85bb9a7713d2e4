import { Trans, useLingui } from "@lingui/react/macro";
import { useState, type ReactNode } from "react";

interface Props {
  name: ReactNode;
  /** What the button copies. */
  text: string;
  /** What is shown, where that is another. */
  shown?: string;
  /** Whether it is a code or a number, for which every letter counts. */
  code?: boolean;
}

/** A value that somebody types or pastes elsewhere, with its name. */
export function CopyField({ name, text, shown = text, code = false }: Props) {
  const { t } = useLingui();
  const [copied, setCopied] = useState(false);
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text);
      setCopied(true);
    } catch {
      setCopied(false); // it can still be marked by hand
    }
  };
  return (
    <div className="border-line border-b py-2 last:border-b-0">
      <dt className="text-13 text-soft">{name}</dt>
      <dd className="flex items-center justify-between gap-3">
        <bdi
          translate="no"
          className={`min-w-0 wrap-anywhere whitespace-pre-wrap ${code ? "text-13 font-mono" : "figures font-semibold"}`}
        >
          {shown}
        </bdi>
        <button
          type="button"
          onClick={() => void copy()}
          className="button button-quiet text-13 shrink-0 px-3"
          aria-label={copied ? undefined : t`Copy ${shown}`}
        >
          <span aria-live="polite">{copied ? <Trans>Copied</Trans> : <Trans>Copy</Trans>}</span>
        </button>
      </dd>
    </div>
  );
}
