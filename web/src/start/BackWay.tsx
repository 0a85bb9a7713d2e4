import { Trans, useLingui } from "@lingui/react/macro";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, useSearch } from "@tanstack/react-router";
import { useRef, useState, type ReactNode } from "react";

import { keptVaults, type KeptVault } from "../account/device.ts";
import { openKept } from "../account/openWallet.ts";
import { PassphraseField } from "../account/PassphraseField.tsx";
import { UnlockForm } from "../account/UnlockForm.tsx";
import { WalletTrouble } from "../account/WalletTrouble.tsx";
import { exchangeQuery } from "../api/queries.ts";
import { Identicon } from "../shell/Identicon.tsx";
import { short } from "../shell/short.ts";
import { Value } from "../shell/Value.tsx";
import { PassphraseWrong } from "../wallet/errors.ts";
import { usePasskey as askPasskey } from "../wallet/passkey.ts";
import { readVault, type Opener } from "../wallet/vault.ts";
import { comeBack, comeBackSealed, NotYours, type Bare } from "./comingBack.ts";
import { NewWay, type Made } from "./NewWay.tsx";
import { passkeysQuery } from "./passkeys.ts";
import { Step } from "./Step.tsx";
import { WordsWay } from "./WordsWay.tsx";

type At =
  { step: "name" | "words" } | { step: "sealed"; kept: KeptVault } | { step: "bare"; bare: Bare };

/** Back into an account: by name and passphrase, by passkey, by words, by a file, or on this device. */
export function BackWay({ made }: { made: (made: Made) => void }) {
  const [at, setAt] = useState<At>(() => {
    const [only, other] = keptVaults();
    return only && !other ? { step: "sealed", kept: only } : { step: "name" };
  });
  const back = () => setAt({ step: "name" });
  switch (at.step) {
    case "sealed":
      return <Sealed kept={at.kept} back={back} />;
    case "words":
      return <WordsWay back={back} made={made} />;
    case "bare": {
      const { signedIn, opener } = at.bare;
      return signedIn.account.wallets.length === 0 ? (
        <NewWay preset={{ name: opener.name, opener }} made={made} />
      ) : (
        <WordsWay bare={at.bare} back={back} made={made} />
      );
    }
    case "name":
      return <ByName go={setAt} />;
  }
}

function ByName({ go }: { go: (at: At) => void }) {
  const { t } = useLingui();
  const client = useQueryClient();
  const passkeys = useQuery(passkeysQuery);
  const [name, setName] = useState("");
  const [passphrase, setPassphrase] = useState("");
  const field = useRef<HTMLInputElement>(null);
  const coming = useMutation({
    mutationFn: async (ask: () => Promise<Opener>) => {
      const opener = await ask();
      const { chain } = await client.fetchQuery(exchangeQuery);
      return comeBack(opener, chain.chain_id);
    },
    onSuccess: (found) => {
      if ("opener" in found) {
        go({ step: "bare", bare: found });
      }
    },
    onError: () => field.current?.select(),
  });
  const { error, isPending } = coming;
  const send = (ask: () => Promise<Opener>) => {
    if (!isPending) {
      coming.mutate(ask);
    }
  };
  return (
    <Step
      name={t`I have one already`}
      title={<Trans>Welcome back</Trans>}
      lead={
        <Trans>
          Your passphrase stays in this browser: the exchange gets a secret that is made of it, and
          gives back your sealed wallet.
        </Trans>
      }
    >
      <OnThisDevice go={go} />
      <form
        className="grid gap-5"
        onSubmit={(event) => {
          event.preventDefault();
          send(() => Promise.resolve({ kind: "passphrase", name, passphrase }));
        }}
      >
        <label>
          <span className="label">
            <Trans>Name</Trans>
          </span>
          <input
            className="control w-full"
            autoComplete="username"
            autoCapitalize="none"
            spellCheck={false}
            maxLength={30}
            required
            pattern="[a-z0-9][a-z0-9_\-]{2,29}"
            value={name}
            onChange={(event) => setName(event.target.value.toLowerCase().trim())}
          />
        </label>
        <PassphraseField
          name={name}
          named
          value={passphrase}
          onChange={setPassphrase}
          ref={field}
          wrong={
            error instanceof NotYours && (
              <Trans>The name and the passphrase do not belong together.</Trans>
            )
          }
        />
        {error instanceof PassphraseWrong ? (
          <p role="alert" className="text-stop">
            <Trans>
              You are who you say, but the backup was sealed with another lock. Your 12 words bring
              the wallet back.
            </Trans>
          </p>
        ) : (
          !(error instanceof NotYours) && <WalletTrouble error={error} />
        )}
        <button
          type="submit"
          className="button button-main text-17 w-full"
          aria-disabled={isPending}
        >
          {isPending ? <Trans>Opening…</Trans> : <Trans>Continue</Trans>}
        </button>
      </form>
      <Others go={go} passkey={passkeys.data === true ? () => send(askPasskey) : null} />
    </Step>
  );
}

