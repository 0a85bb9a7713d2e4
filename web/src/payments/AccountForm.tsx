import { Trans } from "@lingui/react/macro";
import { useId, useRef, useState, type ReactNode } from "react";

import { LONGEST_LABEL } from "../sealing/paymentAccounts.ts";
import { FaultWords } from "./Fault.tsx";
import type { Method } from "./queries.ts";
import type { Fault } from "./rules/fault.ts";
import { checkAccount, type Field, type Fields } from "./rules/fields.ts";

export interface Filled {
  readonly label: string;
  readonly fields: Fields;
}

interface Props {
  method: Method;
  initial?: Filled;
  /** What the button says. */
  action: ReactNode;
  pending: boolean;
  /** Called with entries in their normal form only. */
  submit: (filled: Filled) => void;
  /** Left out where there is nothing to go back to. */
  cancel: (() => void) | undefined;
  /** Beside the buttons: what failed, what else can be chosen. */
  children?: ReactNode;
}

/** The form of a payment account, made of what the method asks for; faults are told at the field. */
export function AccountForm({ method, initial, action, pending, submit, cancel, children }: Props) {
  const id = useId();
  const form = useRef<HTMLFormElement>(null);
  const [label, setLabel] = useState(initial?.label ?? "");
  const [entries, setEntries] = useState<Fields>(initial?.fields ?? {});
  const [faults, setFaults] = useState<ReadonlyMap<string, Fault>>(new Map());

  const change = (name: string, value: string) => {
    setEntries({ ...entries, [name]: value });
    setFaults(new Map([...faults].filter(([each]) => each !== name)));
  };
  const send = () => {
    const checked = checkAccount(method, entries);
    if (checked.fields !== null) {
      submit({ label: label.trim(), fields: checked.fields });
      return;
    }
    setFaults(checked.faults);
    const [first = ""] = checked.faults.keys();
    form.current?.querySelector<HTMLElement>(`[name="${CSS.escape(first)}"]`)?.focus();
  };
  return (
    <form
      ref={form}
      noValidate
      autoComplete="off"
      className="mt-4 grid max-w-xl gap-4"
      onSubmit={(event) => {
        event.preventDefault();
        send();
      }}
    >
      {method.fields.map((field) => (
        <Entry
          key={field.name}
          id={`${id}-${field.name}`}
          field={field}
          value={entries[field.name] ?? ""}
          fault={faults.get(field.name)}
          change={(value) => change(field.name, value)}
        />
      ))}
      <label>
        <span className="label">
          <Trans>What you call it (optional, sealed too)</Trans>
        </span>
        <input
          className="control w-full"
          maxLength={LONGEST_LABEL}
          value={label}
          onChange={(event) => setLabel(event.target.value)}
        />
      </label>
      {children}
      <div className="flex flex-wrap gap-3">
        <button type="submit" className="button button-main" aria-disabled={pending}>
          {pending ? <Trans>One moment…</Trans> : action}
        </button>
        {cancel && (
          <button type="button" className="button button-quiet" onClick={cancel}>
            <Trans>Cancel</Trans>
          </button>
        )}
      </div>
    </form>
  );
}

interface EntryProps {
  id: string;
  field: Field;
  value: string;
  fault: Fault | undefined;
  change: (value: string) => void;
}

function Entry({ id, field, value, fault, change }: EntryProps) {
  const shared = {
    id,
    name: field.name,
    className: "control w-full",
    value,
    "aria-invalid": fault !== undefined,
    "aria-required": field.required,
    ...(fault && { "aria-describedby": `${id}-fault` }),
    onChange: (event: { target: { value: string } }) => change(event.target.value),
  };
  return (
    <div>
      <label htmlFor={id} className="label">
        {field.required ? (
          <bdi>{field.label}</bdi>
        ) : (
          <Trans>
            <bdi>{field.label}</bdi> (optional)
          </Trans>
        )}
      </label>
      {field.kind === "choice" ? (
        <select {...shared}>
          <option value="" />
          {field.options.map((option) => (
            <option key={option.value} value={option.value}>
              {option.label}
            </option>
          ))}
        </select>
      ) : (
        <input {...shared} autoComplete="off" spellCheck={false} maxLength={500} dir="auto" />
      )}
      {fault && (
        <p id={`${id}-fault`} className="text-stop text-13 mt-1">
          <FaultWords fault={fault} />
        </p>
      )}
    </div>
  );
}
