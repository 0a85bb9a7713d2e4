import { keepPreviousData, queryOptions } from "@tanstack/react-query";

import { api, told, type Schema } from "../api/client.ts";
import { methodLanguage } from "../api/queries.ts";

export type Kept = Schema["PaymentAccountAnswer"];
export type Method = Pick<
  Schema["PaymentsMethodAnswer"],
  "code" | "name" | "category" | "category_name" | "countries" | "fields"
>;

const FOUND = 12;

/** The reader's payment accounts as the exchange keeps them: sealed. */
export const accountsQuery = queryOptions({
  queryKey: ["account", "payment-accounts"],
  queryFn: async () => told(await api.GET("/v1/payment-accounts")).data,
});

/** One payment method, with the form of a payment account. */
export const methodQuery = (code: string, locale: string) =>
  queryOptions({
    queryKey: ["method", code, locale],
    queryFn: async (): Promise<Method> =>
      told(
        await api.GET("/v1/payment-methods/{code}", {
          params: { path: { code }, query: { language: methodLanguage(locale) } },
        }),
      ),
    staleTime: Infinity,
  });

/** The first methods whose code or name has a text in it. */
export const methodSearchQuery = (text: string, locale: string) =>
  queryOptions({
    queryKey: ["method-search", text, locale],
    queryFn: async () =>
      told(
        await api.GET("/v1/payment-methods", {
          params: {
            query: {
              q: text,
              language: methodLanguage(locale),
              fields: "code,name,category_name",
              limit: FOUND,
            },
          },
        }),
      ).data,
    placeholderData: keepPreviousData,
    staleTime: Infinity,
  });
