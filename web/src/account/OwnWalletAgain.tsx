import { Trans } from "@lingui/react/macro";
import { useMutation } from "@tanstack/react-query";
import { useEffect, useRef } from "react";

import { short } from "../shell/short.ts";
import { Value } from "../shell/Value.tsx";
import type { Wallet } from "../wallet/wallet.ts";
import { AnotherAddress, connectAgain } from "./openWallet.ts";
import { WalletTrouble } from "./WalletTrouble.tsx";

interface Props {
  id: string;
  address: string;
  chainId: number;
  take: (wallet: Wallet) => Promise<void>;
  leave: () => void;
}

/** Connects the reader's own wallet again: it has to be the same account of it. */
export function OwnWalletAgain({ id, address, chainId, take, leave }: Props) {
  const button = useRef<HTMLButtonElement>(null);
  const connecting = useMutation({
    mutationFn: async () => take(await connectAgain(id, address, chainId)),
  });
  useEffect(() => button.current?.focus(), []);
  const { error, isPending } = connecting;
  return (
    <div className="mt-4">
      {error instanceof AnotherAddress ? (
        <p role="alert" className="text-stop">
          <Trans>
            Your wallet has <Value>{short(error.address)}</Value> chosen. Choose{" "}
            <Value>{short(address)}</Value> in it, and connect again.
          </Trans>
        </p>
      ) : (
        <WalletTrouble error={error} />
      )}
      <div className="mt-4 flex flex-wrap gap-3">
        <button
          ref={button}
          type="button"
          className="button button-main grow"
          aria-disabled={isPending}
          onClick={() => !isPending && connecting.mutate()}
        >
          {isPending ? <Trans>Look into your wallet…</Trans> : <Trans>Connect</Trans>}
        </button>
        <button type="button" className="button button-quiet" onClick={leave}>
          <Trans>Not now</Trans>
        </button>
      </div>
    </div>
  );
}
