import { Trans, useLingui } from "@lingui/react/macro";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";

import { SignedIn } from "../../account/SignedIn.tsx";
import { api, told } from "../../api/client.ts";
import { Failure } from "../../shell/Failure.tsx";
import { Part, Rows } from "../Part.tsx";
import { webhooksQuery } from "../queries.ts";
import { Secret } from "../Secret.tsx";
import { useIntent } from "../useIntent.ts";
import { Webhook } from "./Webhook.tsx";
import { WebhookForm } from "./WebhookForm.tsx";

/** The addresses to which the exchange brings what happens to the account. */
export function WebhooksPage() {
  const { t } = useLingui();
  return (
    <Part
      name={t`Webhooks`}
      about={
        <Trans>
          The exchange sends what happens to your account to addresses of yours, signed, and tries
          for three days until each message has arrived.
        </Trans>
      }
    >
      <SignedIn>{() => <Webhooks />}</SignedIn>
    </Part>
  );
}

function Webhooks() {
  const { t } = useLingui();
  const client = useQueryClient();
  const intent = useIntent();
  const webhooks = useQuery(webhooksQuery);
  const [secret, setSecret] = useState<string | null>(null);
  const make = useMutation({
    mutationFn: async (body: { url: string; description: string; events: string[] }) =>
      told(await api.POST("/v1/webhooks", { params: { header: intent.header(body) }, body })),
    onSuccess: (made) => {
      intent.done();
      make.reset();
      setSecret(made.secret);
    },
    onSettled: () => client.invalidateQueries({ queryKey: webhooksQuery.queryKey }),
    gcTime: 0,
  });
  return (
    <>
      {secret !== null ? (
        <Secret text={secret} label={t`The secret of the webhook`} done={() => setSecret(null)} />
      ) : (
        <details className="card mt-6">
          <summary className="min-h-11 cursor-pointer py-2 font-semibold">
            <Trans>Name an address</Trans>
          </summary>
          <WebhookForm
            action={<Trans>Name it</Trans>}
            pending={make.isPending}
            error={make.error}
            save={make.mutate}
          />
        </details>
      )}
      {webhooks.data === undefined ? (
        webhooks.isError ? (
          <Failure error={webhooks.error} retry={() => void webhooks.refetch()} />
        ) : (
          <Rows />
        )
      ) : webhooks.data.length === 0 ? (
        <p className="text-soft mt-6">
          <Trans>
            There is none yet. Name an address above, and its first message can be sent.
          </Trans>
        </p>
      ) : (
        <ul className="mt-6 grid grid-cols-[minmax(0,1fr)] gap-4" aria-busy={webhooks.isFetching}>
          {webhooks.data.map((webhook) => (
            <Webhook key={webhook.id} webhook={webhook} told={setSecret} />
          ))}
        </ul>
      )}
    </>
  );
}