/** Wallets that were made on this device: they open without being asked for a name. */
function OnThisDevice({ go }: { go: (at: At) => void }) {
  const kept = keptVaults();
  if (kept.length === 0) {
    return null;
  }
  return (
    <section aria-labelledby="here" className="mb-8">
      <h2 id="here" className="label">
        <Trans>On this device</Trans>
      </h2>
      <ul className="grid gap-2">
        {kept.map((each) => (
          <li key={each.vault.address}>
            <button
              type="button"
              className="bg-sheet border-edge hover:border-ink rounded-control flex min-h-14 w-full items-center gap-3 border px-4 text-start"
              onClick={() => go({ step: "sealed", kept: each })}
            >
              <Identicon id={each.vault.address} size={28} />
              <span className="grow font-semibold">
                <Value>{each.vault.lock.name}</Value>
              </span>
              <span className="text-13 text-soft">
                <Value>{short(each.vault.address)}</Value>
              </span>
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}

function Others({ go, passkey }: { go: (at: At) => void; passkey: (() => void) | null }) {
  const { then } = useSearch({ from: "/start" });
  const [damaged, setDamaged] = useState(false);
  const line = "link flex min-h-11 cursor-pointer items-center text-start";
  const read = async (file: File | undefined) => {
    try {
      const vault = readVault(await file?.text());
      go({ step: "sealed", kept: { kind: "built-in", vault } });
    } catch {
      setDamaged(true);
    }
  };
  return (
    <div className="mt-6">
      {passkey && (
        <button type="button" className={line} onClick={passkey}>
          <Trans>Use a passkey</Trans>
        </button>
      )}
      <button type="button" className={line} onClick={() => go({ step: "words" })}>
        <Trans>Use the 12 words</Trans>
      </button>
      <label className={`${line} has-focus-visible:outline-brand has-focus-visible:outline-2`}>
        <Trans>Open a backup file</Trans>
        <input
          type="file"
          accept=".json,application/json"
          className="sr-only"
          onChange={(event) => void read(event.target.files?.[0])}
        />
      </label>
      {damaged && (
        <p role="alert" className="text-stop">
          <Trans>This file is no backup of a wallet.</Trans>
        </p>
      )}
      <Link to="/start" search={then === undefined ? {} : { then }} className={line}>
        <Trans>Another way to start</Trans>
      </Link>
    </div>
  );
}

/** A sealed wallet that is at hand: what opens it signs in by it. */
function Sealed({ kept, back }: { kept: KeptVault; back: () => void }): ReactNode {
  const { t } = useLingui();
  const client = useQueryClient();
  const { name } = kept.vault.lock;
  return (
    <Step
      name={t`I have one already`}
      title={<Trans>Welcome back</Trans>}
      lead={
        <Trans>
          Open the wallet of <Value>{name}</Value>, <Value>{short(kept.vault.address)}</Value>.
        </Trans>
      }
    >
      <UnlockForm
        kept={kept}
        open={async (opener) => {
          const { chain } = await client.fetchQuery(exchangeQuery);
          const wallet = await openKept(kept, opener, chain.chain_id);
          await comeBackSealed(wallet, kept.vault, chain.chain_id);
        }}
      />
      <button type="button" className="link mt-3 min-h-11" onClick={back}>
        <Trans>Another account</Trans>
      </button>
    </Step>
  );
}
