import { Trans } from "@lingui/react/macro";
import { useState, type ReactNode } from "react";

import { useSigner } from "../account/signing.tsx";
import { ProblemError } from "../api/client.ts";
import { useFormat } from "../language/format.ts";
import { Value } from "../shell/Value.tsx";
import type { Progress } from "../trading/trader.ts";
import { VerificationFailed } from "../verify/errors.ts";
import { WrongNetwork } from "../wallet/errors.ts";
import { isMismatch } from "./mismatches.tsx";
import { troubleWords } from "./troubles.tsx";
import type { Acting } from "./useAct.ts";

/** How an action goes, at its own place: under way, late, declined, failed, done. */
export function WhatHappens({ acting, done }: { acting: Acting; done?: ReactNode }) {
  const { doing, again } = acting;
  return (
    <div className="empty:hidden" aria-live="polite">
      {doing.is === "busy" && (
        <div className="mt-4">
          <p>
            {doing.progress === null ? (
              <Trans>One moment. Your wallet may ask you to sign.</Trans>
            ) : (
              <OnChain progress={doing.progress} />
            )}
          </p>
          {doing.late && (
            <>
              <p className="mt-2">
                <Trans>
                  This takes longer than it should. If your wallet asks something, answer it there.
                  Otherwise try again: nothing is done twice.
                </Trans>
              </p>
              <Again again={again} />
            </>
          )}
        </div>
      )}
      {doing.is === "declined" && (
        <p className="text-soft mt-4">
          <Trans>You have not signed. Nothing has happened.</Trans>
        </p>
      )}
      {doing.is === "done" && done !== undefined && <p className="mt-4">{done}</p>}
      {doing.is === "failed" && !isMismatch(doing.error) && (
        <div className="mt-4" role="alert">
          <Failed error={doing.error} again={again} />
        </div>
      )}
    </div>
  );
}

function OnChain({ progress }: { progress: Progress }) {
  const format = useFormat();
  const [depth, needed] = [format.count(progress.confirmations), format.count(progress.needed)];
  switch (progress.state) {
    case "sent":
      return progress.confirmations > 0 ? (
        <Trans>
          <Value>{depth}</Value> of <Value>{needed}</Value> confirmations
        </Trans>
      ) : (
        <Trans>The transaction is sent. Waiting for a block that has it.</Trans>
      );
    case "replaced":
      return (
        <Trans>Another transaction of your wallet took its place. Following that one now.</Trans>
      );
    case "failed":
      return <Trans>The transaction failed on the chain. Only its fee is spent.</Trans>;
    case "confirmed":
      return (
        <Trans>
          <Value>{depth}</Value> of <Value>{needed}</Value> confirmations
        </Trans>
      );
  }
}

function Failed({ error, again }: { error: unknown; again: () => void }) {
  const format = useFormat();
  if (error instanceof WrongNetwork) {
    return <SwitchNetwork wanted={error.wanted} again={again} />;
  }
  if (error instanceof VerificationFailed) {
    return (
      <>
        <p>
          <Trans>The lock is not deep enough in the chain yet. Wait for more blocks.</Trans>
        </p>
        <Again again={again} />
      </>
    );
  }
  if (error instanceof ProblemError) {
    const { problem, retryAfterS } = error;
    return (
      <>
        <p className="text-stop" lang="en" dir="ltr" translate="no">
          {[error.message, problem?.detail].filter(Boolean).join(" ")}
        </p>
        {retryAfterS !== null && (
          <p className="mt-1">
            <Trans>
              It takes questions again in <Value>{format.duration(retryAfterS)}</Value>.
            </Trans>
          </p>
        )}
        <Again again={again} />
      </>
    );
  }
  return (
    <>
      <p className="text-stop">{troubleWords(error)}</p>
      {error instanceof Error && !(error instanceof TypeError) && (
        <p className="text-13 text-soft mt-1 wrap-anywhere" lang="en" dir="ltr" translate="no">
          {error.message}
        </p>
      )}
      <Again again={again} />
    </>
  );
}

/** Asks the reader's own wallet to go to the trade's network, and goes on. */
function SwitchNetwork({ wanted, again }: { wanted: number; again: () => void }) {
  const openSigner = useSigner();
  const [failed, setFailed] = useState(false);
  const id = String(wanted);
  const change = async () => {
    try {
      const { wallet } = await openSigner();
      const params = [{ chainId: `0x${wanted.toString(16)}` }];
      await wallet.provider.request({ method: "wallet_switchEthereumChain", params });
      again();
    } catch {
      setFailed(true);
    }
  };
  return (
    <>
      <p className="text-stop">
        <Trans>
          Your wallet is on another network. This trade is on the one with the chain id{" "}
          <Value>{id}</Value>.
        </Trans>
      </p>
      {failed && (
        <p className="mt-1">
          <Trans>It did not change. Choose the network in your wallet, then try again.</Trans>
        </p>
      )}
      <div className="mt-3 flex flex-wrap gap-3">
        <button type="button" className="button button-main" onClick={() => void change()}>
          <Trans>Change the network</Trans>
        </button>
        <button type="button" className="button button-quiet" onClick={again}>
          <Trans>Try again</Trans>
        </button>
      </div>
    </>
  );
}

const Again = ({ again }: { again: () => void }) => (
  <button type="button" className="button button-quiet mt-3" onClick={again}>
    <Trans>Try again</Trans>
  </button>
);
