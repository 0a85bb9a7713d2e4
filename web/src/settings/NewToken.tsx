import { Trans, useLingui } from "@lingui/react/macro";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState, type FormEvent } from "react";

import { api, told } from "../api/client.ts";
import { useFormat } from "../language/format.ts";
import { tokensQuery } from "./queries.ts";
import { Refused } from "./Refused.tsx";
import { AGENT, ALL_SCOPES, SCOPES, type Scope } from "./scopes.ts";
import { useIntent } from "./useIntent.ts";

const HOUR_S = 3_600;
const LIVES_S = [HOUR_S, 24 * HOUR_S, 7 * 24 * HOUR_S, 30 * 24 * HOUR_S, 90 * 24 * HOUR_S] as const;
const MOST_CHARACTERS = 60;

/** Makes a token for a program; `made` gets its secret, this once. */
export function NewToken({ made }: { made: (secret: string) => void }) {
  const { i18n } = useLingui();
  const format = useFormat();
  const client = useQueryClient();
  const intent = useIntent();
  const [label, setLabel] = useState("");
  const [scopes, setScopes] = useState<ReadonlySet<Scope>>(new Set());
  const [lifeS, setLifeS] = useState<number>(LIVES_S[2]);
  const make = useMutation({
    mutationFn: async () => {
      const body = { label: label.trim(), scopes: [...scopes], expires_in_s: lifeS };
      const header = intent.header(body);
      return told(await api.POST("/v1/tokens", { params: { header }, body }));
    },
    onSuccess: ({ token }) => {
      intent.done();
      setLabel("");
      setScopes(new Set());
      make.reset(); // so that the secret is nowhere but where it is shown
      made(token);
    },
    onSettled: () => client.invalidateQueries({ queryKey: tokensQuery.queryKey }),
    gcTime: 0,
  });
  const ready = label.trim() !== "" && scopes.size > 0;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (ready && !make.isPending) {
      make.mutate();
    }
  };
  const turn = (scope: Scope) =>
    setScopes((old) => {
      const next = new Set(old);
      return next.delete(scope) ? next : next.add(scope);
    });
  return (
    <details className="card mt-6">
      <summary className="min-h-11 cursor-pointer py-2 font-semibold">
        <Trans>Make a token for a program</Trans>
      </summary>
      <form onSubmit={submit} className="mt-4">
        <label className="block max-w-md">
          <span className="label">
            <Trans>What it is for</Trans>
          </span>
          <input
            className="control w-full"
            value={label}
            maxLength={MOST_CHARACTERS}
            autoComplete="off"
            required
            onChange={(event) => setLabel(event.target.value)}
          />
        </label>
        <fieldset className="mt-4">
          <legend className="label">
            <Trans>What it may do</Trans>
          </legend>
          <button type="button" className="link min-h-11" onClick={() => setScopes(new Set(AGENT))}>
            <Trans>Only what an agent needs: to look, and to ask you</Trans>
          </button>
          {ALL_SCOPES.map((scope) => (
            <label key={scope} className="flex min-h-11 cursor-pointer items-center gap-3">
              <input
                type="checkbox"
                className="accent-brand size-5 shrink-0"
                checked={scopes.has(scope)}
                onChange={() => turn(scope)}
              />
              {i18n._(SCOPES[scope])}
            </label>
          ))}
        </fieldset>
        <label className="mt-4 block max-w-md">
          <span className="label">
            <Trans>How long it is good for</Trans>
          </span>
          <select
            className="control w-full"
            value={lifeS}
            onChange={(event) => setLifeS(Number(event.target.value))}
          >
            {LIVES_S.map((life) => (
              <option key={life} value={life} translate="no">
                {format.duration(life)}
              </option>
            ))}
          </select>
        </label>
        <button
          type="submit"
          className="button button-main mt-6"
          disabled={!ready || make.isPending}
        >
          {make.isPending ? <Trans>It is being made…</Trans> : <Trans>Make it</Trans>}
        </button>
        <Refused error={make.error} />
      </form>
    </details>
  );
}
