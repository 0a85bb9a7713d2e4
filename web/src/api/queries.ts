import { QueryClient, queryOptions } from "@tanstack/react-query";

import { api, ProblemError, told } from "./client.ts";
import { setClock } from "./clock.ts";

const FAILURES = 2;

/** Asks again by itself only where the exchange says that this can help. */
export function makeQueryClient(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: {
        staleTime: 10_000,
        retry: (failures, error) =>
          failures < FAILURES && (!(error instanceof ProblemError) || retryable(error)),
      },
    },
  });
}

function retryable(error: ProblemError): boolean {
  return error.problem?.retryable ?? error.status >= 500;
}

/** What the exchange says of itself; it sets the clock on the way. */
export const exchangeQuery = queryOptions({
  queryKey: ["exchange"],
  queryFn: async () => {
    const exchange = told(await api.GET("/v1/exchange"));
    setClock(exchange.server_now);
    return exchange;
  },
  staleTime: 5 * 60_000,
});

/** The languages in which the exchange names payment methods; all others are told in English. */
const METHOD_LANGUAGES = ["en", "es", "pt", "fr", "de", "ru", "zh", "hi"] as const;

export const methodLanguage = (locale: string) =>
  METHOD_LANGUAGES.find((known) => known === locale) ?? "en";

const METHOD_FIELDS = "code,name,duration_s,reversible,chargeback_risk,payment_window_s";

/** The payment methods that carry a currency, by their codes. */
export const methodsQuery = (currency: string, locale: string) =>
  queryOptions({
    queryKey: ["methods", currency, locale],
    queryFn: async () => {
      const answer = told(
        await api.GET("/v1/payment-methods", {
          params: {
            query: { currency, language: methodLanguage(locale), fields: METHOD_FIELDS },
          },
        }),
      );
      return new Map(answer.data.map((method) => [method.code, method]));
    },
    staleTime: Infinity,
  });

/** The pairs that have offers or trades. */
export const marketsQuery = queryOptions({
  queryKey: ["markets"],
  queryFn: async () => told(await api.GET("/v1/markets")).data,
});
