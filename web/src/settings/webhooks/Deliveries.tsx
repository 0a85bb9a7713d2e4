import { Trans, useLingui } from "@lingui/react/macro";
import { useInfiniteQuery, useMutation, useQueryClient } from "@tanstack/react-query";

import { api, type Schema } from "../../api/client.ts";
import { useFormat } from "../../language/format.ts";
import { Failure } from "../../shell/Failure.tsx";
import { Value } from "../../shell/Value.tsx";
import { Rows } from "../Part.tsx";
import { deliveriesQuery } from "../queries.ts";
import { Refused } from "../Refused.tsx";
import { useIntent } from "../useIntent.ts";

/** A message that waits changes within seconds. */
const LOOK_MS = 3_000;

/** What was sent to a webhook in the last 30 days, and how that went. */
export function Deliveries({ webhook }: { webhook: Schema["WebhookAnswer"] }) {
  const log = useInfiniteQuery({
    ...deliveriesQuery(webhook.id),
    refetchInterval: ({ state }) =>
      state.data?.pages.some(({ data }) => data.some((one) => one.state === "pending"))
        ? LOOK_MS
        : false,
  });
  if (log.data === undefined) {
    return log.isError ? <Failure error={log.error} retry={() => void log.refetch()} /> : <Rows />;
  }
  const deliveries = log.data.pages.flatMap(({ data }) => data);
  if (deliveries.length === 0) {
    return (
      <p className="text-soft mt-4">
        <Trans>Nothing was sent there yet. A test shows whether it arrives.</Trans>
      </p>
    );
  }
  return (
    <>
      <ol className="mt-4">
        {deliveries.map((delivery) => (
          <Delivery key={delivery.id} webhook={webhook} delivery={delivery} />
        ))}
      </ol>
      {log.hasNextPage && (
        <button
          type="button"
          className="button button-quiet mt-4"
          disabled={log.isFetchingNextPage}
          onClick={() => void log.fetchNextPage()}
        >
          <Trans>Show what was before</Trans>
        </button>
      )}
    </>
  );
}

function Delivery({
  webhook,
  delivery,
}: {
  webhook: Schema["WebhookAnswer"];
  delivery: Schema["DeliveryAnswer"];
}) {
  const { t } = useLingui();
  const format = useFormat();
  const client = useQueryClient();
  const intent = useIntent();
  const replay = useMutation({
    mutationFn: () =>
      api.POST("/v1/webhooks/{webhook_id}/deliveries/{delivery_id}/replay", {
        params: {
          path: { webhook_id: webhook.id, delivery_id: delivery.id },
          header: intent.header(delivery.id),
        },
      }),
    onSuccess: intent.done,
    onSettled: () => client.invalidateQueries({ queryKey: deliveriesQuery(webhook.id).queryKey }),
  });
  const states: Record<Schema["DeliveryState"], string> = {
    pending: t`On its way`,
    delivered: t`Arrived`,
    failed: t`Failed`,
  };
  return (
    <li className="border-line border-t py-3">
      <div className="flex flex-wrap items-center gap-x-4 gap-y-2">
        <p className="min-w-60 grow">
          <Value>{delivery.type}</Value>
          {" · "}
          <span
            className={
              delivery.state === "failed"
                ? "text-stop font-medium"
                : delivery.state === "pending"
                  ? "text-wait font-medium"
                  : "text-soft"
            }
          >
            {states[delivery.state]}
          </span>
          {" · "}
          <time dateTime={delivery.created_at} className="text-soft">
            {format.moment(delivery.created_at)}
          </time>
        </p>
        <button
          type="button"
          className="button button-quiet"
          disabled={replay.isPending || !webhook.enabled}
          onClick={() => replay.mutate()}
        >
          <Trans>Send again</Trans>
        </button>
      </div>
      {delivery.next_attempt_at !== null && delivery.attempts.length > 0 && (
        <p className="text-soft text-13">
          <Trans>
            Next try <Value>{format.moment(delivery.next_attempt_at)}</Value>
          </Trans>
        </p>
      )}
      {delivery.attempts.length > 0 && (
        <details>
          <summary className="link text-13 min-h-11 cursor-pointer py-3">
            <Trans>Each try</Trans>
          </summary>
          <ol className="text-soft text-13">
            {delivery.attempts.map((attempt) => (
              <li key={attempt.number} className="flex flex-wrap gap-x-3 py-1">
                <Value>{attempt.number}</Value>
                <time dateTime={attempt.at}>{format.moment(attempt.at)}</time>
                <Outcome attempt={attempt} />
                <Value>{format.milliseconds(attempt.duration_ms)}</Value>
              </li>
            ))}
          </ol>
        </details>
      )}
      <Refused error={replay.error} />
    </li>
  );
}

function Outcome({ attempt }: { attempt: Schema["AttemptAnswer"] }) {
  const { t } = useLingui();
  const faults: Record<Schema["OutwardFault"], string> = {
    address: t`The name leads to no public address`,
    unreachable: t`Nobody answers there`,
    tls: t`No TLS, or a certificate that is not valid for the name`,
    timeout: t`No answer within 15 seconds`,
    malformed: t`What came is no answer of HTTP`,
  };
  if (attempt.error !== null) {
    return <span>{faults[attempt.error]}</span>;
  }
  return (
    <span>
      <Trans>
        Answered with <Value>{attempt.status}</Value>
      </Trans>
    </span>
  );
}
