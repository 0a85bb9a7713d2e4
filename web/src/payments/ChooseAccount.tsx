import { Trans, useLingui } from "@lingui/react/macro";
import { useQuery } from "@tanstack/react-query";
import { useId, useState, type ReactNode } from "react";

import { ActionFailed } from "../shell/ActionFailed.tsx";
import { Failure } from "../shell/Failure.tsx";
import { AccountForm, type Filled } from "./AccountForm.tsx";
import { Lines } from "./Lines.tsx";
import { accountsQuery, methodQuery, type Kept, type Method } from "./queries.ts";
import type { Fields } from "./rules/fields.ts";
import { useBox, type Box } from "./useBox.ts";
import { useKeepAccount } from "./useKeepAccount.ts";

interface Props {
  /** The code of the payment method that the trade is paid by. */
  method: string;
  /** What the button that takes the choice says, as "Send it to the buyer". */
  action: ReactNode;
  /** Whether what was chosen is on its way. */
  pending: boolean;
  /** Called with fields in their normal form. */
  choose: (fields: Fields) => void;
}

/** Where the reader wants to be paid: one of his accounts of a method, or another one. */
export function ChooseAccount(props: Props) {
  const { i18n } = useLingui();
  const method = useQuery(methodQuery(props.method, i18n.locale));
  const accounts = useQuery(accountsQuery);
  const box = useBox();
  const error = method.error ?? accounts.error;
  if (error) {
    const retry = () => {
      void method.refetch();
      void accounts.refetch();
    };
    return <Failure error={error} retry={retry} />;
  }
  if (!method.data || !accounts.data) {
    return <div className="skeleton h-40" aria-busy="true" />;
  }
  const mine = accounts.data.filter((kept) => kept.method === props.method);
  return <Choice {...props} method={method.data} mine={mine} box={box} />;
}

interface ChoiceProps extends Omit<Props, "method"> {
  method: Method;
  mine: readonly Kept[];
  box: Box;
}

function Choice({ method, mine, box, action, pending, choose }: ChoiceProps) {
  const name = useId();
  const opened = mine.flatMap((kept) => {
    const account = box.read(kept);
    return account === null ? [] : [{ id: kept.id, account }];
  });
  const [chosen, setChosen] = useState("");
  const picked = opened.find(({ id }) => id === chosen) ?? opened[0];
  const other = chosen === "other" || picked === undefined;
  if (mine.length > 0 && !box.isOpen) {
    return (
      <>
        <button
          type="button"
          className="button button-main"
          aria-disabled={box.opening.pending}
          onClick={() => box.opening.run(null)}
        >
          {box.opening.pending ? (
            <Trans>One moment…</Trans>
          ) : (
            <Trans>Open your payment accounts</Trans>
          )}
        </button>
        {box.opening.error && <ActionFailed error={box.opening.error} />}
      </>
    );
  }
  return (
    <>
      {opened.length > 0 && (
        <fieldset className="grid gap-3">
          <legend className="label">
            <Trans>Where you want to be paid</Trans>
          </legend>
          {opened.map(({ id, account }) => (
            <label
              key={id}
              className="border-edge rounded-control has-checked:border-brand has-checked:bg-brand-wash flex cursor-pointer gap-3 border p-3"
            >
              <input
                type="radio"
                name={name}
                className="accent-brand mt-0.5 size-5 shrink-0"
                checked={!other && picked?.id === id}
                onChange={() => setChosen(id)}
              />
              <span className="min-w-0">
                {account.label !== "" && <bdi className="font-semibold">{account.label}</bdi>}
                <Lines method={method} fields={account.fields} />
              </span>
            </label>
          ))}
          <label className="flex min-h-11 cursor-pointer items-center gap-3 px-3">
            <input
              type="radio"
              name={name}
              className="accent-brand size-5"
              checked={other}
              onChange={() => setChosen("other")}
            />
            <Trans>Another account</Trans>
          </label>
        </fieldset>
      )}
      {other ? (
        <Another
          method={method}
          box={box}
          action={action}
          pending={pending}
          choose={choose}
          cancel={opened.length > 0 ? () => setChosen("") : undefined}
        />
      ) : (
        <button
          type="button"
          className="button button-main mt-4"
          aria-disabled={pending}
          onClick={() => !pending && choose(picked.account.fields)}
        >
          {pending ? <Trans>One moment…</Trans> : action}
        </button>
      )}
    </>
  );
}

interface AnotherProps extends Omit<ChoiceProps, "mine"> {
  cancel: (() => void) | undefined;
}

/** An account that is not among the kept ones: used once, or kept for the next time. */
function Another({ method, box, action, pending, choose, cancel }: AnotherProps) {
  const [keep, setKeep] = useState(true);
  const keeping = useKeepAccount(box, ({ fields }) => {
    setKeep(false); // it is kept, whatever becomes of what it was chosen for
    choose(fields);
  });
  const submit = (filled: Filled) => {
    if (keep) {
      keeping.run({ ...filled, method: method.code, seen: null });
    } else if (!pending) {
      choose(filled.fields);
    }
  };
  return (
    <AccountForm
      method={method}
      action={action}
      pending={pending || keeping.pending}
      submit={submit}
      cancel={cancel}
    >
      <label className="flex min-h-11 items-center gap-2.5">
        <input
          type="checkbox"
          className="accent-brand size-5"
          checked={keep}
          onChange={(event) => setKeep(event.target.checked)}
        />
        <Trans>Keep it, sealed, for the next time</Trans>
      </label>
      {keeping.error && <ActionFailed error={keeping.error} />}
    </AccountForm>
  );
}
