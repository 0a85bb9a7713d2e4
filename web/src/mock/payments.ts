import type { Schema } from "../api/client.ts";
import type { Asked } from "./api.ts";
import { NOW } from "./book.ts";

type Method = Schema["PaymentsMethodAnswer"];

const field = (
  name: string,
  kind: Schema["FieldAnswer"]["kind"],
  label: string,
  required = true,
): Schema["FieldAnswer"] => ({
  name,
  kind,
  required,
  label,
  min_length: 1,
  max_length: 120,
  options: [],
});

/** A method of banks in euros, but for what is said otherwise. */
function method(said: Partial<Method>): Method {
  return {
    code: "sepa_instant",
    name: "SEPA Instant",
    category: "instant_bank",
    category_name: "Instant bank transfer",
    countries: ["DE", "FR"],
    currencies: ["EUR"],
    reversible: false,
    chargeback_risk: "low",
    duration_s: 60,
    payment_window_s: 3_600,
    limit_bps: 5_000,
    fields: [
      field("account_holder", "holder_name", "Account holder"),
      field("iban", "iban", "IBAN"),
      field("bank_name", "text", "Name of the bank", false),
    ],
    origin: "registry",
    ...said,
  };
}

export const methods: Method[] = [
  method({}),
  method({
    code: "revolut",
    name: "Revolut",
    category: "wallet",
    category_name: "Online wallet",
    reversible: true,
    fields: [field("username", "username", "Username")],
  }),
  method({
    code: "wise",
    name: "Wise",
    duration_s: 3_600,
    fields: [field("email", "email", "E-mail")],
  }),
];

const one = (code: string) => (): Schema["OneMethodAnswer"] => {
  const known = methods.find((each) => each.code === code) ?? method({ code });
  const registry = { version: 1, key_id: "0".repeat(16), signature: "c2lnbmVk" };
  return { ...known, language: "en", registry };
};

/** A payment account as the exchange keeps it: what `sealed` holds is its owner's. */
export function paymentAccount(
  said: Partial<Schema["PaymentAccountAnswer"]> = {},
): Schema["PaymentAccountAnswer"] {
  return {
    id: "0193579a-5a10-7d22-8f31-6b7c8d9e0f12",
    version: 1,
    method: "sepa_instant",
    sealed: "",
    created_at: NOW,
    updated_at: NOW,
    ...said,
  };
}

export const PAYMENT_ANSWERS = {
  "/v1/payment-methods": ({ query }: Asked) => {
    const sought = (query.get("q") ?? "").toLowerCase();
    return { data: methods.filter(({ name }) => name.toLowerCase().includes(sought)) };
  },
  "/v1/payment-methods/sepa_instant": one("sepa_instant"),
  "/v1/payment-methods/revolut": one("revolut"),
  "/v1/payment-methods/wise": one("wise"),
  "/v1/payment-accounts": (): Schema["PaymentAccountsAnswer"] => ({ data: [] }),
  "POST /v1/payment-accounts": ({ body }: Asked): Schema["PaymentAccountAnswer"] =>
    paymentAccount(body as Schema["NewPaymentAccountBody"]),
  "/v1/payment-accounts/:id": ({ id }: Asked): Schema["PaymentAccountAnswer"] =>
    paymentAccount({ id }),
  "PUT /v1/payment-accounts/:id": ({ id, body }: Asked): Schema["PaymentAccountAnswer"] =>
    paymentAccount({ id, version: 2, ...(body as Schema["PaymentAccountBody"]) }),
  "DELETE /v1/payment-accounts/:id": (): void => undefined,
};
