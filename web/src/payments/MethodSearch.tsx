import { Trans, useLingui } from "@lingui/react/macro";
import { useQuery } from "@tanstack/react-query";
import { useEffect, useId, useState } from "react";

import { Failure } from "../shell/Failure.tsx";
import { Value } from "../shell/Value.tsx";
import { methodSearchQuery } from "./queries.ts";

/** Long enough that a word is typed to its end. */
const TYPING_MS = 250;
/** As long as the exchange looks for. */
const MAX_SOUGHT = 60;

/** Finds a payment method by a part of its name. */
export function MethodSearch({ choose }: { choose: (code: string) => void }) {
  const { i18n } = useLingui();
  const id = useId();
  const [text, setText] = useState("");
  const [sought, setSought] = useState("");
  useEffect(() => {
    const timer = setTimeout(() => setSought(text.trim()), TYPING_MS);
    return () => clearTimeout(timer);
  }, [text]);
  const found = useQuery(methodSearchQuery(sought, i18n.locale));
  return (
    <div className="mt-4">
      <label htmlFor={id} className="label">
        <Trans>How you are paid: search by name</Trans>
      </label>
      <input
        id={id}
        type="search"
        autoComplete="off"
        className="control w-full sm:max-w-md"
        maxLength={MAX_SOUGHT}
        value={text}
        onChange={(event) => setText(event.target.value)}
      />
      <p role="status" className="text-13 text-soft mt-2 min-h-5">
        {found.data?.length === 0 && <Trans>No method has this in its name.</Trans>}
      </p>
      {found.isError ? (
        <Failure error={found.error} retry={() => void found.refetch()} />
      ) : (
        <ul aria-busy={found.isFetching} className="grid gap-2 sm:grid-cols-2 lg:grid-cols-3">
          {found.data?.map(({ code, name, category_name }) => (
            <li key={code}>
              <button
                type="button"
                className="border-edge rounded-control bg-sheet hover:border-ink min-h-14 w-full border px-4 py-2 text-start"
                onClick={() => choose(code)}
              >
                <span className="block font-semibold">
                  <Value>{name}</Value>
                </span>{" "}
                <span className="text-13 text-soft block">{category_name}</span>
              </button>
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}
