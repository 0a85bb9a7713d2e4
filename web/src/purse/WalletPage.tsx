import { Trans, useLingui } from "@lingui/react/macro";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useRef, useState } from "react";

import { keptWallet } from "../account/device.ts";
import { useEnded, useSession } from "../account/session.ts";
import type { Schema } from "../api/client.ts";
import { exchangeQuery } from "../api/queries.ts";
import { ownNode } from "../chain/provider.ts";
import { Failure } from "../shell/Failure.tsx";
import { short } from "../shell/short.ts";
import { Title } from "../shell/Title.tsx";
import { Value } from "../shell/Value.tsx";
import { AddressCard } from "./AddressCard.tsx";
import { BackupCard } from "./BackupCard.tsx";
import { Balances } from "./Balances.tsx";
import { Faucet } from "./Faucet.tsx";
import { MoveCard, type Moving } from "./MoveCard.tsx";
import { PendingList } from "./PendingList.tsx";
import { balancesQuery } from "./queries.ts";

/** The reader's wallet: what is in it and in the contract, and what can be done with it. */
export function WalletPage() {
  const { t } = useLingui();
  const session = useSession();
  const ended = useEnded();
  const exchange = useQuery(exchangeQuery);
  const address = (session ?? ended)?.wallet;
  return (
    <>
      <Title name={t`Wallet`}>
        <Trans>Wallet</Trans>
      </Title>
      {address === undefined ? (
        <Nobody />
      ) : exchange.isError ? (
        <Failure error={exchange.error} retry={() => void exchange.refetch()} />
      ) : exchange.data ? (
        <Purse key={address} address={address} exchange={exchange.data} />
      ) : (
        <Skeleton />
      )}
    </>
  );
}

const Nobody = () => (
  <>
    <p className="text-17 text-soft mt-3 max-w-prose">
      <Trans>Your wallet and its coins show up here once you have started.</Trans>
    </p>
    <Link to="/start" search={{ then: "/wallet" }} className="button button-main mt-6">
      <Trans>Start</Trans>
    </Link>
  </>
);

function Purse({ address, exchange }: { address: string; exchange: Schema["ExchangeBody"] }) {
  const balances = useQuery(balancesQuery(address));
  const [moving, setMoving] = useState<Moving | null>(null);
  const from = useRef<Element | null>(null);
  const { assets, chain } = exchange;
  const contracts = [chain.escrow_address, ...assets.flatMap(({ token }) => token ?? [])];
  const close = () => {
    setMoving(null);
    if (from.current instanceof HTMLElement) {
      from.current.focus();
    }
  };
  return (
    <>
      <p className="text-soft mt-2">
        <Whose address={address} />
      </p>
      <div className="mt-6 grid grid-cols-[minmax(0,1fr)] items-start gap-8 lg:grid-cols-[minmax(0,1.4fr)_minmax(0,1fr)]">
        <div>
          {exchange.development && <Faucet wallet={address} />}
          {balances.isError && !balances.data ? (
            <Failure error={balances.error} retry={() => void balances.refetch()} />
          ) : balances.data ? (
            <Balances
              balances={balances.data}
              assets={assets}
              choose={(chosen) => {
                from.current = document.activeElement;
                setMoving(chosen);
              }}
            />
          ) : (
            <SkeletonRows />
          )}
          {balances.isError && balances.data && (
            <p role="status" className="text-wait mt-2">
              <Trans>These are old: the chain could not be read just now.</Trans>
            </p>
          )}
          <p className="text-13 text-soft mt-3">
            {ownNode() === null ? (
              <Trans>Read from the chain through the exchange’s node.</Trans>
            ) : (
              <Trans>Read from the chain through your own node.</Trans>
            )}
          </p>
          {moving && (
            <MoveCard
              key={`${moving.kind} ${moving.asset.code}`}
              {...moving}
              address={address}
              contracts={contracts}
              close={close}
            />
          )}
          <PendingList address={address} />
        </div>
        <div className="grid grid-cols-[minmax(0,1fr)] gap-6">
          <AddressCard address={address} />
          <BackupCard />
        </div>
      </div>
    </>
  );
}

function Whose({ address }: { address: string }) {
  const kept = keptWallet(address);
  return kept?.kind === "own" ? (
    <Trans>
      <Value>{kept.name}</Value>, your own wallet, at <Value>{short(address)}</Value>
    </Trans>
  ) : (
    <Trans>
      Made here, at <Value>{short(address)}</Value>
    </Trans>
  );
}

function SkeletonRows() {
  const { t } = useLingui();
  return (
    <div aria-busy="true" aria-label={t`Reading the balances`} role="status">
      {[0, 1].map((row) => (
        <div key={row} className="border-line h-36 border-b py-5">
          <div className="skeleton h-12 w-3/4" />
          <div className="skeleton mt-3 h-11 w-1/2" />
        </div>
      ))}
    </div>
  );
}

const Skeleton = () => (
  <div className="mt-10 grid gap-8 lg:grid-cols-[minmax(0,1.4fr)_minmax(0,1fr)]">
    <SkeletonRows />
    <div className="skeleton h-96" />
  </div>
);
