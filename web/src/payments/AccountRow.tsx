import { Trans, useLingui } from "@lingui/react/macro";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";

import { api } from "../api/client.ts";
import { problemOf } from "../api/problems.ts";
import { useAction } from "../api/useAction.ts";
import { ActionFailed } from "../shell/ActionFailed.tsx";
import { Confirm } from "../shell/Confirm.tsx";
import { Value } from "../shell/Value.tsx";
import { AccountForm } from "./AccountForm.tsx";
import { Lines } from "./Lines.tsx";
import { MethodName } from "./MethodName.tsx";
import { accountsQuery, methodQuery, type Kept } from "./queries.ts";
import type { Box } from "./useBox.ts";
import { useKeepAccount } from "./useKeepAccount.ts";

/** One payment account: its method, and what is in it once it was opened. */
export function AccountRow({ kept, box }: { kept: Kept; box: Box }) {
  const { t, i18n } = useLingui();
  const method = useQuery(methodQuery(kept.method, i18n.locale));
  const [doing, setDoing] = useState<"edit" | "delete" | null>(null);
  const keeping = useKeepAccount(box, () => setDoing(null));
  const deleting = useDelete(kept);
  const opened = box.read(kept);
  const name = method.data?.name ?? kept.method;
  return (
    <li className="border-line border-b py-5 first:border-t">
      <div className="flex flex-wrap items-start justify-between gap-x-6 gap-y-3">
        <div className="min-w-0">
          <h2 className="text-17 font-semibold">
            <MethodName code={kept.method} />
            {opened?.label && (
              <span className="text-soft font-normal">
                {" · "}
                <bdi>{opened.label}</bdi>
              </span>
            )}
          </h2>
          {!box.isOpen ? (
            <p className="text-soft">
              <Trans>Sealed</Trans>
            </p>
          ) : opened === null ? (
            <p className="text-stop max-w-prose">
              <Trans>
                It does not open with this wallet. It was sealed with another one, or it is not what
                you have kept.
              </Trans>
            </p>
          ) : (
            doing !== "edit" && <Lines method={method.data} fields={opened.fields} />
          )}
        </div>
        {doing !== "edit" && (
          <div className="flex gap-3">
            {opened !== null && method.data && (
              <button
                type="button"
                className="button button-quiet"
                aria-label={t`Edit ${name}`}
                onClick={() => setDoing("edit")}
              >
                <Trans>Edit</Trans>
              </button>
            )}
            <button
              type="button"
              className="button button-quiet"
              aria-label={t`Delete ${name}`}
              onClick={() => setDoing("delete")}
            >
              <Trans>Delete</Trans>
            </button>
          </div>
        )}
      </div>
      {doing === "edit" && opened !== null && method.data && (
        <AccountForm
          key={kept.version}
          method={method.data}
          initial={opened}
          action={<Trans>Save</Trans>}
          pending={keeping.pending}
          submit={(filled) => keeping.run({ ...filled, method: kept.method, seen: seenOf(kept) })}
          cancel={() => {
            keeping.forget();
            setDoing(null);
          }}
        >
          {keeping.error && <ActionFailed error={keeping.error} />}
        </AccountForm>
      )}
      {doing === "delete" && (
        <Confirm
          title={
            <Trans>
              Delete this account of <Value>{name}</Value>?
            </Trans>
          }
          action={<Trans>Delete</Trans>}
          pending={deleting.pending}
          error={deleting.error}
          confirm={() => deleting.run(seenOf(kept))}
          close={() => {
            deleting.forget();
            setDoing(null);
          }}
        >
          <Trans>Trades that were told of it keep what they were told.</Trans>
        </Confirm>
      )}
    </li>
  );
}

const seenOf = ({ id, version }: Kept) => ({ id, version });

function useDelete(kept: Kept) {
  const client = useQueryClient();
  return useAction(async ({ id, version }: Pick<Kept, "id" | "version">) => {
    try {
      await api.DELETE("/v1/payment-accounts/{account_id}", {
        params: { path: { account_id: id }, header: { "if-match": `"${version}"` } },
      });
    } catch (error) {
      // Gone is what was asked for, also where an earlier try's answer was lost.
      if (problemOf(error) !== "not-found") {
        void client.invalidateQueries({ queryKey: accountsQuery.queryKey });
        throw error;
      }
    }
    client.setQueryData(accountsQuery.queryKey, (old) =>
      old?.filter((each) => each.id !== kept.id),
    );
  });
}
