import { Trans, useLingui } from "@lingui/react/macro";
import { useState } from "react";

import { useSession } from "../account/session.ts";
import { alertsNow, turnAlerts } from "../notifications/alerts.ts";
import { PushSwitch } from "../notifications/PushSwitch.tsx";
import { Part } from "./Part.tsx";

/** How the reader is told of what happens. */
export function AlertsPage() {
  const { t } = useLingui();
  const session = useSession();
  const [alerts, setAlerts] = useState(alertsNow);
  const [asking, setAsking] = useState(false);
  const turn = async (on: boolean) => {
    setAsking(true);
    try {
      setAlerts(await turnAlerts(on));
    } finally {
      setAsking(false);
    }
  };
  return (
    <Part
      name={t`Notifications`}
      about={
        <Trans>
          While a tab of this exchange is open, what happens to your trades is told in the page, in
          the title of the tab, and behind the bell.
        </Trans>
      }
    >
      <section className="card mt-6" aria-labelledby="system">
        <h2 id="system" className="text-20 font-semibold">
          <Trans>By your system</Trans>
        </h2>
        <p className="text-soft mt-2 max-w-prose">
          <Trans>
            Your system can show it as well while you look elsewhere. It says what happened in a few
            words, which others may see on your screen, and nothing goes through another server.
          </Trans>
        </p>
        <div role="status" className="mt-4">
          {alerts === "unsupported" && (
            <p>
              <Trans>
                This browser shows none. On a phone it may once this page is installed as an app.
              </Trans>
            </p>
          )}
          {alerts === "denied" && (
            <p>
              <Trans>
                This browser was told to show none of this exchange. Its own settings of this site
                can allow them again.
              </Trans>
            </p>
          )}
          {alerts === "on" && (
            <p className="font-medium">
              <Trans>They are shown on this device.</Trans>
            </p>
          )}
        </div>
        {(alerts === "on" || alerts === "off") && (
          <button
            type="button"
            className={`button mt-4 ${alerts === "on" ? "button-quiet" : "button-main"}`}
            disabled={asking}
            onClick={() => void turn(alerts === "off")}
          >
            {alerts === "on" ? <Trans>Show them no more</Trans> : <Trans>Show them</Trans>}
          </button>
        )}
      </section>
      {session !== null && <PushSwitch accountId={session.account.id} />}
    </Part>
  );
}
