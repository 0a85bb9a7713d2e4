import type { Schema } from "../../api/client.ts";
import { FieldInvalid, refuse, type Fault } from "./fault.ts";
import { iban } from "./iban.ts";
import * as national from "./national.ts";
import { telephone } from "./telephone.ts";
import { clean, squeezed } from "./text.ts";

export type Field = Schema["FieldAnswer"];

/** What the rules have to know of a payment method. */
export type Form = Pick<Schema["PaymentsMethodAnswer"], "category" | "countries" | "fields">;

type Rule = (text: string, form: Form) => string;

/** Longer than any field takes; nothing beyond it is looked at. */
const MAX_TYPED = 500;

const hold = (holds: boolean, kind: Parameters<typeof refuse>[0]): void => {
  if (!holds) {
    throw refuse(kind);
  }
};

const formed = (pattern: RegExp, text: string, example: string): string => {
  if (!pattern.test(text)) {
    throw new FieldInvalid({ kind: "form", example });
  }
  return text;
};

const numbered = (number: string, valid: boolean): string => {
  hold(valid, "number");
  return number;
};

const digits: Rule = (text) => {
  const number = squeezed(text);
  hold(/^[0-9]+$/.test(number), "digits");
  return number;
};

const email: Rule = (text) => {
  const [, local = "", domain = ""] = /^([^@\s]{1,64})@([^@\s]{1,253})$/.exec(text) ?? [];
  const label = /^(?!-)[\p{L}\p{N}-]{1,63}(?<!-)$/u;
  const labels = domain.toLowerCase().split(".");
  const named = /^(?!\.)(?!.*\.\.)[\p{L}\p{N}.!#$%&'*+/=?^_`{|}~-]+(?<!\.)$/u.test(local);
  const placed = labels.length > 1 && labels.every((each) => label.test(each));
  hold(named && placed && !/^[0-9]+$/.test(labels.at(-1) ?? ""), "email");
  return `${local}@${labels.join(".")}`;
};

const phone: Rule = (text, { countries, category }) =>
  telephone(text, countries, category === "mobile_money");

const phoneOrEmail: Rule = (text, form) => (text.includes("@") ? email : phone)(text, form);

const brazilian: Rule = (text) => {
  const number = squeezed(text).toUpperCase();
  return numbered(number, number.length === 11 ? national.brCpf(number) : national.brCnpj(number));
};

const RANDOM_KEY = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** The rule of each kind: it takes cleaned text and gives its normal form. */
const RULES: Record<Exclude<Field["kind"], "choice">, Rule> = {
  text: (text) => text,
  holder_name: (text) => {
    hold(/\p{L}/u.test(text) && !/[<>{}[\]|\\^~@#$%*=+_]/.test(text), "name");
    return text;
  },
  username: (text) => {
    hold(!text.includes(" "), "spaces");
    return text;
  },
  email,
  phone,
  phone_or_email: phoneOrEmail,
  digits,
  account_number: (text) => {
    const number = squeezed(text).toUpperCase();
    hold(/^[0-9A-Z]+$/.test(number) && /[0-9]/.test(number), "alphanumeric");
    return number;
  },
  card_number: (text, form) => {
    const number = digits(text, form);
    return numbered(number, /^\d{13,19}$/.test(number) && national.luhn(number));
  },
  iban: (text, { countries }) => iban(text, countries),
  bic: (text) =>
    formed(
      /^[A-Z0-9]{4}[A-Z]{2}[A-Z0-9]{2}([A-Z0-9]{3})?$/,
      text.replace(/\s/g, "").toUpperCase(),
      "DEUTDEFF",
    ),
  ar_cbu: (text, form) => {
    const number = digits(text, form);
    return numbered(number, national.arCbu(number));
  },
  ar_alias: (text) => formed(/^[A-Za-z0-9.-]{6,20}$/, text, "sol.luna.mar").toLowerCase(),
  au_bsb: (text, form) => formed(/^\d{6}$/, digits(text, form), "062-000").replace(/^(...)/, "$1-"),
  au_payid: (text, form) => {
    const number = squeezed(text);
    return national.auAbn(number) ? number : phoneOrEmail(text, form);
  },
  br_cpf_cnpj: brazilian,
  br_pix_key: (text, form) => {
    const lowered = text.toLowerCase();
    if (text.includes("@")) {
      return email(lowered, form);
    }
    if (RANDOM_KEY.test(lowered)) {
      return lowered;
    }
    // With eleven digits it may be a CPF or a telephone; a key that is a telephone begins with "+".
    return (text.startsWith("+") ? phone : brazilian)(text, form);
  },
  cl_rut: (text) => {
    const number = squeezed(text).toUpperCase();
    return numbered(number, national.clRut(number)).replace(/(.)$/, "-$1");
  },
  cz_account: (text) => {
    const found = /^(?:([0-9]{0,6})-)?([0-9]{2,10})\/([0-9]{4})$/.exec(text.replace(/ /g, ""));
    const [, prefix = "", root = "", bank = ""] = found ?? [];
    numbered(root, found !== null && national.czPart(prefix) && national.czPart(root));
    return `${prefix.padStart(6, "0")}-${root.padStart(10, "0")}/${bank}`;
  },
  gb_sort_code: (text, form) =>
    formed(/^\d{6}$/, digits(text, form), "20-00-00").replace(/^(..)(..)/, "$1-$2-"),
  in_ifsc: (text) => formed(/^[A-Z]{4}0[A-Z0-9]{6}$/, text.toUpperCase(), "HDFC0001234"),
  in_upi: (text) =>
    formed(/^[A-Za-z0-9._-]{2,64}@[A-Za-z][A-Za-z0-9]{1,31}$/, text, "name@bank").toLowerCase(),
  mx_clabe: (text, form) => {
    const number = digits(text, form);
    return numbered(number, national.mxClabe(number));
  },
  no_account: (text, form) => {
    const number = digits(text, form).replace(/^0000/, "");
    return numbered(number, national.noAccount(number));
  },
  nz_account: (text) => {
    const parts = text.replace(/ /g, "-").split("-");
    const bare = parts.join("");
    const number =
      parts.length === 4
        ? parts.map((each, at) => each.padStart([2, 4, 7, 3][at] ?? 0, "0")).join("")
        : bare.slice(0, 13) + bare.slice(13).padStart(3, "0");
    numbered(number, national.nzAccount(number));
    return number.replace(/^(..)(....)(.{7})/, "$1-$2-$3-");
  },
  us_routing: (text, form) => {
    const number = digits(text, form);
    return numbered(number, national.usRouting(number));
  },
};

/** The normal form of what was typed into a field, by the rule of its kind; or `FieldInvalid`. */
export function check(field: Field, form: Form, typed: string): string {
  const { min_length: least, max_length: most } = field;
  // Numbers are typed with spaces and dashes, so their normal form is what is measured.
  if (typed.length > Math.min(2 * most + 16, MAX_TYPED)) {
    throw new FieldInvalid({ kind: "length", least, most });
  }
  const text = clean(typed);
  if (text === null) {
    throw refuse("character");
  }
  if (text === "") {
    throw refuse("needed");
  }
  if (field.kind === "choice") {
    hold(
      field.options.some((option) => option.value === text),
      "choice",
    );
    return text;
  }
  const normal = RULES[field.kind](text, form);
  const length = [...normal].length;
  if (length < least || length > most) {
    throw new FieldInvalid({ kind: "length", least, most });
  }
  return normal;
}

export type Fields = Readonly<Record<string, string>>;

/** All entries in their normal form, in the form's order, or what is wrong with which. */
export function checkAccount(
  form: Form,
  entries: Fields,
): { fields: Fields; faults: null } | { fields: null; faults: ReadonlyMap<string, Fault> } {
  const found: [string, string][] = [];
  const faults = new Map<string, Fault>();
  for (const field of form.fields) {
    const typed = entries[field.name] ?? "";
    try {
      if (typed.trim() !== "") {
        found.push([field.name, check(field, form, typed)]);
      } else if (field.required) {
        throw refuse("needed");
      }
    } catch (error) {
      if (!(error instanceof FieldInvalid)) {
        throw error;
      }
      faults.set(field.name, error.fault);
    }
  }
  return faults.size > 0
    ? { fields: null, faults }
    : { fields: Object.fromEntries(found), faults: null };
}

/** A value as people compare it: long numbers in groups of four, as on a card. */
export function spaced(kind: Field["kind"], value: string): string {
  return ["iban", "card_number", "mx_clabe", "ar_cbu"].includes(kind)
    ? value.replace(/(.{4})(?=.)/g, "$1 ")
    : value;
}
