import { Trans } from "@lingui/react/macro";

import type { Schema } from "../../api/client.ts";
import type { Format } from "../../language/format.ts";
import { attributes, Choices, Entry, type Part } from "./inputs.tsx";

interface Props extends Part {
  exchange: Schema["ExchangeBody"];
  format: Format;
  /** Of an offer that is there, none of this can change. */
  fixed: boolean;
}

/** What is offered: to sell or to buy which coin, for which money. */
export function PairStep({ draft, faults, change, exchange, format, fixed }: Props) {
  return (
    <div className="grid gap-5">
      <Choices
        field="direction"
        legend={<Trans>What you want to do</Trans>}
        value={draft.direction}
        disabled={fixed}
        options={[
          {
            value: "sell",
            name: <Trans>Sell</Trans>,
            note: <Trans>You lock coins for each trade, and are paid in money.</Trans>,
          },
          {
            value: "buy",
            name: <Trans>Buy</Trans>,
            note: <Trans>You pay in money, once a seller has locked the coins.</Trans>,
          },
        ]}
        choose={(direction) => change({ direction, sharesWith: "" })}
      />
      <div className="grid gap-5 sm:grid-cols-2">
        <Entry field="asset" label={<Trans>Coin</Trans>} faults={faults}>
          <select
            {...attributes("asset", faults)}
            className="control w-full"
            translate="no"
            disabled={fixed}
            value={draft.asset}
            onChange={(event) => change({ asset: event.target.value, sharesWith: "" })}
          >
            {exchange.assets.map(({ code }) => (
              <option key={code}>{code}</option>
            ))}
          </select>
        </Entry>
        <Entry field="currency" label={<Trans>Currency</Trans>} faults={faults}>
          <select
            {...attributes("currency", faults)}
            className="control w-full"
            translate="no"
            disabled={fixed}
            value={draft.currency}
            // Another currency has other methods and another scale.
            onChange={(event) =>
              change({ currency: event.target.value, methods: [], price: "", limit: "" })
            }
          >
            {exchange.currencies.map(({ code }) => (
              <option key={code} value={code} translate="no">
                {`${code} · ${format.currency(code)}`}
              </option>
            ))}
          </select>
        </Entry>
      </div>
      {fixed && (
        <p className="text-soft">
          <Trans>These stay as they are. For another pair, duplicate the offer.</Trans>
        </p>
      )}
    </div>
  );
}
