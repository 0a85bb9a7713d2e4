import { Trans } from "@lingui/react/macro";

import { useFormat } from "../language/format.ts";
import { Value } from "../shell/Value.tsx";

/**
 * Says of when something is that could not be read anew; `at` is a query's `dataUpdatedAt`. What
 * stands beside it is the last known state, and offers no action.
 */
export function AsOf({ at }: { at: number }) {
  const format = useFormat();
  const when = new Date(at).toISOString();
  return (
    <p role="status" className="bg-wait-wash text-wait rounded-control px-4 py-3 font-medium">
      <Trans>
        As of{" "}
        <Value>
          <time dateTime={when}>{format.moment(when)}</time>
        </Value>
        . The exchange is out of reach, so it may have changed since; escrowed coins are not
        affected.
      </Trans>
    </p>
  );
}
