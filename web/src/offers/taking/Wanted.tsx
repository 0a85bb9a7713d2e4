import { Trans, useLingui } from "@lingui/react/macro";

import type { Schema } from "../../api/client.ts";
import type { Format } from "../../language/format.ts";
import { Limits, type Methods } from "../OfferRow.tsx";
import { ELSEWHERE } from "./Obstacle.tsx";

export interface WantedSums {
  readonly text: string;
  readonly unit: "currency" | "asset";
  readonly method: string;
  readonly country: string;
}

interface Props {
  offer: Schema["OfferAnswer"];
  methods: Methods | undefined;
  format: Format;
  wanted: WantedSums;
  /** Whether what was typed is no amount. */
  wrong: boolean;
  change: (next: Partial<WantedSums>) => void;
}

/** How much of the offer, by which method, and from where if its maker asks. */
export function Wanted({ offer, methods, format, wanted, wrong, change }: Props) {
  const { t } = useLingui();
  return (
    <div className="mt-4 grid items-start gap-4 sm:grid-cols-2">
      <div>
        <label htmlFor="amount" className="label">
          <Trans>Amount</Trans>
        </label>
        <div className="flex">
          <input
            id="amount"
            className="control figures w-full min-w-0 rounded-e-none"
            inputMode="decimal"
            autoComplete="off"
            maxLength={30}
            value={wanted.text}
            aria-invalid={wrong}
            aria-describedby="amount-limits"
            onChange={(event) => change({ text: event.target.value })}
          />
          <select
            className="control -ms-px rounded-s-none"
            aria-label={t`The amount is in`}
            translate="no"
            value={wanted.unit}
            onChange={(event) =>
              change({ unit: event.target.value === "asset" ? "asset" : "currency" })
            }
          >
            <option value="currency">{offer.currency}</option>
            <option value="asset">{offer.asset}</option>
          </select>
        </div>
        <p id="amount-limits" className={`text-13 mt-1 ${wrong ? "text-stop" : "text-soft"}`}>
          {wrong ? (
            <Trans>Write a number, as 250 or 0.25.</Trans>
          ) : (
            <Limits offer={offer} format={format} />
          )}
        </p>
      </div>
      <label>
        <span className="label">
          <Trans>Payment method</Trans>
        </span>
        <select
          className="control w-full"
          translate="no"
          value={wanted.method}
          onChange={(event) => change({ method: event.target.value })}
        >
          {offer.payment_methods.map((code) => (
            <option key={code} value={code} translate="no">
              {methods?.get(code)?.name ?? code}
            </option>
          ))}
        </select>
      </label>
      {offer.taker_countries.length > 0 && (
        <label className="sm:col-span-2">
          <span className="label">
            <Trans>Where you are: its maker asks</Trans>
          </span>
          <select
            className="control w-full"
            value={wanted.country}
            onChange={(event) => change({ country: event.target.value })}
          >
            <option value="">{t`Choose a country`}</option>
            {offer.taker_countries.map((code) => (
              <option key={code} value={code} translate="no">
                {format.country(code)}
              </option>
            ))}
            <option value={ELSEWHERE}>{t`Somewhere else`}</option>
          </select>
        </label>
      )}
    </div>
  );
}
