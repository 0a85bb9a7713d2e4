import { Plural, Trans } from "@lingui/react/macro";

import { short } from "../shell/short.ts";
import { Value } from "../shell/Value.tsx";
import type { Progress } from "../trading/trader.ts";

/** How far a transaction is, told as it goes on. */
export function Sent({ progress }: { progress: Progress | null }) {
  return (
    <div role="status" className="mt-4 min-h-12">
      {progress === null ? (
        <p>
          <Trans>Your wallet signs it.</Trans>
        </p>
      ) : (
        <>
          <p className={progress.state === "confirmed" ? "text-safe font-medium" : "font-medium"}>
            <State progress={progress} />
          </p>
          <p className="text-13 text-soft">
            <Trans>
              Transaction <Value>{short(progress.hash)}</Value>
            </Trans>
          </p>
        </>
      )}
    </div>
  );
}

function State({ progress }: { progress: Progress }) {
  const { state, confirmations, needed } = progress;
  switch (state) {
    case "replaced":
      return <Trans>Your wallet replaced it by another one, which is followed now.</Trans>;
    case "failed":
      return <Trans>The chain refused it. Your coins are where they were.</Trans>;
    case "confirmed":
      return <Trans>It is on the chain.</Trans>;
    case "sent":
      return confirmations === 0 ? (
        <Trans>It was sent, and waits for a block.</Trans>
      ) : (
        <Plural
          value={needed - confirmations}
          one="It is in a block; one more confirms it."
          other="It is in a block; # more confirm it."
        />
      );
  }
}
