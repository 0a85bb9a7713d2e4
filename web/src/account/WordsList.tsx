import { Trans, useLingui } from "@lingui/react/macro";
import { useState } from "react";

import { Copyable } from "../shell/Copyable.tsx";

/**
 * The twelve words. They cannot be marked or copied until the reader says so: what is copied can
 * be read by other programs, and some devices send it on to others.
 */
export function WordsList({ words }: { words: string }) {
  const { t } = useLingui();
  const [copies, setCopies] = useState(false);
  return (
    <>
      <ol
        dir="ltr"
        translate="no"
        aria-label={t`Your 12 words`}
        className="mt-5 grid list-none grid-cols-2 gap-2 select-none sm:grid-cols-3"
      >
        {words.split(" ").map((word, at) => (
          <li key={at} className="bg-well rounded-control flex gap-3 px-3 py-2.5 font-mono">
            <span className="text-soft figures w-5 text-end">{at + 1}</span>
            <span>{word}</span>
          </li>
        ))}
      </ol>
      <div className="mt-3">
        {copies ? (
          <Copyable text={words} label={t`Your 12 words`} wraps />
        ) : (
          <button
            type="button"
            className="link min-h-11 text-start"
            onClick={() => setCopies(true)}
          >
            <Trans>Let me copy them</Trans>
          </button>
        )}
        <p className="text-13 text-soft">
          <Trans>
            Paper is safer: what is copied can be read by other programs, and may be sent to your
            other devices.
          </Trans>
        </p>
      </div>
    </>
  );
}
