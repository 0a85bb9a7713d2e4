import { expect, test } from "vitest";

import type { Schema } from "../../api/client.ts";
import { check, checkAccount, type Field, type Form } from "./fields.ts";
import { FieldInvalid } from "./fault.ts";

const SEPA = ["AT", "DE", "FR", "GB"];

function form(
  countries: string[] | null = null,
  category: Schema["Category"] = "bank",
  fields: Field[] = [],
): Form {
  return { countries, category, fields };
}

function field(kind: Field["kind"], least = 1, most = 254): Field {
  const options = kind === "choice" ? [{ value: "savings", label: "Savings" }] : [];
  const [min_length, max_length] = [least, most];
  return { name: "it", kind, required: true, label: "It", min_length, max_length, options };
}

/** As the exchange's own rules have them: numbers that their standards publish as examples. */
const GOOD: [Field["kind"], string[] | null, string, string][] = [
  ["text", null, "  Café   Central ", "Café Central"],
  ["text", null, "Cafe\u0301", "Café"],
  ["choice", null, "savings", "savings"],
  ["holder_name", null, "Δημήτρης O'Neil-Ruiz", "Δημήτρης O'Neil-Ruiz"],
  ["holder_name", null, "राम कुमार", "राम कुमार"],
  ["username", null, "@rosa_77", "@rosa_77"],
  ["email", null, "Rosa@Example.COM", "Rosa@example.com"],
  ["phone", ["KE", "TZ"], "+254 712 345 678", "+254712345678"],
  ["phone", ["SE"], "070-174 06 05", "+46701740605"],
  ["phone", ["IT"], "0039 06 6982 1234", "+390669821234"],
  ["phone_or_email", ["US"], "(415) 555-2671", "+14155552671"],
  ["phone_or_email", ["US"], "rosa@example.com", "rosa@example.com"],
  ["digits", null, "12-34 56", "123456"],
  ["account_number", null, "ab 12-34", "AB1234"],
  ["card_number", null, "4111 1111 1111 1111", "4111111111111111"],
  ["iban", SEPA, "de89 3704 0044 0532 0130 00", "DE89370400440532013000"],
  ["iban", ["TR"], "TR33 0006 1005 1978 6457 8413 26", "TR330006100519786457841326"],
  ["iban", SEPA, "GB29 NWBK 6016 1331 9268 19", "GB29NWBK60161331926819"],
  ["bic", null, "deutdeff", "DEUTDEFF"],
  ["ar_cbu", null, "28505909 40090418135201", "2850590940090418135201"],
  ["ar_alias", null, "Sol.Luna.Mar", "sol.luna.mar"],
  ["au_bsb", null, "062000", "062-000"],
  ["au_payid", ["AU"], "0412 345 678", "+61412345678"],
  ["au_payid", ["AU"], "51 824 753 556", "51824753556"],
  ["au_payid", ["AU"], "rosa@example.com", "rosa@example.com"],
  ["br_cpf_cnpj", ["BR"], "390.533.447-05", "39053344705"],
  ["br_cpf_cnpj", ["BR"], "16.727.230/0001-97", "16727230000197"],
  ["br_pix_key", ["BR"], "390.533.447-05", "39053344705"],
  ["br_pix_key", ["BR"], "+55 11 99876-5432", "+5511998765432"],
  ["br_pix_key", ["BR"], "ROSA@example.com", "rosa@example.com"],
  [
    "br_pix_key",
    ["BR"],
    "123E4567-E12B-12D1-A456-426655440000",
    "123e4567-e12b-12d1-a456-426655440000",
  ],
  ["cl_rut", null, "12.531.909-2", "12531909-2"],
  ["cz_account", null, "34278-0727558021/0100", "034278-0727558021/0100"],
  ["gb_sort_code", null, "200000", "20-00-00"],
  ["in_ifsc", null, "hdfc0001234", "HDFC0001234"],
  ["in_upi", null, "Rosa.M-7@okaxis", "rosa.m-7@okaxis"],
  ["mx_clabe", null, "032 180 00011835971 9", "032180000118359719"],
  ["no_account", null, "8601 11 17947", "86011117947"],
  ["nz_account", null, "01-0242-0100194-00", "01-0242-0100194-000"],
  ["us_routing", null, "1110 0002 5", "111000025"],
];

