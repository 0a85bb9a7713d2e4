import { Trans, useLingui } from "@lingui/react/macro";
import { useState, type FormEvent, type ReactNode } from "react";

import { Value } from "../../shell/Value.tsx";
import { Refused } from "../Refused.tsx";
import { EVERYTHING, FILTERS } from "./filters.ts";

interface Said {
  url: string;
  description: string;
  events: string[];
}

interface WebhookFormProps {
  action: ReactNode;
  /** What it says to begin with. */
  from?: Said;
  pending: boolean;
  error: unknown;
  save: (said: Said) => void;
}

const LONGEST_URL = 1_000;
const LONGEST_DESCRIPTION = 200;

/** Where a webhook goes, and what it is sent. */
export function WebhookForm({ action, from, pending, error, save }: WebhookFormProps) {
  const { i18n } = useLingui();
  const [url, setUrl] = useState(from?.url ?? "");
  const [description, setDescription] = useState(from?.description ?? "");
  const [events, setEvents] = useState<readonly string[]>(from?.events ?? [EVERYTHING]);
  const all = events.includes(EVERYTHING);
  // A program may have chosen single types: they stay, and can be left out.
  const known = [
    ...new Set([...Object.keys(FILTERS), ...events.filter((it) => it !== EVERYTHING)]),
  ];
  const ready = /^https?:\/\/./.test(url.trim()) && events.length > 0;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (ready && !pending) {
      save({ url: url.trim(), description: description.trim(), events: [...events] });
    }
  };
  const turn = (filter: string) =>
    setEvents((old) =>
      old.includes(filter) ? old.filter((one) => one !== filter) : [...old, filter],
    );
  return (
    <form onSubmit={submit} className="mt-4">
      <label className="block max-w-xl">
        <span className="label">
          <Trans>Address, beginning with https</Trans>
        </span>
        <input
          type="url"
          dir="ltr"
          className="control w-full"
          value={url}
          maxLength={LONGEST_URL}
          autoComplete="off"
          required
          onChange={(event) => setUrl(event.target.value)}
        />
      </label>
      <label className="mt-4 block max-w-xl">
        <span className="label">
          <Trans>What it is for, if you like</Trans>
        </span>
        <input
          className="control w-full"
          value={description}
          maxLength={LONGEST_DESCRIPTION}
          autoComplete="off"
          onChange={(event) => setDescription(event.target.value)}
        />
      </label>
      <fieldset className="mt-4">
        <legend className="label">
          <Trans>What it is sent</Trans>
        </legend>
        <label className="flex min-h-11 cursor-pointer items-center gap-3">
          <input
            type="checkbox"
            className="accent-brand size-5 shrink-0"
            checked={all}
            onChange={() => setEvents(all ? [] : [EVERYTHING])}
          />
          <Trans>Everything that happens to your account</Trans>
        </label>
        {!all &&
          known.map((filter) => {
            const name = FILTERS[filter];
            return (
              <label key={filter} className="flex min-h-11 cursor-pointer items-center gap-3">
                <input
                  type="checkbox"
                  className="accent-brand size-5 shrink-0"
                  checked={events.includes(filter)}
                  onChange={() => turn(filter)}
                />
                {name === undefined ? <Value>{filter}</Value> : i18n._(name)}
              </label>
            );
          })}
      </fieldset>
      <button type="submit" className="button button-main mt-4" disabled={!ready || pending}>
        {pending ? <Trans>It is being saved…</Trans> : action}
      </button>
      <Refused error={error} />
    </form>
  );
}
