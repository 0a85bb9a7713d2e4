import { useLingui } from "@lingui/react";
import { useEffect } from "react";

import { currentSession, onSessionChange } from "../account/session.ts";
import { kept } from "../settings/kept.ts";

/**
 * Keeps push messages right on a device that has them: at each visit, when the language changes,
 * and when its session ends, which ends them too. Other devices do not load what it takes.
 */
export function usePush(accountId: string): void {
  const { i18n } = useLingui();
  const { locale } = i18n;
  useEffect(() => {
    if (kept("push") === null) {
      return;
    }
    void Promise.all([import("./push.ts"), import("./pushWords.ts")])
      .then(([push, { pushWords }]) => push.refreshPush(accountId, pushWords(i18n)))
      .catch(() => undefined); // without a network: the next visit does it
  }, [accountId, i18n, locale]);
  useEffect(
    () =>
      onSessionChange(() => {
        if (currentSession() === null && kept("push") !== null) {
          void import("./push.ts").then((push) => push.forgetPush()).catch(() => undefined);
        }
      }),
    [],
  );
}
