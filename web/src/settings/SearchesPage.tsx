import { Trans, useLingui } from "@lingui/react/macro";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";

import { SignedIn } from "../account/SignedIn.tsx";
import { api, type Schema } from "../api/client.ts";
import { exchangeQuery } from "../api/queries.ts";
import { useFormat } from "../language/format.ts";
import { Failure } from "../shell/Failure.tsx";
import { MethodName } from "../payments/MethodName.tsx";
import { Value } from "../shell/Value.tsx";
import { NewSearch } from "./NewSearch.tsx";
import { Part, Rows } from "./Part.tsx";
import { searchesQuery } from "./queries.ts";
import { Refused } from "./Refused.tsx";
import { Sure } from "./Sure.tsx";

/** What the reader waits for: each new offer that fits is told to him. */
export function SearchesPage() {
  const { t } = useLingui();
  return (
    <Part
      name={t`Saved searches`}
      about={<Trans>Each new offer that one of them finds is told to you, once.</Trans>}
    >
      <SignedIn>{() => <Searches />}</SignedIn>
    </Part>
  );
}

function Searches() {
  const exchange = useQuery(exchangeQuery);
  const searches = useQuery(searchesQuery);
  if (exchange.data === undefined || searches.data === undefined) {
    const failed = exchange.error ?? searches.error;
    return failed === null ? (
      <Rows />
    ) : (
      <Failure
        error={failed}
        retry={() => {
          void exchange.refetch();
          void searches.refetch();
        }}
      />
    );
  }
  return (
    <>
      <NewSearch exchange={exchange.data} />
      {searches.data.length === 0 ? (
        <p className="text-soft mt-6">
          <Trans>There is none yet. Save one above, and you are told of what it finds.</Trans>
        </p>
      ) : (
        <ul className="mt-6" aria-busy={searches.isFetching}>
          {searches.data.map((search) => (
            <Search key={search.id} search={search} exchange={exchange.data} />
          ))}
        </ul>
      )}
    </>
  );
}

function Search({
  search,
  exchange,
}: {
  search: Schema["SavedSearchAnswer"];
  exchange: Schema["ExchangeBody"];
}) {
  const format = useFormat(exchange.currencies);
  const client = useQueryClient();
  const forget = useMutation({
    mutationFn: () =>
      api.DELETE("/v1/saved-searches/{search_id}", { params: { path: { search_id: search.id } } }),
    onSettled: () => client.invalidateQueries({ queryKey: searchesQuery.queryKey }),
  });
  const asset = search.asset !== null && <Value>{search.asset}</Value>;
  const currency = search.currency !== null && <Value>{search.currency}</Value>;
  return (
    <li className="border-line border-b py-4">
      <div className="flex flex-wrap items-start gap-x-6 gap-y-3">
        <div className="min-w-60 grow">
          <p className="font-semibold">
            <Value>{search.name}</Value>
          </p>
          <p className="text-soft flex flex-wrap gap-x-2 [&>*+*]:before:me-2 [&>*+*]:before:content-['·']">
            {search.direction === "sell" && <Trans>You would buy</Trans>}
            {search.direction === "buy" && <Trans>You would sell</Trans>}
            {asset}
            {currency}
            {search.amount !== null && search.asset !== null && (
              <Value>{format.coins(search.amount, search.asset)}</Value>
            )}
            {search.fiat_amount !== null && search.currency !== null && (
              <Value>{format.money(search.fiat_amount, search.currency)}</Value>
            )}
            {search.payment_method.map((code) => (
              <MethodName key={code} code={code} />
            ))}
          </p>
        </div>
        <Sure
          action={<Trans>Remove</Trans>}
          question={<Trans>You are told no more of what it finds.</Trans>}
          pending={forget.isPending}
          act={() => forget.mutate()}
        />
      </div>
      <Refused error={forget.error} />
    </li>
  );
}
