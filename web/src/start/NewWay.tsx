import { Trans, useLingui } from "@lingui/react/macro";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useRef, useState } from "react";

import { backupQuery } from "../account/backup.ts";
import {
  keepOpening,
  keptOpening,
  keptWallet,
  type KeptVault,
  type Opening,
} from "../account/device.ts";
import { UnlockForm } from "../account/UnlockForm.tsx";
import { WalletTrouble } from "../account/WalletTrouble.tsx";
import { exchangeQuery } from "../api/queries.ts";
import { Value } from "../shell/Value.tsx";
import type { Opener } from "../wallet/vault.ts";
import { newWords } from "../wallet/words.ts";
import { ConfirmStep } from "./ConfirmStep.tsx";
import { NameStep, type NameTrouble } from "./NameStep.tsx";
import { NameUnavailable, open, prepare, takeUp, type Ready } from "./opening.ts";
import { Step } from "./Step.tsx";
import { WordsStep } from "./WordsStep.tsx";

/** What is known before: of who comes back to an account without a wallet, or with his words. */
export interface Preset {
  readonly name?: string;
  readonly opener?: Opener;
  /** Words that need no confirming: their owner has just written them. */
  readonly words?: string;
}

/** That an account is made here; whether its backup is at the exchange, once that is known. */
export interface Made {
  readonly backedUp: boolean | null;
}

interface Props {
  preset?: Preset;
  made: (made: Made) => void;
}

type At = "resume" | "name" | "words" | "confirm" | "making";

/**
 * A wallet made here, and its account. The words are in memory only until they are confirmed and
 * sealed: a reload before that begins anew, one after it goes on from what was sealed.
 */
export function NewWay({ preset = {}, made }: Props) {
  const client = useQueryClient();
  const [unfinished, setUnfinished] = useState(findUnfinished);
  const [name, setName] = useState(preset.name ?? "");
  const [opener, setOpener] = useState(preset.opener);
  const [words, setWords] = useState(() => preset.words ?? newWords());
  const [isConfirmed, setConfirmed] = useState(preset.words !== undefined);
  const [trouble, setTrouble] = useState<NameTrouble>(null);
  const [at, setAt] = useState<At>(unfinished ? "resume" : preset.opener ? "words" : "name");
  const ready = useRef<Ready | null>(null);

  const making = useMutation({
    mutationFn: async (prepared: () => Promise<Ready>) => {
      ready.current ??= await prepared();
      const { chain } = await client.fetchQuery(exchangeQuery);
      return open(ready.current, chain.chain_id);
    },
    onSuccess: ({ backedUp }) => {
      void client.invalidateQueries({ queryKey: backupQuery.queryKey });
      made({ backedUp });
    },
    onError: (error) => {
      if (error instanceof NameUnavailable && ready.current !== null) {
        // The words stay: only the name is another, and with it what locks them.
        setName(ready.current.opening.name);
        setWords(ready.current.words);
        setConfirmed(true);
        setTrouble(error.reserved ? "reserved" : "taken");
        begunAnew();
      }
    },
  });
  const begunAnew = () => {
    ready.current = null;
    keepOpening(null);
    setUnfinished(null);
    setAt("name");
  };
  const make = (prepared: () => Promise<Ready>) => {
    setAt("making");
    made({ backedUp: null });
    making.mutate(prepared);
  };

  if (at === "resume" && unfinished !== null) {
    const { opening, kept } = unfinished;
    return (
      <Resume
        name={opening.name}
        kept={kept}
        anew={begunAnew}
        open={async (by) => {
          const one = await takeUp(opening, kept.vault, by);
          make(() => Promise.resolve(one));
        }}
      />
    );
  }
  if (at === "words") {
    return <WordsStep words={words} done={() => setAt("confirm")} />;
  }
  if (at === "confirm" && opener !== undefined) {
    const done = () => {
      setConfirmed(true);
      make(() => prepare(words, name, opener));
    };
    return <ConfirmStep words={words} back={() => setAt("words")} done={done} />;
  }
  if (at === "making") {
    const again = () => making.variables && making.mutate(making.variables);
    return <Making error={making.error} again={again} />;
  }
  return (
    <NameStep
      name={name}
      trouble={trouble}
      done={(chosen, by) => {
        setName(chosen);
        setOpener(by);
        if (isConfirmed) {
          make(() => prepare(words, chosen, by));
        } else {
          setAt("words");
        }
      }}
    />
  );
}

/** The account that was begun on this device, where its sealed wallet is there too. */
function findUnfinished(): { opening: Opening; kept: KeptVault } | null {
  const opening = keptOpening();
  const kept = opening && keptWallet(opening.address);
  return opening !== null && kept?.kind === "built-in" ? { opening, kept } : null;
}

interface ResumeProps {
  name: string;
  kept: KeptVault;
  open: (opener: Opener) => Promise<void>;
  anew: () => void;
}

function Resume({ name, kept, open: opened, anew }: ResumeProps) {
  const { t } = useLingui();
  return (
    <Step
      name={t`Finish your account`}
      title={<Trans>Finish your account</Trans>}
      lead={
        <Trans>
          You began to make <Value>{name}</Value> on this device. Open its wallet, and it goes on
          from there.
        </Trans>
      }
    >
      <UnlockForm kept={kept} open={opened} />
      <button type="button" className="button button-quiet mt-3 w-full" onClick={anew}>
        <Trans>Begin anew with other words</Trans>
      </button>
    </Step>
  );
}

function Making({ error, again }: { error: unknown; again: () => void }) {
  const { t } = useLingui();
  return (
    <Step name={t`Making your account`} title={<Trans>Making your account</Trans>}>
      {error == null ? (
        <p role="status" className="text-17 text-soft">
          <Trans>
            Your words are being locked, then the account is made and the wallet proven to be yours.
            This takes some seconds.
          </Trans>
        </p>
      ) : (
        <>
          <p className="text-17">
            <Trans>
              It is not finished. Your wallet is sealed on this device, so nothing is lost.
            </Trans>
          </p>
          <WalletTrouble error={error} />
          <button type="button" className="button button-main text-17 mt-5 w-full" onClick={again}>
            <Trans>Try again</Trans>
          </button>
        </>
      )}
    </Step>
  );
}
