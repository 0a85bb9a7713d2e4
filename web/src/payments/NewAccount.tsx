import { Trans, useLingui } from "@lingui/react/macro";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";

import { ActionFailed } from "../shell/ActionFailed.tsx";
import { Failure } from "../shell/Failure.tsx";
import { Value } from "../shell/Value.tsx";
import { AccountForm } from "./AccountForm.tsx";
import { MethodSearch } from "./MethodSearch.tsx";
import { methodQuery } from "./queries.ts";
import type { Box } from "./useBox.ts";
import { useKeepAccount } from "./useKeepAccount.ts";

interface Props {
  box: Box;
  done: () => void;
  cancel: () => void;
}

/** First the method, then what it asks for. */
export function NewAccount({ box, done, cancel }: Props) {
  const [code, setCode] = useState<string | null>(null);
  if (code === null) {
    return (
      <>
        <MethodSearch choose={setCode} />
        <button type="button" className="button button-quiet mt-4" onClick={cancel}>
          <Trans>Cancel</Trans>
        </button>
      </>
    );
  }
  return <OfMethod code={code} box={box} done={done} cancel={() => setCode(null)} />;
}

function OfMethod({ code, box, done, cancel }: Props & { code: string }) {
  const { i18n } = useLingui();
  const method = useQuery(methodQuery(code, i18n.locale));
  const keeping = useKeepAccount(box, done);
  if (method.isError) {
    return <Failure error={method.error} retry={() => void method.refetch()} />;
  }
  if (method.data === undefined) {
    return <div className="skeleton mt-4 h-64" aria-busy="true" />;
  }
  return (
    <>
      <p className="text-17 mt-3">
        <Value strong>{method.data.name}</Value>
      </p>
      <AccountForm
        method={method.data}
        action={<Trans>Seal and keep it</Trans>}
        pending={keeping.pending}
        submit={(filled) => keeping.run({ ...filled, method: code, seen: null })}
        cancel={cancel}
      >
        {keeping.error && <ActionFailed error={keeping.error} />}
      </AccountForm>
    </>
  );
}
