import { Trans } from "@lingui/react/macro";
import { useEffect, useId, useLayoutEffect, useRef, type ReactNode } from "react";

import { short } from "../shell/short.ts";
import { Value } from "../shell/Value.tsx";
import { SigningRefused } from "../wallet/errors.ts";
import type { Wallet } from "../wallet/wallet.ts";
import type { Kept } from "./device.ts";
import { beginSigning, openKept } from "./openWallet.ts";
import { OwnWalletAgain } from "./OwnWalletAgain.tsx";
import { keepSession } from "./session.ts";
import { signInByWallet } from "./signIn.ts";
import type { Signer } from "./signing.tsx";
import { UnlockForm } from "./UnlockForm.tsx";

/** Which wallet is to be opened, and whether its owner has to sign in by it. */
export interface Asked {
  readonly address: string;
  readonly kept: Kept;
  readonly chainId: number;
  readonly signsIn: boolean;
}

export interface Answer {
  opened: (signer: Signer) => void;
  refused: (reason: unknown) => void;
}

/** Asks the reader to open his wallet, for an action that waits for it. */
export function SigningDialog({
  address,
  kept,
  chainId,
  signsIn,
  opened,
  refused,
}: Asked & Answer) {
  const leave = () => refused(new SigningRefused());
  const take = async (wallet: Wallet) => {
    if (signsIn) {
      keepSession(await signInByWallet(wallet, chainId));
    }
    opened(beginSigning(wallet));
  };
  return (
    <Dialog
      leave={leave}
      name={
        signsIn ? (
          <Trans>Your session has ended: sign in again</Trans>
        ) : kept.kind === "built-in" ? (
          <Trans>Open your wallet</Trans>
        ) : (
          <Trans>
            Connect <Value>{kept.name}</Value>
          </Trans>
        )
      }
    >
      <p className="text-soft mt-2">
        <Trans>
          It is the wallet <Value>{short(address)}</Value> of this device.
        </Trans>
      </p>
      {kept.kind === "built-in" ? (
        <UnlockForm
          kept={kept}
          open={async (opener) => take(await openKept(kept, opener, chainId))}
          leave={leave}
        />
      ) : (
        <OwnWalletAgain
          id={kept.id}
          address={address}
          chainId={chainId}
          take={take}
          leave={leave}
        />
      )}
    </Dialog>
  );
}

interface DialogProps {
  name: ReactNode;
  leave: () => void;
  children: ReactNode;
}

/** A modal dialog of the browser's own: it holds the focus, and gives it back. */
function Dialog({ name, leave, children }: DialogProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  const id = useId();
  const before = useRef(document.activeElement);
  useLayoutEffect(() => {
    const element = dialog.current;
    element?.showModal();
    return () => element?.close();
  }, []);
  useEffect(() => {
    const { current: from } = before;
    return () => {
      // What opened it may have been disabled meanwhile, which loses the focus.
      if (from instanceof HTMLElement && document.activeElement === document.body) {
        setTimeout(() => from.focus());
      }
    };
  }, []);
  return (
    <dialog
      ref={dialog}
      aria-labelledby={id}
      className="bg-sheet text-ink border-line rounded-card m-auto w-full max-w-md border p-5 sm:p-6"
      onCancel={(event) => {
        event.preventDefault();
        leave();
      }}
    >
      <h2 id={id} className="text-20 font-semibold">
        {name}
      </h2>
      {children}
    </dialog>
  );
}
