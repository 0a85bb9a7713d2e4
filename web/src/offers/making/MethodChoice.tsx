import { Trans, useLingui } from "@lingui/react/macro";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";

import { useSession } from "../../account/session.ts";
import { methodsQuery } from "../../api/queries.ts";
import type { Format } from "../../language/format.ts";
import { accountsQuery } from "../../payments/queries.ts";
import { Failure } from "../../shell/Failure.tsx";
import { Value } from "../../shell/Value.tsx";
import { FaultOf, idOf, type Part } from "./inputs.tsx";

/** As many as the exchange takes for one offer. */
const MAX_METHODS = 10;

/** By which methods one pays or is paid: those for which the reader has an account come first. */
export function MethodChoice({ draft, faults, change, format }: Part & { format: Format }) {
  const { t, i18n } = useLingui();
  const session = useSession();
  const methods = useQuery(methodsQuery(draft.currency, i18n.locale));
  const accounts = useQuery({ ...accountsQuery, enabled: session !== null });
  const [sought, setSought] = useState("");
  if (methods.isError) {
    return <Failure error={methods.error} retry={() => void methods.refetch()} />;
  }
  const mine = new Set(accounts.data?.map(({ method }) => method));
  const rank = (code: string) => (draft.methods.includes(code) ? 0 : mine.has(code) ? 1 : 2);
  const found = [...(methods.data?.values() ?? [])]
    .filter(
      ({ code, name }) =>
        draft.methods.includes(code) || name.toLowerCase().includes(sought.trim().toLowerCase()),
    )
    .sort((one, other) => rank(one.code) - rank(other.code) || one.name.localeCompare(other.name));
  const full = draft.methods.length >= MAX_METHODS;
  const chosen = format.count(draft.methods.length);
  const most = format.count(MAX_METHODS);
  return (
    <fieldset aria-describedby={faults.has("methods") ? `${idOf("methods")}-fault` : undefined}>
      <legend className="label">
        <Trans>Payment methods</Trans>
      </legend>
      <input
        id={idOf("methods")}
        type="search"
        autoComplete="off"
        className="control w-full sm:max-w-md"
        aria-label={t`Search payment methods`}
        aria-invalid={faults.has("methods")}
        placeholder={t`Search payment methods`}
        value={sought}
        onChange={(event) => setSought(event.target.value)}
      />
      <FaultOf field="methods" faults={faults} />
      {methods.data === undefined ? (
        <div className="skeleton mt-2 h-64" aria-busy="true" />
      ) : (
        <ul className="border-line rounded-control mt-2 max-h-72 overflow-y-auto border">
          {found.map(({ code, name, reversible }) => (
            <li key={code} className="border-line border-b last:border-0">
              <label className="flex min-h-11 cursor-pointer items-center gap-3 px-4 py-1.5">
                <input
                  type="checkbox"
                  className="accent-brand size-5 shrink-0"
                  checked={draft.methods.includes(code)}
                  disabled={full && !draft.methods.includes(code)}
                  onChange={(event) =>
                    change({
                      methods: event.target.checked
                        ? [...draft.methods, code]
                        : draft.methods.filter((each) => each !== code),
                    })
                  }
                />
                <span className="min-w-0 grow">
                  <bdi translate="no">{name}</bdi>
                  {reversible && draft.direction === "sell" && (
                    <span className="text-13 text-soft block">
                      <Trans>The payer’s bank can take such a payment back.</Trans>
                    </span>
                  )}
                </span>
                {mine.has(code) && (
                  <span className="bg-well text-13 rounded-full px-2.5 py-0.5">
                    <Trans>You have an account</Trans>
                  </span>
                )}
              </label>
            </li>
          ))}
        </ul>
      )}
      <p role="status" className="text-13 text-soft mt-1">
        <Trans>
          Chosen: <Value>{chosen}</Value> of at most <Value>{most}</Value>
        </Trans>
      </p>
    </fieldset>
  );
}
