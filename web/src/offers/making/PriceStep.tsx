import { Trans } from "@lingui/react/macro";
import { useQuery } from "@tanstack/react-query";

import type { Schema } from "../../api/client.ts";
import type { Format } from "../../language/format.ts";
import { Value } from "../../shell/Value.tsx";
import { PriceWords } from "../PriceWords.tsx";
import { attributes, Choices, Entry, type Part } from "./inputs.tsx";
import { premiumBps, priceOf } from "./preview.ts";
import { betterQuery } from "./queries.ts";

interface Props extends Part {
  format: Format;
  /** The pair's prices: null where there is none, undefined until it is known. */
  market: Schema["PriceDetailAnswer"] | null | undefined;
}

/** How the offer says its price, what that comes to now, and where it would stand in the book. */
export function PriceStep({ draft, faults, change, format, market }: Props) {
  const floating = draft.pricing === "floating";
  return (
    <div className="grid gap-5">
      <Choices
        field="pricing"
        legend={<Trans>How you say your price</Trans>}
        value={draft.pricing}
        options={[
          {
            value: "floating",
            name: <Trans>It follows the market</Trans>,
            note: <Trans>So many percent above or below it, at each moment.</Trans>,
          },
          {
            value: "fixed",
            name: <Trans>It is fixed</Trans>,
            note: <Trans>It does not move until you change it.</Trans>,
          },
        ]}
        choose={(pricing) => change({ pricing })}
      />
      {floating ? (
        <Following draft={draft} faults={faults} change={change} market={market} />
      ) : (
        <Entry
          field="price"
          label={
            <Trans>
              Price of one <Value>{draft.asset}</Value> in <Value>{draft.currency}</Value>
            </Trans>
          }
          faults={faults}
        >
          <input
            {...attributes("price", faults)}
            className="control figures w-full sm:max-w-xs"
            inputMode="decimal"
            autoComplete="off"
            maxLength={32}
            value={draft.price}
            onChange={(event) => change({ price: event.target.value })}
          />
        </Entry>
      )}
      {market === null && floating && (
        <p className="bg-wait-wash text-wait rounded-control px-4 py-3">
          <Trans>
            The market has no fresh price of this pair: until it has, nobody finds an offer that
            follows it.
          </Trans>
        </p>
      )}
      <Preview draft={draft} format={format} market={market ?? null} />
    </div>
  );
}

type FollowingProps = Part & Pick<Props, "market">;

function Following({ draft, faults, change, market }: FollowingProps) {
  const sources = ["index", ...(market?.sources.map(({ name }) => name) ?? [])];
  const known = [...new Set([...sources, draft.source])];
  return (
    <>
      <div className="grid items-start gap-5 sm:grid-cols-2">
        <Entry
          field="margin"
          label={<Trans>Percent above the market; below it with a minus</Trans>}
          faults={faults}
        >
          <input
            {...attributes("margin", faults)}
            className="control figures w-full"
            autoComplete="off"
            maxLength={12}
            value={draft.margin}
            onChange={(event) => change({ margin: event.target.value })}
          />
        </Entry>
        <Entry
          field="limit"
          label={
            draft.direction === "sell" ? (
              <Trans>Never below (optional)</Trans>
            ) : (
              <Trans>Never above (optional)</Trans>
            )
          }
          faults={faults}
          hint={<Trans>Your protection, should the market run away.</Trans>}
        >
          <input
            {...attributes("limit", faults)}
            className="control figures w-full"
            inputMode="decimal"
            autoComplete="off"
            maxLength={32}
            value={draft.limit}
            onChange={(event) => change({ limit: event.target.value })}
          />
        </Entry>
      </div>
      {known.length > 1 && (
        <details open={draft.source !== "index" || faults.has("source")}>
          <summary className="link min-h-11 cursor-pointer py-2.5">
            <Trans>More</Trans>
          </summary>
          <Entry field="source" label={<Trans>Which price it follows</Trans>} faults={faults}>
            <select
              {...attributes("source", faults)}
              className="control w-full sm:max-w-xs"
              translate="no"
              value={draft.source}
              onChange={(event) => change({ source: event.target.value })}
            >
              {known.map((name) => (
                <option key={name}>{name}</option>
              ))}
            </select>
          </Entry>
        </details>
      )}
    </>
  );
}

/** The market's price that a draft follows. */
export function followed(
  draft: Part["draft"],
  market: Schema["PriceDetailAnswer"] | null,
): string | null {
  return draft.source === "index"
    ? (market?.price ?? null)
    : (market?.sources.find(({ name }) => name === draft.source)?.price ?? null);
}

interface PreviewProps {
  draft: Part["draft"];
  format: Format;
  market: Schema["PriceDetailAnswer"] | null;
}

function Preview({ draft, format, market }: PreviewProps) {
  const price = priceOf(draft, followed(draft, market));
  const better = useQuery({
    ...betterQuery(draft.direction, draft, price ?? ""),
    enabled: price !== null,
  });
  if (price === null) {
    return (
      <p className="card text-soft min-h-31">
        <Trans>Say your price to see what it comes to.</Trans>
      </p>
    );
  }
  const written = format.price(price, draft.currency);
  const count = format.count(better.data?.count ?? 0);
  return (
    <div className="card min-h-31" aria-live="polite">
      <p className="text-17 flex flex-wrap items-baseline gap-x-3">
        <span>
          {draft.direction === "sell" ? (
            <Trans>
              You sell at <Value strong>{written}</Value>
            </Trans>
          ) : (
            <Trans>
              You buy at <Value strong>{written}</Value>
            </Trans>
          )}
        </span>
        {market && (
          <PriceWords
            premiumBps={premiumBps(price, market.price)}
            viewer={draft.direction}
            format={format}
          />
        )}
      </p>
      <p className="text-soft mt-1 min-h-6">
        {better.data &&
          (better.data.more ? (
            <Trans>
              More than <Value>{count}</Value> offers in the book are better for a taker.
            </Trans>
          ) : better.data.count === 0 ? (
            <Trans>No offer in the book is better for a taker.</Trans>
          ) : (
            <Trans>
              Better offers in the book, for a taker: <Value>{count}</Value>
            </Trans>
          ))}
      </p>
      <p className="text-13 text-soft mt-1">
        <Trans>A preview, at the prices of this moment.</Trans>
      </p>
    </div>
  );
}
