import type { ReactNode } from "react";

import { Value } from "../../shell/Value.tsx";
import type { FieldName } from "./draft.ts";
import { attributes, Entry, type Part } from "./inputs.tsx";

/** The times to choose from, with one that somebody has chosen elsewhere. */
export function withOwn(times: readonly number[], chosen: string): readonly number[] {
  const own = Number(chosen);
  return own > 0 && !times.includes(own) ? [...times, own].sort((a, b) => a - b) : times;
}

interface AmountProps extends Part {
  field: Extract<FieldName, "least" | "most" | "total" | "firstLimit">;
  label: ReactNode;
}

/** An amount in the offer's unit. */
export function Amount({ field, label, draft, faults, change }: AmountProps) {
  return (
    <Entry
      field={field}
      faults={faults}
      label={
        <>
          {label} · <Value>{draft.unit === "asset" ? draft.asset : draft.currency}</Value>
        </>
      }
    >
      <input
        {...attributes(field, faults)}
        className="control figures w-full"
        inputMode="decimal"
        autoComplete="off"
        maxLength={34}
        value={draft[field]}
        onChange={(event) => change({ [field]: event.target.value })}
      />
    </Entry>
  );
}
