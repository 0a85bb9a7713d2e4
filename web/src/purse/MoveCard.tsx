import { Trans } from "@lingui/react/macro";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";

import { useSigner } from "../account/signing.tsx";
import type { Schema } from "../api/client.ts";
import { useFormat } from "../language/format.ts";
import { Copyable } from "../shell/Copyable.tsx";
import { Value } from "../shell/Value.tsx";
import type { Balance, Progress, Trader } from "../trading/trader.ts";
import { SigningRefused } from "../wallet/errors.ts";
import { fromMinor } from "./amounts.ts";
import { ChainTrouble } from "./ChainTrouble.tsx";
import { MoveForm, type Move } from "./MoveForm.tsx";
import { dropPending, keepPending, type MoveKind } from "./pending.ts";
import { Sent } from "./Sent.tsx";

export interface Moving {
  readonly kind: MoveKind;
  readonly asset: Schema["AssetBody"];
  readonly balance: Balance;
}

interface Props extends Moving {
  address: string;
  /** Addresses that nothing should be sent to. */
  contracts: readonly string[];
  close: () => void;
}

/** Moves coins: what and where, once more in words, and then how far it is. */
export function MoveCard({ kind, asset, balance, address, contracts, close }: Props) {
  const heading = useRef<HTMLHeadingElement>(null);
  const client = useQueryClient();
  const openSigner = useSigner();
  const [move, setMove] = useState<Move | null>(null);
  const [isReviewed, setReviewed] = useState(false);
  const [progress, setProgress] = useState<Progress | null>(null);
  const moving = useMutation({
    mutationFn: async (said: Move) => {
      const { trader } = await openSigner();
      setReviewed(true);
      await carryOut(trader, kind, asset.code, said, (at) => {
        setProgress(at);
        follow(address, kind, asset, said, at);
      });
    },
    onSettled: () => client.invalidateQueries({ queryKey: ["account", "balances"] }),
    onError: () => setReviewed(false),
  });
  useEffect(() => heading.current?.focus(), [move === null, isReviewed]);
  const declined = moving.error instanceof SigningRefused;
  return (
    <section aria-labelledby="move" className="card border-edge mt-4">
      <h2 id="move" ref={heading} tabIndex={-1} className="text-20 font-semibold">
        <Heading kind={kind} asset={asset.code} />
      </h2>
      {move === null ? (
        <MoveForm
          kind={kind}
          asset={asset}
          balance={balance}
          address={address}
          contracts={contracts}
          done={(said) => {
            moving.reset();
            setMove(said);
          }}
          leave={close}
        />
      ) : moving.isSuccess || isReviewed ? (
        <>
          <Sent progress={progress} />
          {moving.isSuccess && (
            <button type="button" className="button button-main mt-4" onClick={close}>
              <Trans>Done</Trans>
            </button>
          )}
        </>
      ) : (
        <Review
          kind={kind}
          asset={asset}
          move={move}
          error={declined ? null : moving.error}
          declined={declined}
          isPending={moving.isPending}
          send={() => !moving.isPending && moving.mutate(move)}
          back={() => setMove(null)}
        />
      )}
    </section>
  );
}

function carryOut(
  trader: Trader,
  kind: MoveKind,
  asset: string,
  { amount, to }: Move,
  report: (progress: Progress) => void,
): Promise<void> {
  if (kind === "deposit") {
    return trader.deposit(asset, amount, report);
  }
  if (kind === "withdraw") {
    return trader.withdraw(asset, amount, report);
  }
  if (to === null) {
    throw new TypeError("Coins are sent to somebody.");
  }
  return trader.send(asset, amount, to, report);
}

/** Keeps what is on its way, so that a reload does not lose sight of it. */
function follow(
  address: string,
  kind: MoveKind,
  { code, decimals }: Schema["AssetBody"],
  { amount }: Move,
  { hash, state }: Progress,
): void {
  if (state === "confirmed" || state === "failed") {
    dropPending(address, hash);
  } else {
    const decimal = fromMinor(amount, decimals);
    keepPending(address, { hash, kind, amount: decimal, asset: code, at: Date.now() });
  }
}

function Heading({ kind, asset }: { kind: MoveKind; asset: string }) {
  switch (kind) {
    case "send":
      return (
        <Trans>
          Send <Value>{asset}</Value>
        </Trans>
      );
    case "deposit":
      return (
        <Trans>
          Put <Value>{asset}</Value> into the contract
        </Trans>
      );
    case "withdraw":
      return (
        <Trans>
          Take <Value>{asset}</Value> out of the contract
        </Trans>
      );
  }
}

interface ReviewProps {
  kind: MoveKind;
  asset: Schema["AssetBody"];
  move: Move;
  error: unknown;
  declined: boolean;
  isPending: boolean;
  send: () => void;
  back: () => void;
}

/** The amount and the address once more, before anything is signed. */
function Review({ kind, asset, move, error, declined, isPending, send, back }: ReviewProps) {
  const format = useFormat();
  const amount = format.coins(fromMinor(move.amount, asset.decimals), asset.code, asset.decimals);
  return (
    <div className="mt-4">
      {kind === "send" && move.to !== null ? (
        <>
          <p className="text-17">
            <Trans>
              You send <Value strong>{amount}</Value> to this address:
            </Trans>
          </p>
          <div className="mt-2">
            <Copyable text={move.to} label={move.to} wraps />
          </div>
          <p className="text-soft mt-2">
            <Trans>Compare its first and last digits. What is sent cannot be called back.</Trans>
          </p>
        </>
      ) : kind === "deposit" ? (
        <p className="text-17">
          <Trans>
            You put <Value strong>{amount}</Value> from your wallet into the contract. You can take
            it out at any time.
          </Trans>
        </p>
      ) : (
        <p className="text-17">
          <Trans>
            You take <Value strong>{amount}</Value> out of the contract, into your wallet.
          </Trans>
        </p>
      )}
      {declined && (
        <p role="status" className="text-soft mt-3">
          <Trans>You said no. Nothing has happened, and you can try again.</Trans>
        </p>
      )}
      <ChainTrouble error={error} />
      <div className="mt-5 flex flex-wrap gap-3">
        <button
          type="button"
          className="button button-main"
          aria-disabled={isPending}
          onClick={send}
        >
          {isPending ? (
            <Trans>Look into your wallet…</Trans>
          ) : (
            // One child: a space at its edge would be lost in the button.
            <span>
              <Trans>
                Confirm <Value>{amount}</Value>
              </Trans>
            </span>
          )}
        </button>
        <button type="button" className="button button-quiet" disabled={isPending} onClick={back}>
          <Trans>Change</Trans>
        </button>
      </div>
    </div>
  );
}
