import { Trans, useLingui } from "@lingui/react/macro";
import { queryOptions, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";

import { useFormat } from "../language/format.ts";
import { Refused } from "../settings/Refused.tsx";
import { Sure } from "../settings/Sure.tsx";
import { useIntent } from "../settings/useIntent.ts";
import { Failure } from "../shell/Failure.tsx";
import { Value } from "../shell/Value.tsx";
import { end, PushServiceSilent, readPush, turnPushOff, turnPushOn, type Device } from "./push.ts";
import { pushWords } from "./pushWords.ts";

const pushQuery = (accountId: string) =>
  queryOptions({
    queryKey: ["account", "push", accountId],
    queryFn: () => readPush(accountId),
  });

/** Push messages of this device, on or off, and the account's other devices that have them. */
export function PushSwitch({ accountId }: { accountId: string }) {
  const query = pushQuery(accountId);
  const push = useQuery(query);
  return (
    <section className="card mt-6" aria-labelledby="push">
      <h2 id="push" className="text-20 font-semibold">
        <Trans>When no page is open</Trans>
      </h2>
      <p className="text-soft mt-2 max-w-prose">
        <Trans>
          The exchange can wake this device by the push service of your browser’s maker. That one
          learns that and when this exchange sends you something, but not what: each message is
          sealed for this device, and says which trade it is about and what happened.
        </Trans>
      </p>
      {push.data === undefined ? (
        push.isError ? (
          <Failure error={push.error} retry={() => void push.refetch()} />
        ) : (
          <div className="mt-4" aria-busy="true">
            <div className="skeleton h-11" />
          </div>
        )
      ) : (
        <>
          <Switch accountId={accountId} now={push.data.now} />
          <Devices accountId={accountId} devices={push.data.devices} own={push.data.own} />
        </>
      )}
    </section>
  );
}

function Switch({ accountId, now }: { accountId: string; now: string }) {
  const { i18n } = useLingui();
  const client = useQueryClient();
  const intent = useIntent();
  const turn = useMutation({
    mutationFn: async () => {
      if (now === "on") {
        await turnPushOff();
      } else {
        await turnPushOn(accountId, pushWords(i18n), intent.header);
        intent.done();
      }
    },
    onSettled: () => client.invalidateQueries({ queryKey: pushQuery(accountId).queryKey }),
  });
  return (
    <>
      <div role="status" className="mt-4">
        {now === "unsupported" && (
          <p>
            <Trans>
              This browser takes none here. On a phone it may once this page is installed as an app.
            </Trans>
          </p>
        )}
        {now === "denied" && (
          <p>
            <Trans>
              This browser was told to show none of this exchange. Its own settings of this site can
              allow them again.
            </Trans>
          </p>
        )}
        {now === "on" && (
          <p className="font-medium">
            <Trans>This device is told of your trades, until you sign out on it.</Trans>
          </p>
        )}
      </div>
      {(now === "on" || now === "off") && (
        <button
          type="button"
          className={`button mt-4 ${now === "on" ? "button-quiet" : "button-main"}`}
          disabled={turn.isPending}
          onClick={() => turn.mutate()}
        >
          {turn.isPending ? (
            <Trans>One moment</Trans>
          ) : now === "on" ? (
            <Trans>Tell this device no more</Trans>
          ) : (
            <Trans>Tell this device</Trans>
          )}
        </button>
      )}
      <WhyNot error={turn.error} />
    </>
  );
}

/** Why it failed: the browser, its push service, or the exchange. */
function WhyNot({ error }: { error: unknown }) {
  if (error instanceof PushServiceSilent || error instanceof DOMException) {
    return (
      <p role="alert" className="text-stop mt-3">
        <Trans>
          The browser did not get a place at its push service. Some browsers have none; else try
          again later.
        </Trans>
      </p>
    );
  }
  return <Refused error={error} />;
}

interface DevicesProps {
  accountId: string;
  devices: readonly Device[];
  own: string | null;
}

function Devices({ accountId, devices, own }: DevicesProps) {
  if (devices.length === 0) {
    return null;
  }
  return (
    <>
      <h3 className="mt-6 font-semibold">
        <Trans>Devices that are told</Trans>
      </h3>
      <ul>
        {devices.map((device) => (
          <Row key={device.id} accountId={accountId} device={device} isOwn={device.id === own} />
        ))}
      </ul>
    </>
  );
}

interface RowProps {
  accountId: string;
  device: Device;
  isOwn: boolean;
}

function Row({ accountId, device, isOwn }: RowProps) {
  const format = useFormat();
  const client = useQueryClient();
  const forget = useMutation({
    mutationFn: () => end(device.id),
    onSettled: () => client.invalidateQueries({ queryKey: pushQuery(accountId).queryKey }),
  });
  return (
    <li className="border-line border-b py-4">
      <div className="flex flex-wrap items-start gap-x-6 gap-y-3">
        <div className="min-w-60 grow">
          <p className="font-semibold">
            <Value>{device.label}</Value>
            {isOwn && (
              <span className="bg-brand-wash text-13 rounded-control ms-2 px-2 font-medium">
                <Trans>This device</Trans>
              </span>
            )}
          </p>
          <p className="text-soft">
            {device.accepted_at === null ? (
              <Trans>Nothing was sent yet</Trans>
            ) : (
              <Trans>
                Last told <Value>{format.moment(device.accepted_at)}</Value>
              </Trans>
            )}
          </p>
        </div>
        {!isOwn && (
          <Sure
            action={<Trans>Tell it no more</Trans>}
            question={<Trans>That device is told nothing more until it is turned on there.</Trans>}
            pending={forget.isPending}
            act={() => forget.mutate()}
          />
        )}
      </div>
      <Refused error={forget.error} />
    </li>
  );
}
