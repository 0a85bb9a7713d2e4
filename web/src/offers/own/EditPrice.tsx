import { Trans, useLingui } from "@lingui/react/macro";
import { useQueryClient } from "@tanstack/react-query";
import { useId, useState } from "react";

import { api, told } from "../../api/client.ts";
import { useAction } from "../../api/useAction.ts";
import type { Format } from "../../language/format.ts";
import { ActionFailed } from "../../shell/ActionFailed.tsx";
import { isAmount, typedAmount } from "../search.ts";
import { shortest } from "../decimals.ts";
import { bpsOf, percentOf } from "../making/draft.ts";
import { myOffersQuery, type Own } from "./queries.ts";
import { useReplace } from "./useTurn.ts";

/** Changes an offer's margin or price where it stands. */
export function EditPrice({ offer, format }: { offer: Own; format: Format }) {
  const { t } = useLingui();
  const id = useId();
  const client = useQueryClient();
  const replace = useReplace();
  const floating = offer.pricing === "floating";
  const before = floating ? percentOf(offer.margin_bps ?? 0) : shortest(offer.price ?? "");
  const [text, setText] = useState<string | null>(null);
  const bps = bpsOf(text ?? "");
  const price = typedAmount(text ?? "");
  const right = floating ? bps !== null && bps >= -10_000 && bps <= 90_000 : isAmount(price);
  const saving = useAction(async (body: { margin_bps: number } | { price: string }) => {
    try {
      const answer = await api.PATCH("/v1/offers/{offer_id}", {
        params: { path: { offer_id: offer.id }, header: { "if-match": `"${offer.version}"` } },
        body,
      });
      replace(told(answer));
      setText(null);
    } catch (error) {
      await client.invalidateQueries({ queryKey: myOffersQuery.queryKey });
      throw error;
    }
  });
  if (text === null) {
    const shown = floating
      ? format.percent(offer.margin_bps ?? 0)
      : format.price(before || "0", offer.currency);
    return (
      <button
        type="button"
        className="link text-13 min-h-11"
        aria-label={floating ? t`Change the margin, ${shown}` : t`Change the price, ${shown}`}
        onClick={() => setText(before)}
      >
        {floating ? <Trans>Change the margin</Trans> : <Trans>Change the price</Trans>}
      </button>
    );
  }
  return (
    <form
      className="mt-2"
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        if (right) {
          saving.run(floating ? { margin_bps: bps ?? 0 } : { price });
        }
      }}
    >
      <label htmlFor={id} className="label">
        {floating ? (
          <Trans>Percent above the market; below it with a minus</Trans>
        ) : (
          <Trans>Price</Trans>
        )}
      </label>
      <div className="flex flex-wrap gap-2">
        <input
          id={id}
          className="control figures w-28"
          autoComplete="off"
          maxLength={32}
          autoFocus
          value={text}
          aria-invalid={!right}
          onChange={(event) => setText(event.target.value)}
        />
        <button
          type="submit"
          className="button button-main px-4"
          disabled={!right || text === before}
          aria-disabled={saving.pending}
        >
          {saving.pending ? <Trans>One moment…</Trans> : <Trans>Save</Trans>}
        </button>
        <button
          type="button"
          className="button button-quiet px-4"
          onClick={() => {
            saving.forget();
            setText(null);
          }}
        >
          <Trans>Cancel</Trans>
        </button>
      </div>
      {saving.error && <ActionFailed error={saving.error} />}
    </form>
  );
}
