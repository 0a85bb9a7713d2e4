import { useLingui } from "@lingui/react";
import { useMemo } from "react";

import { tagOf } from "./load.ts";

/** A decimal as the exchange writes it: never a number, which would lose digits. */
export type Decimal = string;

const MONEY_DIGITS = 2;
const COIN_DIGITS = 8;

/** Writes numbers, times and lists as the reader's language does. */
export class Format {
  readonly #tag: string;
  readonly #decimalsOf: (currency: string) => number;

  constructor(locale: string, decimalsOf: (currency: string) => number = () => MONEY_DIGITS) {
    // Digits that every reader of the page can compare with those of a bank.
    this.#tag = `${tagOf(locale)}-u-nu-latn`;
    this.#decimalsOf = decimalsOf;
  }

  /** Money in a currency: "EUR 1,234.50". */
  money(value: Decimal, currency: string): string {
    const digits = this.#decimalsOf(currency);
    return this.#number(value, {
      style: "currency",
      currency,
      currencyDisplay: "code",
      minimumFractionDigits: digits,
      maximumFractionDigits: digits,
    });
  }

  /** A price of a coin: with as many digits as it takes to tell it from its neighbours. */
  price(value: Decimal, currency: string): string {
    const digits = this.#decimalsOf(currency);
    const small = !/^0*[1-9][0-9]/.test(value.split(".")[0] ?? "");
    return this.#number(value, {
      style: "currency",
      currency,
      currencyDisplay: "code",
      minimumFractionDigits: digits,
      maximumFractionDigits: small ? Math.max(digits, 4) : digits,
    });
  }

  /** An amount of a coin: "0.098522 ETH". */
  coins(value: Decimal, asset: string, digits = COIN_DIGITS): string {
    return `${this.#number(value, { maximumFractionDigits: digits })} ${asset}`;
  }

  /** 170 as "1.7%". */
  percent(bps: number): string {
    return this.#number(String(bps / 10_000), { style: "percent", maximumFractionDigits: 2 });
  }

  count(value: number): string {
    return this.#number(String(value), {});
  }

  time(at: string): string {
    return new Intl.DateTimeFormat(this.#tag, { dateStyle: "medium", timeStyle: "short" }).format(
      new Date(at),
    );
  }

  /** A moment of these days: "1 Mar, 12:01". */
  moment(at: string): string {
    return new Intl.DateTimeFormat(this.#tag, {
      month: "short",
      day: "numeric",
      hour: "numeric",
      minute: "2-digit",
    }).format(new Date(at));
  }

  /** Seconds in the largest unit that tells them whole: 5400 as "90 minutes". */
  duration(seconds: number): string {
    const [unit, size] = UNITS.find(([, each]) => seconds >= each && seconds % each === 0) ?? [
      "second" as const,
      1,
    ];
    return this.#number(String(seconds / size), { style: "unit", unit, unitDisplay: "long" });
  }

  /** What is left of a time, in milliseconds: "2 days 4 hr", "3 hr 5 min", and "14:05" below. */
  left(ms: number): string {
    const seconds = Math.max(0, Math.floor(ms / 1_000));
    if (seconds < 3_600) {
      return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
    }
    const minutes = Math.floor(seconds / 60);
    const parts =
      minutes < 48 * 60
        ? ([
            [Math.floor(minutes / 60), "hour"],
            [minutes % 60, "minute"],
          ] as const)
        : ([
            [Math.floor(minutes / 1_440), "day"],
            [Math.floor((minutes % 1_440) / 60), "hour"],
          ] as const);
    return parts
      .map(([value, unit]) =>
        this.#number(String(value), { style: "unit", unit, unitDisplay: "short" }),
      )
      .join(" ");
  }

  /** Seconds in the largest unit that they fill, rounded down: 7300 as "2 hours". */
  about(seconds: number): string {
    const [unit, size] = UNITS.find(([, each]) => seconds >= each) ?? ["second" as const, 1];
    const whole = String(Math.floor(seconds / size));
    return this.#number(whole, { style: "unit", unit, unitDisplay: "long" });
  }

  /** "84 ms". */
  milliseconds(value: number): string {
    return this.#number(String(value), { style: "unit", unit: "millisecond" });
  }

  list(names: readonly string[]): string {
    return new Intl.ListFormat(this.#tag, { type: "disjunction" }).format(names);
  }

  country(code: string): string {
    return new Intl.DisplayNames(this.#tag, { type: "region" }).of(code) ?? code;
  }

  currency(code: string): string {
    return new Intl.DisplayNames(this.#tag, { type: "currency" }).of(code) ?? code;
  }

  #number(value: Decimal, options: Intl.NumberFormatOptions): string {
    return new Intl.NumberFormat(this.#tag, options).format(value as `${number}`);
  }
}

const UNITS = [
  ["day", 86_400],
  ["hour", 3_600],
  ["minute", 60],
] as const;

/** The reader's own format, with the fractions that the exchange's currencies have. */
export function useFormat(currencies?: readonly { code: string; decimals: number }[]): Format {
  const { i18n } = useLingui();
  return useMemo(() => {
    const decimals = new Map(currencies?.map((each) => [each.code, each.decimals]));
    return new Format(i18n.locale, (code) => decimals.get(code) ?? MONEY_DIGITS);
  }, [i18n.locale, currencies]);
}
