import { Trans, useLingui } from "@lingui/react/macro";
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";

import { SignedIn } from "../../account/SignedIn.tsx";
import { Failure } from "../../shell/Failure.tsx";
import { PathLink } from "../../shell/PathLink.tsx";
import { Part, Rows } from "../Part.tsx";
import { confirmationsQuery, tokensQuery } from "../queries.ts";
import { Confirmation } from "./Confirmation.tsx";

/** What programs ask the reader to let happen. */
export function AgentsPage() {
  const { t } = useLingui();
  return (
    <Part
      name={t`Agents`}
      about={
        <Trans>
          A program with a token for agents looks by itself, and asks you for what binds you. Read
          what stands here, not what it says of it: only this is done.
        </Trans>
      }
    >
      <SignedIn>{() => <Confirmations />}</SignedIn>
    </Part>
  );
}

function Confirmations() {
  const asked = useInfiniteQuery(confirmationsQuery);
  const tokens = useQuery(tokensQuery);
  if (asked.data === undefined) {
    return asked.isError ? (
      <Failure error={asked.error} retry={() => void asked.refetch()} />
    ) : (
      <Rows />
    );
  }
  const all = asked.data.pages.flatMap(({ data }) => data);
  const waiting = all.filter(({ state }) => state === "pending");
  const past = all.filter(({ state }) => state !== "pending");
  const labels = new Map(tokens.data?.map(({ id, label }) => [id, label]));
  return (
    <>
      <h2 className="text-20 mt-8 font-semibold">
        <Trans>Waiting for you</Trans>
      </h2>
      {waiting.length === 0 ? (
        <p className="text-soft mt-2">
          <Trans>Nothing waits.</Trans>{" "}
          <PathLink path="/settings/tokens" className="link">
            <Trans>Make a token for an agent</Trans>
          </PathLink>
        </p>
      ) : (
        <ul className="mt-3 grid grid-cols-[minmax(0,1fr)] gap-4" aria-busy={asked.isFetching}>
          {waiting.map((one) => (
            <Confirmation key={one.id} asked={one} by={labels.get(one.token_id)} />
          ))}
        </ul>
      )}
      {past.length > 0 && (
        <>
          <h2 className="text-20 mt-8 font-semibold">
            <Trans>The last days</Trans>
          </h2>
          <ul className="mt-3 grid grid-cols-[minmax(0,1fr)] gap-4">
            {past.map((one) => (
              <Confirmation key={one.id} asked={one} by={labels.get(one.token_id)} />
            ))}
          </ul>
        </>
      )}
      {asked.hasNextPage && (
        <button
          type="button"
          className="button button-quiet mt-6"
          disabled={asked.isFetchingNextPage}
          onClick={() => void asked.fetchNextPage()}
        >
          <Trans>Show what was before</Trans>
        </button>
      )}
    </>
  );
}
