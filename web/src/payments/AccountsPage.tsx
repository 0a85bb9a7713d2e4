import { Trans, useLingui } from "@lingui/react/macro";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";

import { useSession } from "../account/session.ts";
import { Part } from "../settings/Part.tsx";
import { ActionFailed } from "../shell/ActionFailed.tsx";
import { Failure } from "../shell/Failure.tsx";
import { SignInFirst } from "../shell/SignInFirst.tsx";
import { AccountRow } from "./AccountRow.tsx";
import { NewAccount } from "./NewAccount.tsx";
import { accountsQuery } from "./queries.ts";
import { useBox } from "./useBox.ts";

/** Where the reader is paid: sealed in his browser, so that the exchange cannot read it. */
export function AccountsPage() {
  const { t } = useLingui();
  const session = useSession();
  return (
    <Part
      name={t`Payment accounts`}
      about={
        <Trans>
          They are sealed in your browser to your own key: the exchange keeps them and cannot read
          them.
        </Trans>
      }
    >
      {session === null ? (
        <SignInFirst>
          <Trans>Your payment accounts belong to your account here.</Trans>
        </SignInFirst>
      ) : (
        <Accounts key={session.wallet} />
      )}
    </Part>
  );
}

function Accounts() {
  const accounts = useQuery(accountsQuery);
  const box = useBox();
  const [adding, setAdding] = useState(false);
  if (accounts.isError) {
    return <Failure error={accounts.error} retry={() => void accounts.refetch()} />;
  }
  if (accounts.data === undefined) {
    return <Skeleton />;
  }
  const none = accounts.data.length === 0;
  return (
    <>
      {!none && !box.isOpen && (
        <div className="mt-6">
          <button
            type="button"
            className="button button-main"
            aria-disabled={box.opening.pending}
            onClick={() => box.opening.run(null)}
          >
            {box.opening.pending ? <Trans>One moment…</Trans> : <Trans>Open them</Trans>}
          </button>
          {box.opening.error && <ActionFailed error={box.opening.error} />}
        </div>
      )}
      {none && !adding && (
        <p className="border-line mt-6 border-y py-12 text-center">
          <Trans>You have none yet. A seller needs one, so that buyers know where to pay.</Trans>
        </p>
      )}
      {!none && (
        <ul className="mt-6">
          {accounts.data.map((kept) => (
            <AccountRow key={kept.id} kept={kept} box={box} />
          ))}
        </ul>
      )}
      {adding ? (
        <section className="card mt-6" aria-labelledby="new-account">
          <h2 id="new-account" className="text-20 font-semibold">
            <Trans>A new payment account</Trans>
          </h2>
          <NewAccount box={box} done={() => setAdding(false)} cancel={() => setAdding(false)} />
        </section>
      ) : (
        <button
          type="button"
          className={`button mt-6 ${none ? "button-main" : "button-quiet"}`}
          onClick={() => setAdding(true)}
        >
          <Trans>Add a payment account</Trans>
        </button>
      )}
    </>
  );
}

function Skeleton() {
  return (
    <div aria-busy="true" className="mt-6 grid gap-4">
      <p className="sr-only" role="status">
        <Trans>Reading your payment accounts</Trans>
      </p>
      <div className="skeleton h-20" />
      <div className="skeleton h-20" />
    </div>
  );
}