const BAD: [Field["kind"], string[] | null, string, string][] = [
  ["text", null, "\u202eevil", "character"],
  ["text", null, "two\nlines", "character"],
  ["text", null, " \u00a0 ", "needed"],
  ["text", null, "x".repeat(501), "length"],
  ["choice", null, "current", "choice"],
  ["holder_name", null, "12345", "name"],
  ["holder_name", null, "<b>Rosa</b>", "name"],
  ["username", null, "two words", "spaces"],
  ["email", null, "rosa@localhost", "email"],
  ["email", null, "rosa@example.com, cc@example.com", "email"],
  ["phone", ["DE", "FR"], "0712 345 678", "prefix"],
  ["phone", ["SE"], "12", "telephone"],
  ["phone", ["SE"], "+46 70 174 06 05 ext. 5", "telephone"],
  ["phone", ["SE"], "+999 70 174 06 05", "telephone"],
  ["phone_or_email", ["US"], "rosa@", "email"],
  ["phone_or_email", ["US"], "rosa", "telephone"],
  ["digits", null, "12a", "digits"],
  ["digits", null, "١٢٣", "digits"],
  ["account_number", null, "ABC", "alphanumeric"],
  ["account_number", null, "12_34", "alphanumeric"],
  ["card_number", null, "4111 1111 1111 1112", "number"],
  ["card_number", null, "0000", "number"],
  ["iban", SEPA, "DE89370400440532013001", "number"],
  ["iban", SEPA, "DE893704004405320130", "number"],
  ["iban", SEPA, "ZZ89370400440532013000", "number"],
  ["iban", SEPA, "TR330006100519786457841326", "elsewhere"],
  ["bic", null, "DEUT", "form"],
  ["ar_cbu", null, "2810590940090418135201", "number"],
  ["ar_alias", null, "sol", "form"],
  ["au_bsb", null, "06200", "form"],
  ["au_payid", ["AU"], "99 999", "telephone"],
  ["br_cpf_cnpj", null, "390.533.447-06", "number"],
  ["br_pix_key", ["BR"], "11998765432", "number"],
  ["cl_rut", null, "12531909-3", "number"],
  ["cz_account", null, "4278-727558021/0100", "number"],
  ["gb_sort_code", null, "20000", "form"],
  ["in_ifsc", null, "HDFC1001234", "form"],
  ["in_upi", null, "rosa", "form"],
  ["in_upi", null, "rosa@ok&am=1", "form"],
  ["mx_clabe", null, "032180000118359718", "number"],
  ["mx_clabe", null, "03218000011835971", "number"],
  ["no_account", null, "86011117949", "number"],
  ["nz_account", null, "01-0242-0100195-00", "number"],
  ["us_routing", null, "112000025", "number"],
];

function faultOf(kind: Field["kind"], countries: string[] | null, typed: string): string {
  try {
    return check(field(kind), form(countries), typed);
  } catch (error) {
    if (error instanceof FieldInvalid) {
      return error.fault.kind;
    }
    throw error;
  }
}

test.each(GOOD)("%s of %j: %j comes out in its normal form", (kind, countries, typed, normal) => {
  expect(check(field(kind), form(countries), typed)).toBe(normal);
  expect(check(field(kind), form(countries), normal)).toBe(normal);
});

test.each(BAD)("%s of %j: %j is refused", (kind, countries, typed, fault) => {
  expect(faultOf(kind, countries, typed)).toBe(fault);
});

test("every kind has examples of both", () => {
  const kinds = (rows: readonly (readonly [string, ...unknown[]])[]) =>
    [...new Set(rows.map(([kind]) => kind))].sort();
  expect(kinds(GOOD)).toEqual(kinds(BAD));
  expect(kinds(GOOD)).toHaveLength(27);
});

test("mobile money takes numbers of its own countries only", () => {
  const mobile = form(["KE"], "mobile_money");
  expect(() => check(field("phone"), mobile, "+14155552671")).toThrow("elsewhere");
  expect(check(field("phone"), mobile, "0712 345 678")).toBe("+254712345678");
});

test("an account tells of each field that is wrong, and leaves out what is empty", () => {
  const fields = [
    { ...field("holder_name"), name: "account_holder" },
    { ...field("iban"), name: "iban" },
    { ...field("bic"), name: "bic", required: false },
  ];
  const sepa = form(SEPA, "bank", fields);
  const wrong = checkAccount(sepa, { account_holder: " ", iban: "DE00", bic: "" });
  expect([...(wrong.faults ?? [])].map(([name, { kind }]) => [name, kind])).toEqual([
    ["account_holder", "needed"],
    ["iban", "number"],
  ]);
  const right = checkAccount(sepa, { account_holder: "Rosa", iban: "DE89370400440532013000" });
  expect(right.fields).toEqual({ account_holder: "Rosa", iban: "DE89370400440532013000" });
});
