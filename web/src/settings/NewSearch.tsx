import { Trans } from "@lingui/react/macro";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState, type FormEvent } from "react";

import { api, type Schema } from "../api/client.ts";
import { isAmount, typedAmount } from "../offers/search.ts";
import { searchesQuery } from "./queries.ts";
import { Refused } from "./Refused.tsx";
import { useIntent } from "./useIntent.ts";

/** Saves what the reader would buy or sell. */
export function NewSearch({ exchange }: { exchange: Schema["ExchangeBody"] }) {
  const client = useQueryClient();
  const intent = useIntent();
  const [name, setName] = useState("");
  const [buys, setBuys] = useState(true);
  const [asset, setAsset] = useState(exchange.assets[0]?.code ?? "");
  const [currency, setCurrency] = useState(exchange.currencies[0]?.code ?? "");
  const [amount, setAmount] = useState("");
  const typed = typedAmount(amount);
  const wrong = amount !== "" && !isAmount(typed);
  const save = useMutation({
    mutationFn: () => {
      const body = {
        name: name.trim(),
        // The makers who are looked for do the opposite.
        direction: buys ? ("sell" as const) : ("buy" as const),
        asset,
        currency,
        ...(typed !== "" && { fiat_amount: typed }),
      };
      return api.POST("/v1/saved-searches", { params: { header: intent.header(body) }, body });
    },
    onSuccess: () => {
      intent.done();
      setName("");
      setAmount("");
    },
    onSettled: () => client.invalidateQueries({ queryKey: searchesQuery.queryKey }),
  });
  const ready = name.trim() !== "" && !wrong && !save.isPending;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (ready) {
      save.mutate();
    }
  };
  return (
    <details className="card mt-6">
      <summary className="min-h-11 cursor-pointer py-2 font-semibold">
        <Trans>Save a search</Trans>
      </summary>
      <form onSubmit={submit} className="mt-4 grid max-w-xl gap-4 sm:grid-cols-2">
        <label className="sm:col-span-2">
          <span className="label">
            <Trans>What you call it</Trans>
          </span>
          <input
            className="control w-full"
            value={name}
            maxLength={60}
            autoComplete="off"
            required
            onChange={(event) => setName(event.target.value)}
          />
        </label>
        <label>
          <span className="label">
            <Trans>What you would do</Trans>
          </span>
          <select
            className="control w-full"
            value={buys ? "buy" : "sell"}
            onChange={(event) => setBuys(event.target.value === "buy")}
          >
            <option value="buy">
              <Trans>Buy</Trans>
            </option>
            <option value="sell">
              <Trans>Sell</Trans>
            </option>
          </select>
        </label>
        <label>
          <span className="label">
            <Trans>Coin</Trans>
          </span>
          <CodeChoice codes={exchange.assets} value={asset} choose={setAsset} />
        </label>
        <label>
          <span className="label">
            <Trans>Currency</Trans>
          </span>
          <CodeChoice codes={exchange.currencies} value={currency} choose={setCurrency} />
        </label>
        <label>
          <span className="label">
            <Trans>Amount of money, if you like</Trans>
          </span>
          <input
            className="control w-full"
            inputMode="decimal"
            value={amount}
            aria-invalid={wrong}
            autoComplete="off"
            onChange={(event) => setAmount(event.target.value)}
          />
          {wrong && (
            <span role="alert" className="text-stop text-13">
              <Trans>Write a number, as 250 or 0.25.</Trans>
            </span>
          )}
        </label>
        <div className="sm:col-span-2">
          <button type="submit" className="button button-main" disabled={!ready}>
            {save.isPending ? <Trans>It is being saved…</Trans> : <Trans>Save</Trans>}
          </button>
          <Refused error={save.error} />
        </div>
      </form>
    </details>
  );
}

interface CodeChoiceProps {
  codes: readonly { code: string }[];
  value: string;
  choose: (code: string) => void;
}

const CodeChoice = ({ codes, value, choose }: CodeChoiceProps) => (
  <select className="control w-full" value={value} onChange={(event) => choose(event.target.value)}>
    {codes.map(({ code }) => (
      <option key={code} value={code} translate="no">
        {code}
      </option>
    ))}
  </select>
);
