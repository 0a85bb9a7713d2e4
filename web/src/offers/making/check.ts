import type { Schema } from "../../api/client.ts";
import { compareDecimals, digitsOf } from "../decimals.ts";
import { isAmount, typedAmount } from "../search.ts";
import { bpsOf, type Draft, type FieldName } from "./draft.ts";

export type Step = 1 | 2 | 3 | 4;

/** What is wrong with a field; `said` are words of the exchange's. */
export type DraftFault =
  | {
      kind:
        "needed" | "number" | "price" | "margin" | "most" | "total" | "whole" | "over" | "hours";
    }
  | { kind: "fine"; digits: number }
  | { kind: "said"; text: string };

export type Faults = ReadonlyMap<FieldName, DraftFault>;

/** In which step a field is asked for. */
export function stepOf(field: FieldName): Step {
  switch (field) {
    case "direction":
    case "asset":
    case "currency":
      return 1;
    case "pricing":
    case "price":
    case "margin":
    case "limit":
    case "source":
      return 2;
    default:
      return 3;
  }
}

const PRICE = /^[0-9]{1,18}(\.[0-9]{1,12})?$/;
const MARGIN_BPS = { least: -10_000, most: 90_000 };
const WHOLE = { minTrades: 10_000, minAgeDays: 3_650 };

/** What is wrong with a draft, in the order of its steps, before the exchange is asked. */
export function faultsOf(draft: Draft, exchange: Schema["ExchangeBody"]): Faults {
  const faults = new Map<FieldName, DraftFault>();
  const fault = (field: FieldName, found: DraftFault) => faults.set(field, found);
  const price = (field: "price" | "limit") => {
    const text = typedAmount(draft[field]);
    if (!PRICE.test(text) || !/[1-9]/.test(text)) {
      fault(field, { kind: "price" });
    }
  };
  if (draft.pricing === "fixed") {
    price("price");
  } else {
    const bps = bpsOf(draft.margin);
    if (bps === null || bps < MARGIN_BPS.least || bps > MARGIN_BPS.most) {
      fault("margin", { kind: "margin" });
    }
    if (draft.limit !== "") {
      price("limit");
    }
  }
  checkAmounts(draft, exchange, fault);
  if (draft.methods.length === 0) {
    fault("methods", { kind: "needed" });
  }
  for (const [field, most] of Object.entries(WHOLE) as [keyof typeof WHOLE, number][]) {
    if (draft[field] !== "" && !(/^\d{1,5}$/.test(draft[field]) && Number(draft[field]) <= most)) {
      fault(field, { kind: "whole" });
    }
  }
  if (draft.closesAt !== "" && !(Date.parse(draft.closesAt) > Date.now())) {
    fault("closesAt", { kind: "over" });
  }
  if (draft.hours !== null && !sensible(draft.hours.spans)) {
    fault("hours", { kind: "hours" });
  }
  return faults;
}

function checkAmounts(
  draft: Draft,
  { assets, currencies }: Schema["ExchangeBody"],
  fault: (field: FieldName, found: DraftFault) => void,
): void {
  const units: readonly { code: string; decimals: number }[] =
    draft.unit === "asset" ? assets : currencies;
  const code = draft.unit === "asset" ? draft.asset : draft.currency;
  const digits = units.find((unit) => unit.code === code)?.decimals ?? 0;
  const sound = (field: "least" | "most" | "total" | "firstLimit") => {
    const text = typedAmount(draft[field]);
    const found: DraftFault | null =
      text === ""
        ? { kind: "needed" }
        : !isAmount(text)
          ? { kind: "number" }
          : digitsOf(text) > digits
            ? { kind: "fine", digits }
            : null;
    if (found !== null) {
      fault(field, found);
    }
    return found === null ? text : null;
  };
  const [least, most, total] = [sound("least"), sound("most"), sound("total")];
  if (least !== null && most !== null && compareDecimals(least, most) > 0) {
    fault("most", { kind: "most" });
  }
  if (most !== null && total !== null && compareDecimals(most, total) > 0) {
    fault("total", { kind: "total" });
  }
  if (draft.firstLimit !== "") {
    sound("firstLimit");
  }
}

const CLOCK = /^\d\d:\d\d$/;

/** Each span ends after it begins, and none of a day lies over another. */
function sensible(spans: NonNullable<Draft["hours"]>["spans"]): boolean {
  const ordered = [...spans].sort((one, other) =>
    `${one.day}${one.opens}`.localeCompare(`${other.day}${other.opens}`),
  );
  return (
    spans.length > 0 &&
    spans.length <= 21 &&
    ordered.every(({ day, opens, closes }, at) => {
      const before = ordered[at - 1];
      const written = CLOCK.test(opens) && CLOCK.test(closes);
      return written && opens < closes && (before?.day !== day || before.closes <= opens);
    })
  );
}

/** The first step with a fault; 4 where there is none. */
export function firstFaulty(faults: Faults): Step {
  return [...faults.keys()].reduce<Step>((first, field) => {
    const step = stepOf(field);
    return step < first ? step : first;
  }, 4);
}
