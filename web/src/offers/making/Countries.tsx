import { Trans, useLingui } from "@lingui/react/macro";
import { useMemo, type ComponentProps } from "react";

import type { Format } from "../../language/format.ts";
import { attributes, Entry, FaultOf, type Part } from "./inputs.tsx";

/** ISO 3166, two letters each. */
const CODES =
  "ADAEAFAGAIALAMAOAQARASATAUAWAXAZBABBBDBEBFBGBHBIBJBLBMBNBOBQBRBSBTBVBWBYBZCACCCDCFCGCHCICKCLCMCNCOCRCUCVCWCXCYCZDEDJDKDMDODZECEEEGEHERESETFIFJFKFMFOFRGAGBGDGEGFGGGHGIGLGMGNGPGQGRGSGTGUGWGYHKHMHNHRHTHUIDIEILIMINIOIQIRISITJEJMJOJPKEKGKHKIKMKNKPKRKWKYKZLALBLCLILKLRLSLTLULVLYMAMCMDMEMFMGMHMKMLMMMNMOMPMQMRMSMTMUMVMWMXMYMZNANCNENFNGNINLNONPNRNUNZOMPAPEPFPGPHPKPLPMPNPRPSPTPWPYQARERORSRURWSASBSCSDSESGSHSISJSKSLSMSNSOSRSSSTSVSXSYSZTCTDTFTGTHTJTKTLTMTNTOTRTTTVTWTZUAUGUMUSUYUZVAVCVEVGVIVNVUWFWSYEYTZAZMZW";
/** As many as an offer can name. */
const MAX_COUNTRIES = 60;

/** All countries by the names that the reader knows them by, in his order. */
export function useCountries(format: Format): readonly { code: string; name: string }[] {
  return useMemo(
    () =>
      (CODES.match(/../g) ?? [])
        .map((code) => ({ code, name: format.country(code) }))
        .sort((one, other) => one.name.localeCompare(other.name)),
    [format],
  );
}

interface SelectProps extends Omit<ComponentProps<"select">, "value"> {
  format: Format;
  /** What stands there while none is chosen. */
  none: string;
  value: string;
  choose: (code: string) => void;
}

export function CountrySelect({ format, none, value, choose, ...rest }: SelectProps) {
  const countries = useCountries(format);
  return (
    <select
      {...rest}
      className="control w-full"
      value={value}
      onChange={(event) => choose(event.target.value)}
    >
      <option value="">{none}</option>
      {countries.map(({ code, name }) => (
        <option key={code} value={code} translate="no">
          {name}
        </option>
      ))}
    </select>
  );
}

/** Where a taker has to say that he is. */
export function Countries({ draft, faults, change, format }: Part & { format: Format }) {
  const { t } = useLingui();
  const chosen = draft.takerCountries;
  return (
    <div>
      <Entry
        field="takerCountries"
        label={<Trans>Countries that a taker may be in</Trans>}
        faults={new Map()}
        hint={<Trans>Without any: wherever he is. He only says it, nobody checks.</Trans>}
      >
        <CountrySelect
          {...attributes("takerCountries", faults)}
          format={format}
          none={t`Add a country`}
          value=""
          disabled={chosen.length >= MAX_COUNTRIES}
          choose={(code) =>
            code !== "" && !chosen.includes(code) && change({ takerCountries: [...chosen, code] })
          }
        />
      </Entry>
      <FaultOf field="takerCountries" faults={faults} />
      <ul className="mt-2 flex flex-wrap gap-2">
        {chosen.map((code) => {
          const name = format.country(code);
          return (
            <li key={code}>
              <button
                type="button"
                className="button button-quiet px-3"
                aria-label={t`Take ${name} away`}
                onClick={() => change({ takerCountries: chosen.filter((each) => each !== code) })}
              >
                {name} <span aria-hidden="true">&nbsp;×</span>
              </button>
            </li>
          );
        })}
      </ul>
    </div>
  );
}
