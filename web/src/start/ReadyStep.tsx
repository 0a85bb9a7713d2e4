import { Trans, useLingui } from "@lingui/react/macro";
import { useQuery } from "@tanstack/react-query";
import { Link, useRouter, useSearch } from "@tanstack/react-router";
import { useEffect } from "react";

import { BackupPrompt } from "../account/BackupPrompt.tsx";
import type { Session } from "../account/session.ts";
import { serverNowMs } from "../api/clock.ts";
import { exchangeQuery } from "../api/queries.ts";
import { Faucet } from "../purse/Faucet.tsx";
import { short } from "../shell/short.ts";
import { Value } from "../shell/Value.tsx";
import { dueTour } from "../tour/state.ts";
import { FirstTrade } from "./FirstTrade.tsx";
import type { Made } from "./NewWay.tsx";
import { Step } from "./Step.tsx";

/** An account as young as this is a newcomer's. */
const NEW_MS = 3 * 60_000;

interface Props {
  session: Session;
  /** Where the wallet was just made here. */
  made: Made | null;
}

/** The account is there: a newcomer is shown what comes next, all others go where they came from. */
export function ReadyStep({ session, made }: Props) {
  const { t } = useLingui();
  const { then = "/", way } = useSearch({ from: "/start" });
  const { history } = useRouter();
  const exchange = useQuery(exchangeQuery);
  const { account, wallet } = session;
  const isYoung = serverNowMs() - Date.parse(account.created_at) < NEW_MS;
  const isNew = made !== null || (way === "own" && isYoung);
  useEffect(() => {
    if (!isNew) {
      history.replace(then);
    }
  }, [isNew, history, then]);
  useEffect(() => {
    if (isNew) {
      dueTour();
    }
  }, [isNew]);
  if (!isNew) {
    return null;
  }
  const name = account.name ?? short(wallet);
  const isTrial = exchange.data?.development === true;
  return (
    <Step
      name={t`You are ready`}
      title={
        <Trans>
          You are ready, <Value>{name}</Value>
        </Trans>
      }
      lead={
        made === null ? (
          <Trans>Your wallet signs for you here, and its coins stay in it.</Trans>
        ) : made.backedUp === null ? (
          <Trans>Your wallet is on this device, and its sealed backup is being kept.</Trans>
        ) : made.backedUp ? (
          <Trans>
            Your wallet is on this device, and its sealed backup is at the exchange, which cannot
            open it.
          </Trans>
        ) : (
          <Trans>
            Your wallet is on this device. Its backup could not be kept at the exchange yet.
          </Trans>
        )
      }
    >
      {made?.backedUp === false && <BackupPrompt />}
      {isTrial && then === "/" ? (
        <FirstMinute wallet={wallet} />
      ) : (
        <>
          <button
            type="button"
            className="button button-main text-17 w-full"
            onClick={() => history.push(then)}
          >
            {then === "/" ? <Trans>See all offers</Trans> : <Trans>Go on where you were</Trans>}
          </button>
          {isTrial && (
            <div className="mt-6">
              <Faucet wallet={wallet} />
            </div>
          )}
        </>
      )}
      <p className="mt-4">
        <Link to="/wallet" className="link inline-flex min-h-11 items-center">
          <Trans>Your wallet</Trans>
        </Link>
      </p>
    </Step>
  );
}

/** On a trial exchange: coins from the faucet, and an offer whose maker answers at once. */
function FirstMinute({ wallet }: { wallet: string }) {
  return (
    <ol className="grid gap-8">
      <li>
        <h2 className="text-20 font-semibold">
          <Trans>1. Get coins for trial</Trans>
        </h2>
        <p className="text-soft mt-1 mb-3">
          <Trans>
            They are worth nothing, and pay for what you try. Buying works without them.
          </Trans>
        </p>
        <Faucet wallet={wallet} />
      </li>
      <li>
        <h2 className="text-20 font-semibold">
          <Trans>2. Make a first trade</Trans>
        </h2>
        <FirstTrade />
      </li>
    </ol>
  );
}
