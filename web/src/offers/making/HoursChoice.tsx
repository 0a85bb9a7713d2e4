import { Trans, useLingui } from "@lingui/react/macro";

import { DAYS, dayName } from "../hours.ts";
import type { Span } from "./draft.ts";
import { FaultOf, idOf, type Part } from "./inputs.tsx";

const MAX_SPANS = 21;

/** When the maker works: on the clock of his own place, outside of which nobody can take. */
export function HoursChoice({ draft, faults, change }: Part) {
  const { t, i18n } = useLingui();
  const { hours } = draft;
  const here = new Intl.DateTimeFormat().resolvedOptions().timeZone;
  const put = (spans: readonly Span[]) => change({ hours: hours && { ...hours, spans } });
  const alter = (at: number, next: Partial<Span>) =>
    put((hours?.spans ?? []).map((span, each) => (each === at ? { ...span, ...next } : span)));
  return (
    <fieldset id={idOf("hours")} tabIndex={-1}>
      <legend className="label">
        <Trans>Working hours</Trans>
      </legend>
      <label className="flex min-h-11 items-center gap-2.5">
        <input
          type="checkbox"
          className="accent-brand size-5"
          checked={hours !== null}
          onChange={(event) =>
            change({
              hours: event.target.checked
                ? { zone: here, spans: DAYS.slice(0, 5).map(usual) }
                : null,
            })
          }
        />
        <Trans>It can be taken at certain hours only</Trans>
      </label>
      {hours && (
        <>
          <label className="mt-2 block sm:max-w-xs">
            <span className="label">
              <Trans>Time zone</Trans>
            </span>
            <select
              className="control w-full"
              translate="no"
              value={hours.zone}
              onChange={(event) => change({ hours: { ...hours, zone: event.target.value } })}
            >
              {zones(hours.zone).map((zone) => (
                <option key={zone}>{zone}</option>
              ))}
            </select>
          </label>
          <ul className="mt-3 grid gap-3">
            {hours.spans.map((span, at) => (
              <li key={at} className="flex flex-wrap items-center gap-2">
                <select
                  className="control"
                  aria-label={t`Day`}
                  value={span.day}
                  onChange={(event) => alter(at, { day: event.target.value as Span["day"] })}
                >
                  {DAYS.map((day) => (
                    <option key={day} value={day}>
                      {dayName(day, i18n.locale)}
                    </option>
                  ))}
                </select>
                <input
                  type="time"
                  className="control"
                  aria-label={t`From`}
                  value={span.opens}
                  onChange={(event) => alter(at, { opens: event.target.value })}
                />
                <input
                  type="time"
                  className="control"
                  aria-label={t`To`}
                  // The end of a day is its last minute's end; a clock shows it as the next day's.
                  value={span.closes === "24:00" ? "00:00" : span.closes}
                  onChange={(event) =>
                    alter(at, {
                      closes: event.target.value === "00:00" ? "24:00" : event.target.value,
                    })
                  }
                />
                <button
                  type="button"
                  className="button button-quiet px-3"
                  onClick={() => put(hours.spans.filter((_, each) => each !== at))}
                >
                  <Trans>Take away</Trans>
                </button>
              </li>
            ))}
          </ul>
          <button
            type="button"
            className="button button-quiet mt-3"
            disabled={hours.spans.length >= MAX_SPANS}
            onClick={() => put([...hours.spans, usual("sat")])}
          >
            <Trans>Add hours</Trans>
          </button>
          <FaultOf field="hours" faults={faults} />
        </>
      )}
    </fieldset>
  );
}

const usual = (day: Span["day"]): Span => ({ day, opens: "09:00", closes: "17:00" });

function zones(chosen: string): readonly string[] {
  const known = Intl.supportedValuesOf("timeZone");
  return known.includes(chosen) ? known : [chosen, ...known];
}
