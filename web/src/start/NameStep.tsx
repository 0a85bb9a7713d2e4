import { Trans, useLingui } from "@lingui/react/macro";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useRef, useState, type ReactNode } from "react";

import { PassphraseField } from "../account/PassphraseField.tsx";
import { WalletTrouble } from "../account/WalletTrouble.tsx";
import { makePasskey } from "../wallet/passkey.ts";
import { passphraseFault } from "../wallet/passphrase.ts";
import type { Opener } from "../wallet/vault.ts";
import { passkeysQuery } from "./passkeys.ts";
import { Step } from "./Step.tsx";

/** The exchange's rule for names. */
const NAME = /^[a-z0-9][a-z0-9_-]{2,29}$/;

export type NameTrouble = "taken" | "reserved" | null;

interface Props {
  name: string;
  /** What the exchange had against the name. */
  trouble: NameTrouble;
  done: (name: string, opener: Opener) => void;
}

/** Under which name one trades, and what locks the wallet: a passphrase, or a passkey. */
export function NameStep({ name: first, trouble, done }: Props) {
  const { t } = useLingui();
  const [name, setName] = useState(first);
  const [refused, setRefused] = useState(trouble === null ? null : { name: first, trouble });
  const [passphrase, setPassphrase] = useState("");
  const [checked, setChecked] = useState(false);
  const [byPasskey, setByPasskey] = useState(false);
  const passkeys = useQuery(passkeysQuery);
  const nameField = useRef<HTMLInputElement>(null);
  const passphraseField = useRef<HTMLInputElement>(null);

  const nameWrong = refused?.name === name ? refused.trouble : NAME.test(name) ? null : "form";
  const fault = byPasskey ? null : passphraseFault(passphrase, name);
  const going = useMutation({
    mutationFn: async () =>
      byPasskey ? await makePasskey(name) : ({ kind: "passphrase", name, passphrase } as const),
    onSuccess: (opener) => done(name, opener),
  });
  const submit = () => {
    setChecked(true);
    if (nameWrong !== null) {
      nameField.current?.focus();
    } else if (fault !== null) {
      passphraseField.current?.focus();
    } else if (!going.isPending) {
      going.mutate();
    }
  };
  return (
    <Step
      name={t`Create one here`}
      title={<Trans>Your name and its lock</Trans>}
      lead={<Trans>Others see the name. The lock is for you alone: nobody can reset it.</Trans>}
    >
      <form
        noValidate
        className="grid gap-6"
        onSubmit={(event) => {
          event.preventDefault();
          submit();
        }}
      >
        <NameField
          value={name}
          ref={nameField}
          wrong={checked || refused !== null ? nameWrong : null}
          onChange={(text) => {
            setName(text);
            setRefused(refused?.name === text ? refused : null);
          }}
        />
        {passkeys.data === true && <LockChoice byPasskey={byPasskey} choose={setByPasskey} />}
        {byPasskey ? (
          <p className="text-soft">
            <Trans>
              Your device makes a passkey and asks for your finger, face or code. Whoever can use it
              can open the wallet.
            </Trans>
          </p>
        ) : (
          <PassphraseField
            name={name}
            isNew
            value={passphrase}
            onChange={setPassphrase}
            ref={passphraseField}
            wrong={checked && fault !== null && <Fault fault={fault} />}
            hint={<Strength length={passphrase.length} />}
          />
        )}
        <WalletTrouble error={going.error} />
        <button
          type="submit"
          className="button button-main text-17 w-full"
          aria-disabled={going.isPending}
        >
          {going.isPending ? <Trans>Making the passkey…</Trans> : <Trans>Continue</Trans>}
        </button>
      </form>
    </Step>
  );
}

interface NameFieldProps {
  value: string;
  wrong: "form" | NameTrouble;
  onChange: (text: string) => void;
  ref: React.Ref<HTMLInputElement>;
}

function NameField({ value, wrong, onChange, ref }: NameFieldProps) {
  return (
    <div>
      <label htmlFor="name" className="label">
        <Trans>Name</Trans>
      </label>
      <input
        id="name"
        ref={ref}
        className="control w-full"
        autoComplete="username"
        autoCapitalize="none"
        spellCheck={false}
        maxLength={30}
        required
        value={value}
        aria-invalid={wrong !== null}
        aria-describedby="name-about"
        onChange={(event) => onChange(event.target.value.toLowerCase().trim())}
      />
      <p id="name-about" className={`text-13 mt-1 ${wrong === null ? "text-soft" : "text-stop"}`}>
        {wrong === "taken" ? (
          <span role="alert">
            <Trans>
              This name belongs to somebody else. Choose another; your words stay as they are.
            </Trans>
          </span>
        ) : wrong === "reserved" ? (
          <span role="alert">
            <Trans>This name could be taken for the exchange itself. Choose another.</Trans>
          </span>
        ) : (
          <Trans>
            3 to 30 small letters, digits, hyphens or underscores, a letter or digit first.
          </Trans>
        )}
      </p>
    </div>
  );
}

/** Told by its length only: what it is made of is nobody's business. */
function Strength({ length }: { length: number }): ReactNode {
  const left = 15 - length;
  if (length === 0) {
    return <Trans>15 characters or more. Several unusual words are easy to keep in mind.</Trans>;
  }
  if (left > 0) {
    return <Trans>Too short so far: 15 characters or more.</Trans>;
  }
  return length < 24 ? (
    <Trans>Long enough. A few words more make it strong.</Trans>
  ) : (
    <Trans>Strong by its length.</Trans>
  );
}

function Fault({ fault }: { fault: "short" | "long" | "easy" }) {
  if (fault === "short") {
    return <Trans>A passphrase has 15 characters or more.</Trans>;
  }
  return fault === "long" ? (
    <Trans>A passphrase has 128 characters or fewer.</Trans>
  ) : (
    <Trans>This one repeats itself, or is little more than your name. Choose another.</Trans>
  );
}

const CHOICE =
  "border-edge rounded-control bg-sheet has-checked:border-brand has-checked:bg-brand-wash has-focus-visible:outline-brand flex min-h-11 cursor-pointer items-center gap-3 border px-4 has-focus-visible:outline-2 has-focus-visible:outline-offset-2";

function LockChoice({ byPasskey, choose }: { byPasskey: boolean; choose: (is: boolean) => void }) {
  return (
    <fieldset>
      <legend className="label">
        <Trans>What locks the wallet</Trans>
      </legend>
      <div className="grid gap-3 sm:grid-cols-2">
        {[false, true].map((each) => (
          <label key={String(each)} className={CHOICE}>
            <input
              type="radio"
              name="lock"
              className="accent-brand size-5"
              checked={byPasskey === each}
              onChange={() => choose(each)}
            />
            {each ? <Trans>A passkey</Trans> : <Trans>A passphrase</Trans>}
          </label>
        ))}
      </div>
    </fieldset>
  );
}
