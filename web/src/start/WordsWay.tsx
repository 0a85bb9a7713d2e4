import { Trans, useLingui } from "@lingui/react/macro";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";

import { PassphraseField } from "../account/PassphraseField.tsx";
import { WalletTrouble } from "../account/WalletTrouble.tsx";
import { exchangeQuery } from "../api/queries.ts";
import { Value } from "../shell/Value.tsx";
import { passphraseFault } from "../wallet/passphrase.ts";
import { isWords, tidyWords } from "../wallet/words.ts";
import { comeBackByWords, restore, type Bare } from "./comingBack.ts";
import { NewWay, type Made } from "./NewWay.tsx";
import { Step } from "./Step.tsx";

interface Props {
  /** Whose account it is, where the words only bring its wallet back. */
  bare?: Bare;
  back: () => void;
  made: (made: Made) => void;
}

/** A wallet by its 12 words: back into its account, or into a new one. */
export function WordsWay({ bare, back, made }: Props) {
  const { t } = useLingui();
  const client = useQueryClient();
  const [text, setText] = useState("");
  const [passphrase, setPassphrase] = useState("");
  const [isKnown, setKnown] = useState(true);
  const [checked, setChecked] = useState(false);
  const [words, setWords] = useState<string | null>(null);
  const restoring = useMutation({
    mutationFn: async () => {
      const { chain } = await client.fetchQuery(exchangeQuery);
      return bare
        ? restore(bare, tidyWords(text), chain.chain_id)
        : comeBackByWords(tidyWords(text), passphrase, chain.chain_id);
    },
  });
  if (words !== null) {
    return <NewWay preset={{ words }} made={made} />;
  }
  const needsPassphrase = !bare && isKnown;
  const fault = needsPassphrase ? passphraseFault(passphrase, "") : null;
  const submit = () => {
    setChecked(true);
    if (!isWords(text) || fault !== null || restoring.isPending) {
      return;
    }
    if (!bare && !isKnown) {
      setWords(tidyWords(text));
    } else {
      restoring.mutate();
    }
  };
  const name = bare?.signedIn.account.name;
  return (
    <Step
      name={t`Use the 12 words`}
      title={<Trans>Use the 12 words</Trans>}
      lead={
        bare ? (
          <Trans>
            The exchange has no backup of the wallet of <Value>{name}</Value>. Its words bring it
            back.
          </Trans>
        ) : (
          <Trans>They stay in this browser, where they are sealed.</Trans>
        )
      }
    >
      <form
        noValidate
        className="grid gap-5"
        onSubmit={(event) => {
          event.preventDefault();
          submit();
        }}
      >
        <div>
          <label htmlFor="words" className="label">
            <Trans>The 12 words, with a space between them</Trans>
          </label>
          <textarea
            id="words"
            dir="ltr"
            rows={3}
            className="control w-full py-2 font-mono"
            autoComplete="off"
            autoCapitalize="none"
            autoCorrect="off"
            spellCheck={false}
            maxLength={400}
            value={text}
            aria-invalid={checked && !isWords(text)}
            aria-describedby="words-wrong"
            onChange={(event) => setText(event.target.value)}
          />
          <p id="words-wrong" role="alert" className="text-13 text-stop mt-1">
            {checked && !isWords(text) && (
              <Trans>
                These are not the 12 words of a wallet: look for a word that is missing or misspelt.
              </Trans>
            )}
          </p>
        </div>
        {!bare && <Known isKnown={isKnown} choose={setKnown} />}
        {needsPassphrase && (
          <PassphraseField
            name=""
            isNew
            value={passphrase}
            onChange={setPassphrase}
            wrong={
              checked && fault !== null && <Trans>A passphrase has 15 characters or more.</Trans>
            }
            hint={<Trans>It locks the wallet on this device from now on.</Trans>}
          />
        )}
        <WalletTrouble error={restoring.error} />
        <button
          type="submit"
          className="button button-main text-17 w-full"
          aria-disabled={restoring.isPending}
        >
          {restoring.isPending ? <Trans>Opening…</Trans> : <Trans>Continue</Trans>}
        </button>
        <button type="button" className="button button-quiet w-full" onClick={back}>
          <Trans>Back</Trans>
        </button>
      </form>
    </Step>
  );
}

const CHOICE =
  "border-edge rounded-control bg-sheet has-checked:border-brand has-checked:bg-brand-wash has-focus-visible:outline-brand flex min-h-11 cursor-pointer items-center gap-3 border px-4 py-2 has-focus-visible:outline-2 has-focus-visible:outline-offset-2";

function Known({ isKnown, choose }: { isKnown: boolean; choose: (is: boolean) => void }) {
  return (
    <fieldset>
      <legend className="label">
        <Trans>Has this wallet been used on this exchange?</Trans>
      </legend>
      <div className="grid gap-2">
        {[true, false].map((each) => (
          <label key={String(each)} className={CHOICE}>
            <input
              type="radio"
              name="known"
              className="accent-brand size-5"
              checked={isKnown === each}
              onChange={() => choose(each)}
            />
            {each ? (
              <Trans>Yes: it brings me back into my account</Trans>
            ) : (
              <Trans>No: it gets a new account, with a name</Trans>
            )}
          </label>
        ))}
      </div>
    </fieldset>
  );
}
