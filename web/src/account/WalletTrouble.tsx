import { Trans } from "@lingui/react/macro";
import type { ReactNode } from "react";

import { Told } from "../shell/Told.tsx";
import { Value } from "../shell/Value.tsx";
import { PassphraseWrong, SigningRefused, WalletUnusable, WrongNetwork } from "../wallet/errors.ts";

/** What a browser throws that keeps nothing for pages. */
const KEEPS_NOTHING = ["QuotaExceededError", "SecurityError"];

/** Why a wallet did not do what it was asked; that the reader said no is no failure. */
export function WalletTrouble({ error }: { error: unknown }) {
  if (error == null) {
    return null;
  }
  if (error instanceof SigningRefused) {
    return (
      <p role="status" className="text-soft mt-3">
        <Trans>You said no. Nothing has happened, and you can try again.</Trans>
      </p>
    );
  }
  const words = told(error);
  return words === null ? (
    <Told error={error} />
  ) : (
    <p role="alert" className="text-stop mt-3">
      {words}
    </p>
  );
}

function told(error: unknown): ReactNode {
  if (error instanceof PassphraseWrong) {
    return <Trans>This does not open the wallet.</Trans>;
  }
  if (error instanceof WrongNetwork) {
    return (
      <Trans>
        Your wallet is on another network. Choose the one with the chain id{" "}
        <Value>{String(error.wanted)}</Value> in it, and try again.
      </Trans>
    );
  }
  if (error instanceof WalletUnusable) {
    return unusable(error);
  }
  if (error instanceof DOMException && KEEPS_NOTHING.includes(error.name)) {
    return (
      <Trans>
        This browser keeps nothing for the page, so a wallet would be lost when it is closed. Leave
        the private window, or free some space.
      </Trans>
    );
  }
  return null;
}

/** `null` where the wallet's own message is all that is known. */
function unusable({ why }: WalletUnusable): ReactNode {
  switch (why) {
    case "words":
      return <Trans>These are not the 12 words of a wallet.</Trans>;
    case "vault":
      return (
        <Trans>This is no sealed wallet that can be opened here, or it has been damaged.</Trans>
      );
    case "insecure-page":
      return (
        <Trans>
          The browser has cryptography for safe pages only: open this one by https, or on the
          machine that it runs on.
        </Trans>
      );
    case "stretching":
      return (
        <Trans>This device could not work on the passphrase: it may lack the memory for it.</Trans>
      );
    case "passkey":
      return <Trans>This passkey or this browser cannot lock a wallet. Use a passphrase.</Trans>;
    case "contract":
      return (
        <Trans>
          This wallet is a contract: it has no key of its own to seal payment details with, so it
          cannot be used here.
        </Trans>
      );
    case "account":
      return (
        <Trans>
          Your wallet shows no account, or another one. Open it, choose the account, and try again.
        </Trans>
      );
    case "busy":
      return <Trans>Your wallet waits for an answer to something else. Look into it first.</Trans>;
    case "signature":
      return (
        <Trans>What your wallet gave is not the signature of this account. Nothing was sent.</Trans>
      );
    case "unsteady":
      return (
        <Trans>
          Your wallet signs the same text differently each time, so it cannot be used here.
        </Trans>
      );
    case "fees":
      return (
        <Trans>
          The network’s fees are said to be so high that something is wrong. Nothing was sent.
        </Trans>
      );
    default:
      return null;
  }
}
