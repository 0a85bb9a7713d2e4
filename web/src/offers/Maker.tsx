import { Trans } from "@lingui/react/macro";

import { Identicon } from "../shell/Identicon.tsx";
import { Value } from "../shell/Value.tsx";

interface Props {
  maker: { id: string; name?: string | null };
  online: boolean | null;
}

/** Who makes an offer. One without a name is known by the first letters of his id. */
export function Maker({ maker, online }: Props) {
  return (
    <span className="flex min-w-0 items-center gap-3">
      <Identicon id={maker.id} />
      <span className="min-w-0">
        <span className="block truncate font-semibold">
          <Value>{maker.name ?? maker.id.slice(-8)}</Value>
        </span>
        {online !== null && (
          <span className="text-13 text-soft flex items-center gap-1.5">
            <span
              className={`size-1.5 rounded-full ${online ? "bg-brand" : "border-edge border"}`}
              aria-hidden="true"
            />
            {online ? <Trans>there now</Trans> : <Trans>away</Trans>}
          </span>
        )}
      </span>
    </span>
  );
}
