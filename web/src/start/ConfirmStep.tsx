import { Trans, useLingui } from "@lingui/react/macro";
import { useRef, useState } from "react";

import { Value } from "../shell/Value.tsx";
import { chosen } from "./chosen.ts";
import { Step } from "./Step.tsx";

interface Props {
  words: string;
  done: () => void;
  /** Back to the words; the next time others are asked for. */
  back: () => void;
}

/** Asks for three of the words, so that nobody goes on who has not written them down. */
export function ConfirmStep({ words, done, back }: Props) {
  const { t } = useLingui();
  const all = words.split(" ");
  const [asked] = useState(() => chosen(all.length));
  const [typed, setTyped] = useState<Readonly<Record<number, string>>>({});
  const [checked, setChecked] = useState(false);
  const form = useRef<HTMLFormElement>(null);
  const isRight = (at: number) => (typed[at] ?? "").trim().toLowerCase() === all[at];
  const submit = () => {
    const wrong = asked.find((at) => !isRight(at));
    if (wrong === undefined) {
      done();
      return;
    }
    setChecked(true);
    form.current?.querySelector<HTMLInputElement>(`#word-${wrong}`)?.focus();
  };
  return (
    <Step
      name={t`Confirm your words`}
      title={<Trans>Confirm three of them</Trans>}
      lead={<Trans>Look them up in what you have written down.</Trans>}
    >
      <form
        ref={form}
        noValidate
        className="grid gap-5"
        onSubmit={(event) => {
          event.preventDefault();
          submit();
        }}
      >
        {asked.map((at) => (
          <div key={at}>
            <label htmlFor={`word-${at}`} className="label">
              <Trans>
                Word number <Value>{at + 1}</Value>
              </Trans>
            </label>
            <input
              id={`word-${at}`}
              dir="ltr"
              className="control w-full font-mono"
              autoComplete="off"
              autoCapitalize="none"
              autoCorrect="off"
              spellCheck={false}
              maxLength={20}
              value={typed[at] ?? ""}
              aria-invalid={checked && !isRight(at)}
              aria-describedby={`word-${at}-wrong`}
              onChange={(event) => setTyped({ ...typed, [at]: event.target.value })}
            />
            <p id={`word-${at}-wrong`} className="text-13 text-stop mt-1 min-h-5">
              {checked && !isRight(at) && <Trans>It is another word.</Trans>}
            </p>
          </div>
        ))}
        <p role="status" className="sr-only">
          {checked && <Trans>Not all of the words are right.</Trans>}
        </p>
        <button type="submit" className="button button-main text-17 w-full">
          <Trans>Create my account</Trans>
        </button>
        <button type="button" className="button button-quiet w-full" onClick={back}>
          <Trans>Show the words again</Trans>
        </button>
      </form>
    </Step>
  );
}
