import { Trans } from "@lingui/react/macro";
import { useEffect, useRef } from "react";

import { Copyable } from "../shell/Copyable.tsx";

interface SecretProps {
  text: string;
  label: string;
  /** The reader has it. */
  done: () => void;
}

/** A secret that the exchange tells this once. It is in no cache, and gone with this view. */
export function Secret({ text, label, done }: SecretProps) {
  const head = useRef<HTMLHeadingElement>(null);
  useEffect(() => head.current?.focus(), []);
  return (
    <section className="card border-wait mt-6">
      <h2 ref={head} tabIndex={-1} className="text-20 font-semibold">
        <Trans>Copy it now: it is shown this once</Trans>
      </h2>
      <p className="text-soft mt-2 mb-4 max-w-prose">
        <Trans>
          Whoever has it can do what it is for. Nobody of this exchange will ever ask you for it.
        </Trans>
      </p>
      <Copyable text={text} label={label} />
      <button type="button" className="button button-main mt-4" onClick={done}>
        <Trans>I have it</Trans>
      </button>
    </section>
  );
}
