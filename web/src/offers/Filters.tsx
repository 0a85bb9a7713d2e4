import { Trans, useLingui } from "@lingui/react/macro";
import { useEffect, useState } from "react";

import type { Schema } from "../api/client.ts";
import { useFormat } from "../language/format.ts";
import { isAmount, typedAmount, type BookSearch, type Pair } from "./search.ts";

/** Long enough that a number is typed to its end. */
const TYPING_MS = 350;

type Change = { [Name in keyof BookSearch]?: BookSearch[Name] | null };

interface Props {
  search: BookSearch;
  pair: Pair;
  exchange: Schema["ExchangeBody"];
  counts: Record<string, number> | undefined;
  methods: ReadonlyMap<string, { code: string; name: string }> | undefined;
  change: (next: Change) => void;
}

/** What is looked for: direction, amount, coin, currency, method. It stands in the address. */
export function Filters({ search, pair, exchange, counts, methods, change }: Props) {
  const { t } = useLingui();
  const format = useFormat();
  return (
    <form
      role="search"
      aria-label={t`Offers`}
      onSubmit={(event) => event.preventDefault()}
      className="mt-6"
    >
      <Direction search={search} change={change} />
      <div className="mt-4 grid grid-cols-2 gap-x-3 gap-y-4 lg:grid-cols-[1.5fr_0.8fr_1.3fr_1.6fr]">
        <Amount search={search} pair={pair} change={change} />
        <label>
          <span className="label">
            <Trans>Coin</Trans>
          </span>
          <select
            className="control w-full"
            value={pair.asset}
            translate="no"
            onChange={(event) => change({ asset: event.target.value })}
          >
            {exchange.assets.map(({ code }) => (
              <option key={code}>{code}</option>
            ))}
          </select>
        </label>
        <label>
          <span className="label">
            <Trans>Currency</Trans>
          </span>
          <select
            className="control w-full"
            value={pair.currency}
            translate="no"
            onChange={(event) => change({ currency: event.target.value, method: null })}
          >
            {exchange.currencies.map(({ code }) => (
              <option key={code} value={code}>
                {`${code} · ${format.currency(code)}`}
              </option>
            ))}
          </select>
        </label>
        <label className="col-span-2 lg:col-span-1">
          <span className="label">
            <Trans>Payment method</Trans>
          </span>
          <select
            className="control w-full"
            value={search.method ?? ""}
            onChange={(event) => change({ method: event.target.value || null })}
          >
            <option value="">{t`Any method`}</option>
            {offered(counts, search.method).map(([code, count]) => (
              <option key={code} value={code} translate="no">
                {`${methods?.get(code)?.name ?? code} (${format.count(count)})`}
              </option>
            ))}
          </select>
        </label>
      </div>
      <div className="mt-2 flex flex-wrap gap-x-6">
        <label className="flex min-h-11 items-center gap-2.5">
          <input
            type="checkbox"
            className="accent-brand size-5"
            checked={search.online ?? false}
            onChange={(event) => change({ online: event.target.checked || null })}
          />
          <Trans>Trader is there now</Trans>
        </label>
        {search.direction !== "sell" && (
          <label className="flex min-h-11 items-center gap-2.5">
            <input
              type="checkbox"
              className="accent-brand size-5"
              checked={search.funded ?? false}
              onChange={(event) => change({ funded: event.target.checked || null })}
            />
            <Trans>Coins are in the contract already</Trans>
          </label>
        )}
      </div>
    </form>
  );
}

/** The methods that offers have, most of them first; a chosen one stays, also with none. */
function offered(counts: Record<string, number> | undefined, chosen: string | undefined) {
  const all = { ...(chosen !== undefined && { [chosen]: 0 }), ...counts };
  return Object.entries(all).sort(([, one], [, other]) => other - one);
}

function Direction({ search, change }: Pick<Props, "search" | "change">) {
  const { t } = useLingui();
  const choices = [
    { direction: "buy", name: t`Buy` },
    { direction: "sell", name: t`Sell` },
  ] as const;
  return (
    <fieldset className="bg-well rounded-control inline-flex gap-1 p-1">
      <legend className="sr-only">
        <Trans>What you want to do</Trans>
      </legend>
      {choices.map(({ direction, name }) => (
        <label
          key={direction}
          className="text-soft has-checked:bg-sheet has-checked:text-ink has-focus-visible:outline-brand flex min-h-11 min-w-24 cursor-pointer items-center justify-center rounded-[7px] px-5 font-semibold has-checked:shadow-[0_0_0_1px_var(--edge)] has-focus-visible:outline-2 has-focus-visible:outline-offset-2"
        >
          <input
            type="radio"
            name="direction"
            className="sr-only"
            checked={(search.direction ?? "buy") === direction}
            onChange={() =>
              change({
                direction: direction === "buy" ? null : direction,
                method: null,
                funded: null,
              })
            }
          />
          {name}
        </label>
      ))}
    </fieldset>
  );
}

function Amount({ search, pair, change }: Pick<Props, "search" | "pair" | "change">) {
  const { t } = useLingui();
  const [text, setText] = useState(search.amount ?? "");
  const typed = typedAmount(text);
  const wrong = typed !== "" && !isAmount(typed);
  const wanted = typed === "" || wrong ? undefined : typed;

  // What the address says is newer than what was typed before: "clear filters", the way back.
  const [seen, setSeen] = useState(search.amount);
  if (seen !== search.amount) {
    setSeen(search.amount);
    if (search.amount !== wanted) {
      setText(search.amount ?? "");
    }
  }
  useEffect(() => {
    if (wrong || wanted === search.amount) {
      return undefined;
    }
    const timer = setTimeout(() => change({ amount: wanted ?? null }), TYPING_MS);
    return () => clearTimeout(timer);
  });

  return (
    <div className="col-span-2 lg:col-span-1">
      <label className="label" htmlFor="amount">
        <Trans>Amount</Trans>
      </label>
      <div className="flex">
        <input
          id="amount"
          className="control figures w-full min-w-0 rounded-e-none"
          inputMode="decimal"
          autoComplete="off"
          maxLength={30}
          placeholder={t`Any amount`}
          value={text}
          aria-invalid={wrong}
          aria-describedby={wrong ? "amount-wrong" : undefined}
          onChange={(event) => setText(event.target.value)}
        />
        <select
          className="control -ms-px rounded-s-none"
          aria-label={t`The amount is in`}
          translate="no"
          value={search.unit ?? "currency"}
          onChange={(event) => change({ unit: event.target.value === "asset" ? "asset" : null })}
        >
          <option value="currency">{pair.currency}</option>
          <option value="asset">{pair.asset}</option>
        </select>
      </div>
      {wrong && (
        <p id="amount-wrong" className="text-stop text-13 mt-1">
          <Trans>Write a number, as 250 or 0.25.</Trans>
        </p>
      )}
    </div>
  );
}
