import { Trans } from "@lingui/react/macro";
import type { ReactNode } from "react";

import { Value } from "../../shell/Value.tsx";
import type { DraftFault, Faults } from "./check.ts";
import type { Draft, FieldName } from "./draft.ts";

/** What each part of a draft is given: what was said so far, what is wrong, and how to say more. */
export interface Part {
  readonly draft: Draft;
  readonly faults: Faults;
  readonly change: (next: Partial<Draft>) => void;
}

export const idOf = (field: FieldName) => `draft-${field}`;

/** What an input of a field has: its name for labels, and whether it is wrong. */
export function attributes(field: FieldName, faults: Faults) {
  const id = idOf(field);
  const wrong = faults.has(field);
  return {
    id,
    "aria-invalid": wrong,
    ...(wrong && { "aria-describedby": `${id}-fault` }),
  };
}

interface EntryProps {
  field: FieldName;
  label: ReactNode;
  faults: Faults;
  hint?: ReactNode;
  children: ReactNode;
}

/** A labelled input, what it means, and what is wrong with it. */
export function Entry({ field, label, faults, hint, children }: EntryProps) {
  return (
    <div className="min-w-0">
      <label htmlFor={idOf(field)} className="label">
        {label}
      </label>
      {children}
      {hint && !faults.has(field) && <p className="text-13 text-soft mt-1">{hint}</p>}
      <FaultOf field={field} faults={faults} />
    </div>
  );
}

export function FaultOf({ field, faults }: { field: FieldName; faults: Faults }) {
  const fault = faults.get(field);
  return fault === undefined ? null : (
    <p id={`${idOf(field)}-fault`} className="text-stop text-13 mt-1">
      <Words fault={fault} />
    </p>
  );
}

function Words({ fault }: { fault: DraftFault }) {
  switch (fault.kind) {
    case "needed":
      return <Trans>This is needed.</Trans>;
    case "number":
      return <Trans>Write a number, as 250 or 0.25.</Trans>;
    case "price":
      return <Trans>Write a price above zero, as 2500 or 2499.50.</Trans>;
    case "margin":
      return <Trans>Write percent with at most two digits, as 1.5 or -0.25.</Trans>;
    case "most":
      return <Trans>It cannot be less than the least.</Trans>;
    case "total":
      return <Trans>It cannot be less than the most at once.</Trans>;
    case "whole":
      return <Trans>Write a whole number that makes sense here.</Trans>;
    case "over":
      return <Trans>This moment is over.</Trans>;
    case "hours":
      return <Trans>Each span has to end after it begins, and none may lie over another.</Trans>;
    case "fine": {
      const digits = String(fault.digits);
      return (
        <Trans>
          At most <Value>{digits}</Value> digits can stand behind the point.
        </Trans>
      );
    }
    case "said":
      return (
        <bdi lang="en" translate="no">
          {fault.text}
        </bdi>
      );
  }
}

interface ChoicesProps<T extends string> {
  field: FieldName;
  legend: ReactNode;
  value: T;
  options: readonly { value: T; name: ReactNode; note?: ReactNode }[];
  disabled?: boolean;
  choose: (value: T) => void;
}

/** A few ways, of which one is chosen. */
export function Choices<T extends string>({
  field,
  legend,
  value,
  options,
  disabled = false,
  choose,
}: ChoicesProps<T>) {
  return (
    <fieldset disabled={disabled}>
      <legend className="label">{legend}</legend>
      <div className="grid gap-3 sm:grid-cols-2">
        {options.map((option) => (
          <label
            key={option.value}
            className="border-edge rounded-control bg-sheet has-checked:border-brand has-checked:bg-brand-wash has-focus-visible:outline-brand has-disabled:opacity-60 flex min-h-11 cursor-pointer gap-3 border px-4 py-2.5 has-focus-visible:outline-2 has-focus-visible:outline-offset-2"
          >
            <input
              type="radio"
              name={idOf(field)}
              className="accent-brand mt-0.5 size-5 shrink-0"
              checked={value === option.value}
              onChange={() => choose(option.value)}
            />
            <span>
              <span className="block font-semibold">{option.name}</span>
              {option.note && <span className="text-13 text-soft block">{option.note}</span>}
            </span>
          </label>
        ))}
      </div>
    </fieldset>
  );
}
