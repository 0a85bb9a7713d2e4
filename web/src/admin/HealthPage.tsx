import { Trans, useLingui } from "@lingui/react/macro";
import { queryOptions, useQuery } from "@tanstack/react-query";

import { useSession } from "../account/session.ts";
import { api, ProblemError, told } from "../api/client.ts";
import { useFormat } from "../language/format.ts";
import { Failure } from "../shell/Failure.tsx";
import { NotFound } from "../shell/NotFound.tsx";
import { Title } from "../shell/Title.tsx";
import { Value } from "../shell/Value.tsx";
import { Chain, Coins, Deadlines, Jobs, Limits, Prices, Relayer } from "./parts.tsx";

const LOOK_MS = 30_000;

export const healthQuery = queryOptions({
  queryKey: ["account", "health"],
  queryFn: async () => told(await api.GET("/v1/admin/health")),
  refetchInterval: LOOK_MS,
});

/** How the exchange is, for its operator; to everybody else it is not there. */
export function HealthPage() {
  const session = useSession();
  return session === null ? <NotFound /> : <Health />;
}

function Health() {
  const { t } = useLingui();
  const format = useFormat();
  const health = useQuery(healthQuery);
  if (health.error instanceof ProblemError && [403, 404].includes(health.error.status)) {
    return <NotFound />;
  }
  if (health.data === undefined) {
    return health.isError ? (
      <Failure error={health.error} retry={() => void health.refetch()} />
    ) : (
      <div className="grid gap-3" aria-busy="true">
        <div className="skeleton h-12 max-w-md" />
        {Array.from({ length: 7 }, (_, row) => (
          <div key={row} className="skeleton h-24" />
        ))}
      </div>
    );
  }
  const { data } = health;
  const parts = [
    data.chain,
    data.relayer,
    data.reserves,
    data.trades,
    data.jobs,
    data.prices,
    data.limits,
  ];
  const bad = parts.filter(({ good }) => good === false).length;
  const unknown = parts.some(({ good }) => good === null);
  return (
    <>
      <Title name={t`Health of the exchange`}>
        <Trans>Health of the exchange</Trans>
      </Title>
      <div className="mt-4 flex flex-wrap items-center gap-x-6 gap-y-3">
        <p role="status" className="text-17 font-medium">
          {bad > 0 ? (
            <span className="text-stop">
              <Trans>Something needs you: it is marked below.</Trans>
            </span>
          ) : unknown ? (
            <span className="text-wait">
              <Trans>What could be looked at is well; not everything could.</Trans>
            </span>
          ) : (
            <span className="text-safe">
              <Trans>All is well.</Trans>
            </span>
          )}
        </p>
        <p className="text-soft">
          <Trans>
            Looked at <Value>{format.moment(data.now)}</Value>
          </Trans>
        </p>
        <button
          type="button"
          className="button button-quiet"
          disabled={health.isFetching}
          onClick={() => void health.refetch()}
        >
          {health.isFetching ? <Trans>Looking…</Trans> : <Trans>Look again</Trans>}
        </button>
      </div>
      {health.isError && <Failure error={health.error} retry={() => void health.refetch()} />}
      <ul className="border-line mt-6 border-t">
        <Chain part={data.chain} />
        <Coins part={data.reserves} />
        <Relayer part={data.relayer} />
        <Deadlines part={data.trades} />
        <Jobs part={data.jobs} />
        <Prices part={data.prices} />
        <Limits part={data.limits} />
      </ul>
      <p className="text-soft mt-6 max-w-prose">
        <Trans>
          The command <Value>tradepost doctor</Value> looks at a few things more, such as clocks and
          settings, on the machine itself.
        </Trans>
      </p>
    </>
  );
}
