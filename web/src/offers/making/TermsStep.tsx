import { Trans, useLingui } from "@lingui/react/macro";

import type { Format } from "../../language/format.ts";
import { Amount, withOwn } from "./Amount.tsx";
import { attributes, Entry, type Part } from "./inputs.tsx";
import { MethodChoice } from "./MethodChoice.tsx";
import { More } from "./More.tsx";

/** As many letters as the exchange takes. */
const MAX_TERMS = 2_000;
/** Seconds: from a quarter of an hour to two weeks. */
const PAYMENT_TIMES = [900, 1_800, 3_600, 5_400, 7_200, 10_800, 21_600, 43_200, 86_400, 172_800];
const LONG_TIMES = [259_200, 432_000, 604_800, 1_209_600];

interface Props extends Part {
  format: Format;
  /** Whether this is an offer that is there already. */
  edited: boolean;
}

/** How much, by which methods, and on what terms. */
export function TermsStep({ draft, faults, change, format, edited }: Props) {
  const { t } = useLingui();
  return (
    <div className="grid gap-6">
      <fieldset>
        <legend className="label">
          <Trans>How much</Trans>
        </legend>
        <div className="grid items-start gap-5 sm:grid-cols-3">
          <Amount
            field="least"
            label={<Trans>Least at once</Trans>}
            {...{ draft, faults, change }}
          />
          <Amount field="most" label={<Trans>Most at once</Trans>} {...{ draft, faults, change }} />
          <Amount
            field="total"
            label={<Trans>Over all trades</Trans>}
            {...{ draft, faults, change }}
          />
        </div>
        <label className="mt-3 flex flex-wrap items-center gap-3">
          <span className="text-13 text-soft">
            <Trans>These amounts are in</Trans>
          </span>
          <select
            className="control"
            translate="no"
            value={draft.unit}
            onChange={(event) =>
              change({
                unit: event.target.value === "asset" ? "asset" : "currency",
                least: "",
                most: "",
                total: "",
                firstLimit: "",
                sharesWith: "",
              })
            }
          >
            <option value="currency">{draft.currency}</option>
            <option value="asset">{draft.asset}</option>
          </select>
        </label>
      </fieldset>
      <MethodChoice draft={draft} faults={faults} change={change} format={format} />
      <Entry
        field="paymentS"
        label={<Trans>Time to pay</Trans>}
        faults={faults}
        hint={<Trans>It begins when the coins are locked.</Trans>}
      >
        <select
          {...attributes("paymentS", faults)}
          className="control w-full sm:max-w-xs"
          value={draft.paymentS}
          onChange={(event) => change({ paymentS: event.target.value })}
        >
          {!edited && <option value="">{t`As long as the methods usually need`}</option>}
          {withOwn([...PAYMENT_TIMES, ...LONG_TIMES], draft.paymentS).map((seconds) => (
            <option key={seconds} value={seconds} translate="no">
              {format.duration(seconds)}
            </option>
          ))}
        </select>
      </Entry>
      <Entry
        field="terms"
        label={<Trans>Your terms, in words (optional)</Trans>}
        faults={faults}
        hint={<Trans>Everybody can read them. Your account number does not belong here.</Trans>}
      >
        <textarea
          {...attributes("terms", faults)}
          className="control w-full py-2"
          rows={3}
          maxLength={MAX_TERMS}
          dir="auto"
          value={draft.terms}
          onChange={(event) => change({ terms: event.target.value })}
        />
      </Entry>
      <More draft={draft} faults={faults} change={change} format={format} edited={edited} />
    </div>
  );
}
