import { Trans } from "@lingui/react/macro";
import { useId, useState, type ReactNode, type Ref } from "react";

interface Props {
  /** Under which name a password manager keeps it. */
  name: string;
  isNew?: boolean;
  /** Whether a field for the name stands before it. */
  named?: boolean;
  value: string;
  onChange: (value: string) => void;
  /** What is wrong with it, in words. */
  wrong?: ReactNode;
  hint?: ReactNode;
  ref?: Ref<HTMLInputElement>;
}

/** A passphrase: hidden until the reader looks, and known to password managers. */
export function PassphraseField({ name, isNew, named, value, onChange, wrong, hint, ref }: Props) {
  const [shown, setShown] = useState(false);
  const id = useId();
  return (
    <div>
      {/* Password managers keep a passphrase with the name that stands before it. */}
      {!isNew && !named && (
        <input
          type="text"
          autoComplete="username"
          value={name}
          readOnly
          tabIndex={-1}
          aria-hidden="true"
          className="sr-only"
        />
      )}
      <label htmlFor={id} className="label">
        <Trans>Passphrase</Trans>
      </label>
      <div className="flex gap-2">
        <input
          id={id}
          ref={ref}
          type={shown ? "text" : "password"}
          className="control w-full min-w-0"
          autoComplete={isNew ? "new-password" : "current-password"}
          autoCapitalize="none"
          spellCheck={false}
          maxLength={128}
          required
          value={value}
          aria-invalid={Boolean(wrong)}
          aria-describedby={`${id}-about`}
          onChange={(event) => onChange(event.target.value)}
        />
        <button
          type="button"
          className="button button-quiet shrink-0"
          onClick={() => setShown(!shown)}
        >
          {shown ? <Trans>Hide</Trans> : <Trans>Show</Trans>}{" "}
          <span className="sr-only">
            <Trans>Passphrase</Trans>
          </span>
        </button>
      </div>
      <div id={`${id}-about`} className="text-13 mt-1">
        {wrong ? (
          <p role="alert" className="text-stop">
            {wrong}
          </p>
        ) : (
          <div className="text-soft">{hint}</div>
        )}
      </div>
    </div>
  );
}
