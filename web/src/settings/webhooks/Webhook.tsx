import { Trans, useLingui } from "@lingui/react/macro";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";

import { api, told as answered, type Schema } from "../../api/client.ts";
import { useFormat } from "../../language/format.ts";
import { Value } from "../../shell/Value.tsx";
import { webhooksQuery } from "../queries.ts";
import { Refused } from "../Refused.tsx";
import { Sure } from "../Sure.tsx";
import { useIntent } from "../useIntent.ts";
import { Deliveries } from "./Deliveries.tsx";
import { EVERYTHING, FILTERS } from "./filters.ts";
import { WebhookForm } from "./WebhookForm.tsx";

const DAY_S = 86_400;

/** One webhook: what it is, what can be done to it, and its log. `told` gets a new secret. */
export function Webhook({
  webhook,
  told,
}: {
  webhook: Schema["WebhookAnswer"];
  told: (secret: string) => void;
}) {
  const client = useQueryClient();
  const rotation = useIntent();
  const testing = useIntent();
  const [open, setOpen] = useState<"none" | "form" | "log">("none");
  const params = { path: { webhook_id: webhook.id } };
  const onSettled = () => client.invalidateQueries({ queryKey: webhooksQuery.queryKey });

  const edit = useMutation({
    mutationFn: (body: Schema["ChangesBody"]) =>
      api.PATCH("/v1/webhooks/{webhook_id}", {
        params: { ...params, header: { "if-match": `"${webhook.version}"` } },
        body,
      }),
    onSuccess: () => setOpen("none"),
    onSettled,
  });
  const forget = useMutation({
    mutationFn: () => api.DELETE("/v1/webhooks/{webhook_id}", { params }),
    onSettled,
  });
  const rotate = useMutation({
    mutationFn: async (overlapS: number) => {
      const body = { overlap_s: overlapS };
      const header = rotation.header(body);
      return answered(
        await api.POST("/v1/webhooks/{webhook_id}/secret", { params: { ...params, header }, body }),
      );
    },
    onSuccess: ({ secret }) => {
      rotation.done();
      rotate.reset();
      told(secret);
    },
    onSettled,
    gcTime: 0,
  });
  const test = useMutation({
    mutationFn: async () =>
      api.POST("/v1/webhooks/{webhook_id}/test", {
        params: { ...params, header: testing.header(webhook.id) },
      }),
    onSuccess: () => {
      testing.done();
      setOpen("log");
    },
    onSettled,
  });
  const busy = edit.isPending || forget.isPending || rotate.isPending || test.isPending;
  const turn = (to: "form" | "log") => setOpen((old) => (old === to ? "none" : to));
  return (
    <li className="card">
      <p className="font-semibold break-all">
        <bdi translate="no">{webhook.url}</bdi>
      </p>
      {webhook.description !== "" && (
        <p className="text-soft">
          <bdi translate="no">{webhook.description}</bdi>
        </p>
      )}
      <State webhook={webhook} />
      <div className="mt-4 flex flex-wrap items-start gap-3">
        <button
          type="button"
          className="button button-quiet"
          aria-expanded={open === "log"}
          onClick={() => turn("log")}
        >
          <Trans>Messages</Trans>
        </button>
        <button
          type="button"
          className="button button-quiet"
          aria-expanded={open === "form"}
          onClick={() => turn("form")}
        >
          <Trans>Change</Trans>
        </button>
        {webhook.enabled && (
          <button
            type="button"
            className="button button-quiet"
            disabled={busy}
            onClick={() => test.mutate()}
          >
            <Trans>Send a test</Trans>
          </button>
        )}
        <button
          type="button"
          className="button button-quiet"
          disabled={busy}
          onClick={() => edit.mutate({ enabled: !webhook.enabled })}
        >
          {webhook.enabled ? <Trans>Disable</Trans> : <Trans>Enable</Trans>}
        </button>
        <Sure
          action={<Trans>New secret</Trans>}
          question={
            <Trans>
              Messages are signed with both secrets for a day, so that your receiver can change
              over.
            </Trans>
          }
          pending={busy}
          act={() => rotate.mutate(DAY_S)}
        />
        <Sure
          action={<Trans>The secret has leaked</Trans>}
          question={
            <Trans>
              The old secret ends at once: until your receiver has the new one, it refuses messages,
              and they are tried again later.
            </Trans>
          }
          pending={busy}
          act={() => rotate.mutate(0)}
        />
        <Sure
          action={<Trans>Forget it</Trans>}
          question={<Trans>It ends with its log, and what waits for it is never sent.</Trans>}
          pending={busy}
          act={() => forget.mutate()}
        />
      </div>
      <Refused error={forget.error ?? rotate.error ?? test.error} />
      {open !== "form" && <Refused error={edit.error} />}
      {open === "form" && (
        <WebhookForm
          key={webhook.version}
          action={<Trans>Save</Trans>}
          from={webhook}
          pending={edit.isPending}
          error={edit.error}
          save={edit.mutate}
        />
      )}
      {open === "log" && <Deliveries webhook={webhook} />}
    </li>
  );
}

function State({ webhook }: { webhook: Schema["WebhookAnswer"] }) {
  const { t, i18n } = useLingui();
  const format = useFormat();
  const reasons: Record<Schema["DisabledReason"], string> = {
    owner: t`Disabled by you. Once it is enabled, it goes on where it stopped.`,
    gone: t`Disabled: its receiver said that it is gone.`,
    failing: t`Disabled: nothing arrived for five days.`,
    secrets_lost: t`Disabled: the exchange lost its secret. Give it a new one, then enable it.`,
  };
  const [second, ...older] = webhook.keys.slice(1);
  const until = [second, ...older].find((key) => key?.expires_at != null)?.expires_at;
  return (
    <>
      <p className="text-soft">
        {webhook.events.includes(EVERYTHING) ? (
          <Trans>Everything that happens to your account</Trans>
        ) : (
          webhook.events.map((filter, place) => {
            const name = FILTERS[filter];
            return (
              <span key={filter}>
                {place > 0 && " · "}
                {name === undefined ? <Value>{filter}</Value> : i18n._(name)}
              </span>
            );
          })
        )}
      </p>
      <p role="status" className={webhook.enabled ? "text-soft" : "text-wait font-medium"}>
        {webhook.disabled_reason !== null ? (
          reasons[webhook.disabled_reason]
        ) : webhook.failing_since !== null ? (
          <span className="text-wait font-medium">
            <Trans>
              Nothing has arrived since <Value>{format.moment(webhook.failing_since)}</Value>.
            </Trans>
          </span>
        ) : (
          <Trans>Enabled</Trans>
        )}
      </p>
      {until && (
        <p className="text-soft">
          <Trans>
            The secret before this one is valid until <Value>{format.moment(until)}</Value>.
          </Trans>
        </p>
      )}
    </>
  );
}
