import { Trans, useLingui } from "@lingui/react/macro";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Link, useSearch } from "@tanstack/react-router";
import { useEffect, useState } from "react";

import { keepWallet } from "../account/device.ts";
import { beginSigning } from "../account/openWallet.ts";
import { keepSession } from "../account/session.ts";
import { signInByWallet } from "../account/signIn.ts";
import { WalletTrouble } from "../account/WalletTrouble.tsx";
import { exchangeQuery } from "../api/queries.ts";
import { Value } from "../shell/Value.tsx";
import { ownWallets, type OwnWallet } from "../wallet/own.ts";
import { Step } from "./Step.tsx";

/** Extensions announce themselves at once, but not before the page asks. */
const ANNOUNCED_MS = 1_000;

/** In by a wallet that has announced itself to the page: it is connected, and signs in. */
export function OwnWay() {
  const { t } = useLingui();
  const { then } = useSearch({ from: "/start" });
  const client = useQueryClient();
  const { found, waited } = useFound();
  const entering = useMutation({
    mutationFn: async (own: OwnWallet) => {
      const { chain } = await client.fetchQuery(exchangeQuery);
      const wallet = await own.connect(chain.chain_id);
      const session = await signInByWallet(wallet, chain.chain_id);
      keepWallet(wallet.address, { kind: "own", id: own.id, name: own.name });
      beginSigning(wallet);
      keepSession(session);
    },
  });
  const { isPending, variables, error } = entering;
  return (
    <Step
      name={t`Use my wallet`}
      title={<Trans>Use my wallet</Trans>}
      lead={
        <Trans>
          It is asked to connect and to sign one text, which costs nothing and moves no coins.
        </Trans>
      }
    >
      {found.length === 0 ? (
        <NoneFound waited={waited} />
      ) : (
        <ul className="grid gap-3">
          {found.map((own) => (
            <li key={own.id}>
              <button
                type="button"
                className="bg-sheet border-edge hover:border-ink rounded-card text-17 flex min-h-16 w-full items-center gap-4 border px-5 text-start font-semibold"
                aria-disabled={isPending}
                onClick={() => !isPending && entering.mutate(own)}
              >
                <span className="grow">
                  <Value>{own.name}</Value>
                </span>
                {isPending && variables.id === own.id && (
                  <span className="text-13 text-soft font-medium">
                    <Trans>Look into your wallet…</Trans>
                  </span>
                )}
              </button>
            </li>
          ))}
        </ul>
      )}
      <div aria-live="polite">
        <WalletTrouble error={error} />
        {error && variables && (
          <button
            type="button"
            className="button button-main mt-3"
            onClick={() => entering.mutate(variables)}
          >
            <Trans>Try again</Trans>
          </button>
        )}
      </div>
      <p className="mt-8">
        <Link
          to="/start"
          search={then === undefined ? {} : { then }}
          className="link inline-flex min-h-11 items-center"
        >
          <Trans>Another way to start</Trans>
        </Link>
      </p>
    </Step>
  );
}

function useFound() {
  const [found, setFound] = useState<readonly OwnWallet[]>([]);
  const [waited, setWaited] = useState(false);
  useEffect(() => ownWallets(setFound), []);
  useEffect(() => {
    const timer = setTimeout(() => setWaited(true), ANNOUNCED_MS);
    return () => clearTimeout(timer);
  }, []);
  return { found, waited };
}

function NoneFound({ waited }: { waited: boolean }) {
  const { then } = useSearch({ from: "/start" });
  return (
    <div role="status" aria-busy={!waited} className="min-h-44">
      {waited ? (
        <>
          <p className="text-17 font-semibold">
            <Trans>No wallet has announced itself in this browser</Trans>
          </p>
          <p className="text-soft mt-2">
            <Trans>
              Install one as an extension, or switch it on for this page, and it shows up here by
              itself. On a phone, open this page in the browser of your wallet’s app.
            </Trans>
          </p>
          <Link
            to="/start"
            search={{ way: "new", ...(then !== undefined && { then }) }}
            className="button button-main mt-5"
          >
            <Trans>Create one here</Trans>
          </Link>
        </>
      ) : (
        <p className="text-soft">
          <Trans>Looking for wallets in this browser…</Trans>
        </p>
      )}
    </div>
  );
}
