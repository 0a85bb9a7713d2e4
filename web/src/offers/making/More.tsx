import { Trans, useLingui } from "@lingui/react/macro";
import { useQuery } from "@tanstack/react-query";

import { useSession } from "../../account/session.ts";
import type { Format } from "../../language/format.ts";
import { partnersQuery, sharableQuery } from "../own/queries.ts";
import { Amount, withOwn } from "./Amount.tsx";
import { Countries, CountrySelect } from "./Countries.tsx";
import type { FieldName } from "./draft.ts";
import { HoursChoice } from "./HoursChoice.tsx";
import { attributes, Choices, Entry, type Part } from "./inputs.tsx";

/** Seconds: what the exchange takes, in steps. */
const FUNDING_TIMES = [600, 1_200, 1_800, 3_600, 7_200, 21_600, 36_000];
const RARE: readonly FieldName[] = [
  "visibility",
  "minTrades",
  "minAgeDays",
  "firstLimit",
  "takerCountries",
  "country",
  "hours",
  "closesAt",
  "fundingS",
  "sharesWith",
];

interface Props extends Part {
  format: Format;
  edited: boolean;
}

/** What fewer makers need: who may take it, when, and where. */
export function More({ draft, faults, change, format, edited }: Props) {
  const { t } = useLingui();
  const session = useSession();
  const partners = useQuery({
    ...partnersQuery,
    enabled: session !== null && draft.visibility === "trusted",
  });
  const said =
    draft.visibility !== "public" ||
    [draft.minTrades, draft.minAgeDays, draft.firstLimit, draft.country, draft.closesAt].some(
      (text) => text !== "",
    ) ||
    draft.takerCountries.length > 0 ||
    draft.hours !== null ||
    draft.fundingS !== "1800" ||
    draft.sharesWith !== "";
  const part = { draft, faults, change };
  return (
    <details open={said || RARE.some((field) => faults.has(field))}>
      <summary className="link min-h-11 cursor-pointer py-2.5">
        <Trans>More: who may take it, when, and where</Trans>
      </summary>
      <div className="mt-3 grid gap-6">
        <div>
          <Choices
            field="visibility"
            legend={<Trans>Who finds it</Trans>}
            value={draft.visibility}
            options={[
              { value: "public", name: <Trans>Everybody</Trans> },
              { value: "link", name: <Trans>Who has its link</Trans> },
              { value: "trusted", name: <Trans>Your trusted partners</Trans> },
            ]}
            choose={(visibility) => change({ visibility })}
          />
          {partners.data?.length === 0 && (
            <p className="bg-wait-wash text-wait rounded-control mt-3 px-4 py-3">
              <Trans>You have named no trusted partners yet: nobody would find it.</Trans>
            </p>
          )}
        </div>
        <div className="grid items-start gap-5 sm:grid-cols-3">
          <Whole field="minTrades" label={t`Trades that a taker has completed`} {...part} />
          <Whole field="minAgeDays" label={t`Days that his account is old`} {...part} />
          <Amount
            field="firstLimit"
            label={<Trans>Most for who has never traded</Trans>}
            {...part}
          />
        </div>
        <Countries {...part} format={format} />
        <div className="grid items-start gap-5 sm:grid-cols-3">
          <Entry field="country" label={<Trans>Where you are (optional)</Trans>} faults={faults}>
            <CountrySelect
              {...attributes("country", faults)}
              format={format}
              none={t`Not said`}
              value={draft.country}
              choose={(country) => change({ country })}
            />
          </Entry>
          <Entry field="fundingS" label={<Trans>Time to lock the coins</Trans>} faults={faults}>
            <select
              {...attributes("fundingS", faults)}
              className="control w-full"
              value={draft.fundingS}
              onChange={(event) => change({ fundingS: event.target.value })}
            >
              {withOwn(FUNDING_TIMES, draft.fundingS).map((seconds) => (
                <option key={seconds} value={seconds} translate="no">
                  {format.duration(seconds)}
                </option>
              ))}
            </select>
          </Entry>
          <Entry field="closesAt" label={<Trans>It closes at (optional)</Trans>} faults={faults}>
            <input
              {...attributes("closesAt", faults)}
              type="datetime-local"
              className="control w-full"
              value={draft.closesAt}
              onChange={(event) => change({ closesAt: event.target.value })}
            />
          </Entry>
        </div>
        <HoursChoice {...part} />
        {!edited && draft.direction === "sell" && draft.unit === "asset" && session !== null && (
          <Sharing {...part} format={format} />
        )}
      </div>
    </details>
  );
}

interface WholeProps extends Part {
  field: "minTrades" | "minAgeDays";
  label: string;
}

const Whole = ({ field, label, draft, faults, change }: WholeProps) => (
  <Entry field={field} label={label} faults={faults}>
    <input
      {...attributes(field, faults)}
      className="control figures w-full"
      inputMode="numeric"
      autoComplete="off"
      maxLength={5}
      placeholder="0"
      value={draft[field]}
      onChange={(event) => change({ [field]: event.target.value.trim() })}
    />
  </Entry>
);

/** Two offers over the same coins: whichever is taken first leaves less for the other. */
function Sharing({ draft, faults, change, format }: Part & { format: Format }) {
  const { t } = useLingui();
  const others = useQuery(sharableQuery(draft.asset));
  if (others.data === undefined || others.data.length === 0) {
    return null;
  }
  return (
    <Entry
      field="sharesWith"
      label={<Trans>Over the same coins as another offer of yours (optional)</Trans>}
      faults={faults}
      hint={<Trans>What one of them loses, both lose. They have the same total.</Trans>}
    >
      <select
        {...attributes("sharesWith", faults)}
        className="control w-full"
        value={draft.sharesWith}
        onChange={(event) => {
          const other = others.data.find(({ id }) => id === event.target.value);
          change({ sharesWith: event.target.value, ...(other && { total: other.total_amount }) });
        }}
      >
        <option value="">{t`With none`}</option>
        {others.data.map((offer) => (
          <option key={offer.id} value={offer.id}>
            {`${format.coins(offer.remaining_amount, offer.asset)} · ${offer.currency}`}
          </option>
        ))}
      </select>
    </Entry>
  );
}
