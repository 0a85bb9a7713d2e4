/** Check digits of the numbers that countries give to accounts, banks and people. */

const digitsOf = (number: string): number[] => [...number].map(Number);

const weighed = (values: readonly number[], weights: readonly number[]): number =>
  values.reduce((sum, value, at) => sum + value * (weights[at % weights.length] ?? 0), 0);

/** ISO/IEC 7812. */
export function luhn(number: string): boolean {
  const sum = digitsOf(number)
    .reverse()
    .reduce((all, digit, at) => {
      const value = at % 2 === 1 ? digit * 2 : digit;
      return all + (value > 9 ? value - 9 : value);
    }, 0);
  return sum % 10 === 0;
}

/** Argentina's CBU and CVU: a block of 8 and one of 14, each with its check digit. */
export function arCbu(number: string): boolean {
  const check = (block: string, weights: readonly number[]) => {
    const sum = weighed(digitsOf(block.slice(0, -1)).reverse(), weights);
    return (10 - (sum % 10)) % 10 === Number(block.at(-1));
  };
  const weights = [3, 1, 7, 9];
  return (
    /^\d{22}$/.test(number) && check(number.slice(0, 8), weights) && check(number.slice(8), weights)
  );
}

/** Australia's business number. */
export function auAbn(number: string): boolean {
  if (!/^[1-9]\d{10}$/.test(number)) {
    return false;
  }
  const [first = 0, ...others] = digitsOf(number);
  return weighed([first - 1, ...others], [10, 1, 3, 5, 7, 9, 11, 13, 15, 17, 19]) % 89 === 0;
}

/** Brazil's number of a person. */
export function brCpf(number: string): boolean {
  if (!/^\d{11}$/.test(number) || Number(number) === 0) {
    return false;
  }
  const digit = (length: number) => {
    const weights = Array.from({ length }, (_, at) => length + 1 - at);
    return ((11 - (weighed(digitsOf(number.slice(0, length)), weights) % 11)) % 11) % 10;
  };
  return number.endsWith(`${digit(9)}${digit(10)}`);
}

/** Brazil's number of a company, which has letters since 2026. */
export function brCnpj(number: string): boolean {
  if (!/^[0-9A-Z]{12}\d{2}$/.test(number) || number.startsWith("000000000000")) {
    return false;
  }
  const values = [...number].map((character) => character.charCodeAt(0) - 48);
  const digit = (length: number) => {
    const weights = [6, 5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2].slice(13 - length);
    return ((11 - (weighed(values.slice(0, length), weights) % 11)) % 11) % 10;
  };
  return number.endsWith(`${digit(12)}${digit(13)}`);
}

/** Chile's number of a person or company, compact, with its last character. */
export function clRut(number: string): boolean {
  if (!/^\d{7,8}[0-9K]$/.test(number)) {
    return false;
  }
  const sum = weighed(digitsOf(number.slice(0, -1)).reverse(), [2, 3, 4, 5, 6, 7]);
  return "0123456789K"[(11 - (sum % 11)) % 11] === number.at(-1);
}

/** One part of a Czech account's number. */
export const czPart = (part: string): boolean =>
  weighed(digitsOf(part.padStart(10, "0")), [6, 3, 7, 9, 10, 5, 8, 4, 2, 1]) % 11 === 0;

/** Mexico's CLABE. */
export function mxClabe(number: string): boolean {
  const sum = digitsOf(number.slice(0, 17)).reduce(
    (all, digit, at) => all + ((digit * ([3, 7, 1][at % 3] ?? 0)) % 10),
    0,
  );
  return /^\d{18}$/.test(number) && (10 - (sum % 10)) % 10 === Number(number[17]);
}

/** Norway's account numbers, and the old ones of its post. */
export function noAccount(number: string): boolean {
  if (/^\d{7}$/.test(number)) {
    return luhn(number);
  }
  const rest = weighed(digitsOf(number.slice(0, 10)), [6, 7, 8, 9, 4, 5, 6, 7, 8, 9]) % 11;
  return /^\d{11}$/.test(number) && rest === Number(number[10]);
}

/** The United States' routing number. */
export const usRouting = (number: string): boolean =>
  /^\d{9}$/.test(number) && weighed(digitsOf(number), [3, 7, 1]) % 10 === 0;

interface NzRule {
  /** One for each digit from the bank's first to the suffix's last. */
  weights: readonly number[];
  /** By what a product and by what the sum is reduced. */
  modulo: readonly [number, number];
}

const NZ_A: NzRule = {
  weights: [0, 0, 6, 3, 7, 9, 0, 10, 5, 8, 4, 2, 1, 0, 0, 0],
  modulo: [11, 11],
};
const NZ_B: NzRule = {
  weights: [0, 0, 0, 0, 0, 0, 0, 10, 5, 8, 4, 2, 1, 0, 0, 0],
  modulo: [11, 11],
};
const NZ_F: NzRule = {
  weights: [0, 0, 0, 0, 0, 0, 1, 7, 3, 1, 7, 3, 1, 0, 0, 0],
  modulo: [10, 10],
};
const NZ_G: NzRule = { weights: [0, 0, 0, 0, 0, 0, 1, 3, 7, 1, 3, 7, 1, 3, 7, 1], modulo: [9, 10] };
const NZ_OTHERS: Record<string, NzRule> = {
  "08": { weights: [0, 0, 0, 0, 0, 0, 7, 6, 5, 4, 3, 2, 1, 0, 0, 0], modulo: [11, 11] },
  "09": { weights: [0, 0, 0, 0, 0, 0, 0, 0, 0, 5, 4, 3, 2, 0, 0, 1], modulo: [9, 11] },
  "25": NZ_F,
  "26": NZ_G,
  "28": NZ_G,
  "29": NZ_G,
  "31": { weights: [0], modulo: [1, 1] },
  "33": NZ_F,
};
const NZ_BANKS = /^(0[1-4689]|[12][0-9]|3[01358])/;

/** New Zealand's account of 16 digits, by the rules that its tax office publishes. */
export function nzAccount(number: string): boolean {
  if (!/^\d{16}$/.test(number) || !NZ_BANKS.test(number)) {
    return false;
  }
  const usual = number.slice(6, 13) >= "0990000" ? NZ_B : NZ_A;
  const { weights, modulo } = NZ_OTHERS[number.slice(0, 2)] ?? usual;
  const sum = digitsOf(number).reduce((all, digit, at) => {
    const product = digit * (weights[at] ?? 0);
    return all + (product > modulo[0] ? product % modulo[0] : product);
  }, 0);
  return sum % modulo[1] === 0;
}
