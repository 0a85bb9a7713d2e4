import { Trans, useLingui } from "@lingui/react/macro";

import { WordsList } from "../account/WordsList.tsx";
import { Step } from "./Step.tsx";

/** The new wallet's words, to be written down. They are in no storage until they are sealed. */
export function WordsStep({ words, done }: { words: string; done: () => void }) {
  const { t } = useLingui();
  return (
    <Step
      name={t`Your 12 words`}
      title={<Trans>Write down these 12 words</Trans>}
      lead={
        <Trans>
          They are your wallet. Whoever has them has your coins, and if you forget your lock, only
          they bring them back.
        </Trans>
      }
    >
      <WordsList words={words} />
      <button type="button" className="button button-main text-17 mt-6 w-full" onClick={done}>
        <Trans>I have written them down</Trans>
      </button>
    </Step>
  );
}
