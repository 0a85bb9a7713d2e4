import { Trans, useLingui } from "@lingui/react/macro";
import { useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { useState } from "react";

import { useSession } from "../../account/session.ts";
import { useSigner } from "../../account/signing.tsx";
import type { Schema } from "../../api/client.ts";
import { useAction } from "../../api/useAction.ts";
import { WithPair } from "../../exchange/WithPair.tsx";
import { ActionFailed } from "../../shell/ActionFailed.tsx";
import { StartLink } from "../../shell/SignInFirst.tsx";
import { Title } from "../../shell/Title.tsx";
import { Value } from "../../shell/Value.tsx";
import type { NewOffer } from "../../trading/trader.ts";
import { myOffersQuery } from "../own/queries.ts";
import type { Pair } from "../search.ts";
import { stepOf, type Faults, type Step } from "./check.ts";
import { emptyDraft, saidBy, type Draft } from "./draft.ts";
import { keepDraft, keptDraft } from "./keeping.ts";
import { Making } from "./Making.tsx";
import { faultsBy } from "./refusal.ts";
import type { MakingSearch } from "./search.ts";

/** A new offer, in four steps; its draft is kept in this browser until it is published. */
export function NewOfferPage() {
  const { t } = useLingui();
  const search = useSearch({ from: "/offers/new" });
  return (
    <>
      <Title name={t`Create an offer`}>
        <Trans>Create an offer</Trans>
      </Title>
      <WithPair search={search} skeleton={<div className="skeleton mt-6 h-96" aria-busy="true" />}>
        {({ pair, exchange }) => <Begin search={search} pair={pair} exchange={exchange} />}
      </WithPair>
    </>
  );
}

interface BeginProps {
  search: MakingSearch;
  pair: Pair;
  exchange: Schema["ExchangeBody"];
}

/** Goes on with a draft that was kept, asks whether to, or begins with what the address says. */
function Begin({ search, pair, exchange }: BeginProps) {
  const navigate = useNavigate({ from: "/offers/new" });
  const [kept] = useState(keptDraft);
  // Who has a step in his address was here a moment ago: before a reload, or a way to sign in.
  const [draft, setDraft] = useState<Draft | null>(() =>
    kept !== null && search.step === undefined ? null : (kept?.draft ?? prefilled(search, pair)),
  );
  if (draft !== null) {
    return <Maker initial={draft} step={search.step ?? 1} exchange={exchange} />;
  }
  const go = (begin: Draft, step: Step) => {
    setDraft(begin);
    void navigate({ search: { step }, replace: true });
  };
  return (
    <section className="card mt-6 max-w-xl" aria-labelledby="kept-draft">
      <h2 id="kept-draft" className="text-20 font-semibold">
        <Trans>You have a draft</Trans>
      </h2>
      {kept && (
        <p className="text-soft mt-2">
          {kept.draft.direction === "sell" ? (
            <Trans>
              To sell <Value>{kept.draft.asset}</Value> for <Value>{kept.draft.currency}</Value>.
            </Trans>
          ) : (
            <Trans>
              To buy <Value>{kept.draft.asset}</Value> for <Value>{kept.draft.currency}</Value>.
            </Trans>
          )}
        </p>
      )}
      <div className="mt-4 flex flex-wrap gap-3">
        <button
          type="button"
          className="button button-main"
          onClick={() => kept && go(kept.draft, kept.step)}
        >
          <Trans>Go on with it</Trans>
        </button>
        <button
          type="button"
          className="button button-quiet"
          onClick={() => {
            keepDraft(null);
            go(prefilled(search, pair), 1);
          }}
        >
          <Trans>Begin anew</Trans>
        </button>
      </div>
    </section>
  );
}

/** A draft with what the address says of it, as the book's filters put it there. */
function prefilled(search: MakingSearch, pair: Pair): Draft {
  return {
    ...emptyDraft({ direction: search.direction ?? "sell", ...pair }),
    ...(search.unit === "asset" && { unit: "asset" as const }),
    ...(search.amount && { most: search.amount, total: search.amount }),
    ...(search.method && { methods: [search.method] }),
  };
}

interface MakerProps {
  initial: Draft;
  step: Step;
  exchange: Schema["ExchangeBody"];
}

function Maker({ initial, step, exchange }: MakerProps) {
  const navigate = useNavigate({ from: "/offers/new" });
  const [draft, setDraft] = useState(initial);
  const [refused, setRefused] = useState<Faults>(new Map());
  const goTo = (next: Step) => {
    keepDraft({ draft, step: next });
    void navigate({ search: { step: next } });
  };
  const change = (next: Partial<Draft>) => {
    const changed = { ...draft, ...next };
    setDraft(changed);
    keepDraft({ draft: changed, step });
    setRefused(new Map([...refused].filter(([field]) => !(field in next))));
    publishing.forget();
  };
  const publishing = usePublishing((faults) => {
    const [field] = faults.keys();
    setRefused(faults);
    if (field !== undefined) {
      goTo(stepOf(field));
    }
  });
  return (
    <Making
      draft={draft}
      exchange={exchange}
      edited={false}
      step={step}
      refused={refused}
      change={change}
      goTo={goTo}
    >
      <Publish
        unanswered={publishing.left !== null}
        pending={publishing.pending}
        error={refused.size > 0 ? null : publishing.error}
        publish={() => publishing.run(saidBy(draft))}
      />
    </Making>
  );
}

/** Publishes once, also where the page dies between the sending and the answer. */
function usePublishing(refuse: (faults: Faults) => void) {
  const openSigner = useSigner();
  const client = useQueryClient();
  const navigate = useNavigate();
  const session = useSession();
  return useAction<NewOffer>(
    async (said, once) => {
      try {
        const { trader } = await openSigner();
        await trader.publishOffer(said, once);
      } catch (error) {
        const faults = faultsBy(error);
        if (faults.size > 0) {
          refuse(faults);
        }
        throw error;
      }
      keepDraft(null);
      void client.invalidateQueries({ queryKey: myOffersQuery.queryKey });
      void client.invalidateQueries({ queryKey: ["live"] });
      await navigate({ to: "/my/offers", search: { published: true } });
    },
    session === null ? undefined : `publish.${session.account.id}`,
  );
}

interface PublishProps {
  /** Whether it is not known what became of an earlier try. */
  unanswered: boolean;
  pending: boolean;
  error: Error | null;
  publish: () => void;
}

function Publish({ unanswered, pending, error, publish }: PublishProps) {
  const session = useSession();
  return (
    <div className="border-line mt-5 border-t pt-5">
      {session === null ? (
        <>
          <p className="mb-3">
            <Trans>To publish it you need an account. Your draft waits here.</Trans>
          </p>
          <StartLink className="button button-main">
            <Trans>Sign in or begin</Trans>
          </StartLink>
        </>
      ) : (
        <button
          type="button"
          className="button button-main"
          aria-disabled={pending}
          onClick={publish}
        >
          {pending ? <Trans>Publishing…</Trans> : <Trans>Publish</Trans>}
        </button>
      )}
      {unanswered && (
        <p className="bg-wait-wash text-wait rounded-control mt-4 px-4 py-3">
          <Trans>
            An earlier try was not answered. The same offer is not published twice; a changed one is
            another: look among{" "}
            <Link to="/my/offers" className="link">
              your offers
            </Link>{" "}
            first.
          </Trans>
        </p>
      )}
      {error && <ActionFailed error={error} />}
    </div>
  );
}
