import { Trans, useLingui } from "@lingui/react/macro";
import { queryOptions, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState, type FormEvent } from "react";

import { SignedIn } from "../account/SignedIn.tsx";
import { api, told } from "../api/client.ts";
import { Failure } from "../shell/Failure.tsx";
import { Identicon } from "../shell/Identicon.tsx";
import { Value } from "../shell/Value.tsx";
import { Part, Rows } from "./Part.tsx";
import { Refused } from "./Refused.tsx";
import { Sure } from "./Sure.tsx";

interface Person {
  readonly id: string;
  readonly name: string | null;
}

const partnersQuery = queryOptions({
  queryKey: ["account", "partners"],
  queryFn: async (): Promise<readonly Person[]> => told(await api.GET("/v1/my/partners")).data,
});

/** With whom the reader has completed a trade lately, each once. */
const metQuery = queryOptions({
  queryKey: ["account", "partners", "met"],
  queryFn: async (): Promise<readonly Person[]> => {
    const query = { state: "completed" as const, limit: 100 };
    const trades = told(await api.GET("/v1/trades", { params: { query } })).data;
    const others = trades.map((trade) =>
      trade.viewer.role === "buyer" ? trade.seller : trade.buyer,
    );
    return [...new Map(others.map(({ id, name }) => [id, { id, name }])).values()];
  },
});

/** Whom the reader trusts: those are shown his offers that are for partners only. */
export function PartnersPage() {
  const { t } = useLingui();
  return (
    <Part
      name={t`Trusted partners`}
      about={
        <Trans>
          They are shown those of your offers that are for trusted partners. Nobody else is told
          whom you trust.
        </Trans>
      }
    >
      <SignedIn>{() => <Partners />}</SignedIn>
    </Part>
  );
}

const ID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

function Partners() {
  const client = useQueryClient();
  const partners = useQuery(partnersQuery);
  const met = useQuery(metQuery);
  const [typed, setTyped] = useState("");
  const change = useMutation({
    // Both do nothing where it is so already: they can be repeated.
    mutationFn: ({ id, trusts }: { id: string; trusts: boolean }) => {
      const params = { path: { account_id: id } };
      return trusts
        ? api.PUT("/v1/my/partners/{account_id}", { params })
        : api.DELETE("/v1/my/partners/{account_id}", { params });
    },
    onSuccess: () => setTyped(""),
    onSettled: () => client.invalidateQueries({ queryKey: partnersQuery.queryKey }),
  });
  if (partners.data === undefined) {
    return partners.isError ? (
      <Failure error={partners.error} retry={() => void partners.refetch()} />
    ) : (
      <Rows />
    );
  }
  const trusted = new Set(partners.data.map(({ id }) => id));
  const others = (met.data ?? []).filter(({ id }) => !trusted.has(id));
  const submit = (event: FormEvent) => {
    event.preventDefault();
    change.mutate({ id: typed.trim().toLowerCase(), trusts: true });
  };
  return (
    <>
      {partners.data.length === 0 ? (
        <p className="text-soft mt-6">
          <Trans>You trust nobody yet. Name somebody with whom you have traded.</Trans>
        </p>
      ) : (
        <ul className="mt-6" aria-busy={partners.isFetching}>
          {partners.data.map((person) => (
            <li
              key={person.id}
              className="border-line flex flex-wrap items-center gap-4 border-b py-3"
            >
              <Named person={person} />
              <Sure
                action={<Trans>Remove</Trans>}
                question={
                  <Trans>Offers for partners are shown to this trader no more. Trades go on.</Trans>
                }
                pending={change.isPending}
                act={() => change.mutate({ id: person.id, trusts: false })}
              />
            </li>
          ))}
        </ul>
      )}
      <Refused error={change.error} />
      {others.length > 0 && (
        <section className="mt-8" aria-labelledby="met">
          <h2 id="met" className="text-20 font-semibold">
            <Trans>With whom you have traded</Trans>
          </h2>
          <ul className="mt-2">
            {others.map((person) => (
              <li
                key={person.id}
                className="border-line flex flex-wrap items-center gap-4 border-b py-3"
              >
                <Named person={person} />
                <button
                  type="button"
                  className="button button-quiet"
                  disabled={change.isPending}
                  onClick={() => change.mutate({ id: person.id, trusts: true })}
                >
                  <Trans>Trust</Trans>
                </button>
              </li>
            ))}
          </ul>
        </section>
      )}
      <form onSubmit={submit} className="mt-8 flex max-w-xl flex-wrap items-end gap-3">
        <label className="grow">
          <span className="label">
            <Trans>Or by the id of an account</Trans>
          </span>
          <input
            dir="ltr"
            className="control w-full font-mono"
            value={typed}
            autoComplete="off"
            spellCheck={false}
            onChange={(event) => setTyped(event.target.value)}
          />
        </label>
        <button
          type="submit"
          className="button button-quiet"
          disabled={!ID.test(typed.trim()) || change.isPending}
        >
          <Trans>Trust</Trans>
        </button>
      </form>
    </>
  );
}

const Named = ({ person }: { person: Person }) => (
  <span className="flex min-w-60 grow items-center gap-3">
    <Identicon id={person.id} />
    <span className="min-w-0">
      <span className="block font-semibold">
        <Value>{person.name ?? person.id.slice(-8)}</Value>
      </span>
      <bdi translate="no" className="text-13 text-soft block font-mono break-all">
        {person.id}
      </bdi>
    </span>
  </span>
);
