import { Trans, useLingui } from "@lingui/react/macro";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { useState } from "react";

import { useSession } from "../../account/session.ts";
import { api, ProblemError, told, type Schema } from "../../api/client.ts";
import { problemOf } from "../../api/problems.ts";
import { exchangeQuery } from "../../api/queries.ts";
import { useAction } from "../../api/useAction.ts";
import { ActionFailed } from "../../shell/ActionFailed.tsx";
import { Failure } from "../../shell/Failure.tsx";
import { NotFound } from "../../shell/NotFound.tsx";
import { SignInFirst } from "../../shell/SignInFirst.tsx";
import { Title } from "../../shell/Title.tsx";
import { offerQuery } from "../queries.ts";
import { stepOf, type Faults, type Step } from "./check.ts";
import { changesOf, draftOf, rebased, type Draft } from "./draft.ts";
import { keepEdit, keptEdit } from "./keeping.ts";
import { Making } from "./Making.tsx";
import { faultsBy } from "./refusal.ts";

/** An offer that is there, in the same four steps; what is begun outlives a reload. */
export function EditOfferPage() {
  const { t } = useLingui();
  const { offerId } = useParams({ from: "/my/offers/$offerId" });
  const session = useSession();
  const exchange = useQuery(exchangeQuery);
  const offer = useQuery({ ...offerQuery(offerId), enabled: session !== null });
  const error = offer.error ?? exchange.error;
  const theirs = offer.data && session && offer.data.maker.id !== session.account.id;
  if (theirs || (error instanceof ProblemError && [404, 422].includes(error.status))) {
    return <NotFound />;
  }
  return (
    <>
      <Title name={t`Edit your offer`}>
        <Trans>Edit your offer</Trans>
      </Title>
      {session === null ? (
        <SignInFirst>
          <Trans>Your offers belong to your account here.</Trans>
        </SignInFirst>
      ) : error ? (
        <Failure error={error} retry={() => void offer.refetch()} />
      ) : !offer.data || !exchange.data ? (
        <div className="skeleton mt-6 h-96" aria-busy="true" />
      ) : offer.data.state === "closed" ? (
        <p className="mt-6">
          <Trans>This offer is closed: it stays as it is.</Trans>
        </p>
      ) : (
        <Edit offer={offer.data} exchange={exchange.data} />
      )}
    </>
  );
}

interface EditProps {
  offer: Schema["OfferAnswer"];
  exchange: Schema["ExchangeBody"];
}

function Edit({ offer, exchange }: EditProps) {
  const navigate = useNavigate({ from: "/my/offers/$offerId" });
  const client = useQueryClient();
  const { step = 1 } = useSearch({ from: "/my/offers/$offerId" });
  const [kept] = useState(() => keptEdit(offer.id));
  const [draft, setDraft] = useState(() => kept?.draft ?? draftOf(offer));
  /** The offer as its maker has seen it: what has changed since is told to him. */
  const [seen, setSeen] = useState(
    () => kept ?? { version: offer.version, before: draftOf(offer) },
  );
  const [refused, setRefused] = useState<Faults>(new Map());
  const keepAt = (next: Draft, at: Step) =>
    keepEdit({
      draft: next,
      step: at,
      offerId: offer.id,
      version: seen.version,
      before: seen.before,
    });
  const goTo = (next: Step) => {
    keepAt(draft, next);
    void navigate({ search: { step: next } });
  };
  const saving = useAction(async (body: Schema["EditOfferBody"]) => {
    try {
      await api.PATCH("/v1/offers/{offer_id}", {
        params: { path: { offer_id: offer.id }, header: { "if-match": `"${seen.version}"` } },
        body,
      });
    } catch (error) {
      const faults = faultsBy(error);
      const [field] = faults.keys();
      if (field !== undefined) {
        setRefused(faults);
        goTo(stepOf(field));
      }
      if (problemOf(error) === "precondition-failed") {
        const newest = told(
          await api.GET("/v1/offers/{offer_id}", { params: { path: { offer_id: offer.id } } }),
        );
        const now = draftOf(newest);
        // An earlier try may have come through, its answer lost: then there is nothing to change.
        if (Object.keys(changesOf(now, draft)).length === 0) {
          await done();
          return;
        }
        setDraft(rebased(draft, seen.before, now));
        setSeen({ version: newest.version, before: now });
        void client.invalidateQueries({ queryKey: ["live"] });
      }
      throw error;
    }
    await done();
  });
  const done = async () => {
    keepEdit(null);
    void client.invalidateQueries({ queryKey: ["account", "offers"] });
    void client.invalidateQueries({ queryKey: ["live"] });
    await navigate({ to: "/my/offers" });
  };
  const changes = changesOf(seen.before, draft);
  const changed = Object.keys(changes).length > 0;
  return (
    <Making
      draft={draft}
      exchange={exchange}
      edited
      step={step}
      refused={refused}
      change={(next) => {
        const altered = { ...draft, ...next };
        setDraft(altered);
        keepAt(altered, step);
        setRefused(new Map([...refused].filter(([field]) => !(field in next))));
        saving.forget();
      }}
      goTo={goTo}
    >
      <div className="border-line mt-5 border-t pt-5">
        <p className="text-soft mb-3">
          {changed ? (
            <Trans>Trades that were begun keep their price and terms.</Trans>
          ) : (
            <Trans>You have changed nothing yet.</Trans>
          )}
        </p>
        <button
          type="button"
          className="button button-main"
          disabled={!changed}
          aria-disabled={saving.pending}
          onClick={() => saving.run(changes)}
        >
          {saving.pending ? <Trans>One moment…</Trans> : <Trans>Save</Trans>}
        </button>
        {saving.error && refused.size === 0 && <ActionFailed error={saving.error} />}
      </div>
    </Making>
  );
}
