import { Trans, useLingui } from "@lingui/react/macro";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";

import { useSession } from "../account/session.ts";
import { SignedIn } from "../account/SignedIn.tsx";
import { api, type Schema } from "../api/client.ts";
import { useFormat } from "../language/format.ts";
import { Failure } from "../shell/Failure.tsx";
import { Value } from "../shell/Value.tsx";
import { NewToken } from "./NewToken.tsx";
import { Part, Rows } from "./Part.tsx";
import { tokensQuery } from "./queries.ts";
import { Refused } from "./Refused.tsx";
import { ALL_SCOPES, SCOPES } from "./scopes.ts";
import { Secret } from "./Secret.tsx";
import { Sure } from "./Sure.tsx";

/** What can act for the account: the sessions of its devices, and tokens for programs. */
export function TokensPage() {
  const { t } = useLingui();
  return (
    <Part
      name={t`Sessions and tokens`}
      about={
        <Trans>
          A session is a token of one of your devices; other tokens are for programs. Each ends by
          itself, and you can end it before. None of them has your wallet: only it can sign.
        </Trans>
      }
    >
      <SignedIn>{() => <Tokens />}</SignedIn>
    </Part>
  );
}

/** What the exchange calls the tokens of sessions. */
const SESSION = "sign-in";

function Tokens() {
  const { t } = useLingui();
  const tokens = useQuery(tokensQuery);
  const [secret, setSecret] = useState<string | null>(null);
  return (
    <>
      {secret === null ? (
        <NewToken made={setSecret} />
      ) : (
        <Secret text={secret} label={t`The token`} done={() => setSecret(null)} />
      )}
      {tokens.data === undefined ? (
        tokens.isError ? (
          <Failure error={tokens.error} retry={() => void tokens.refetch()} />
        ) : (
          <Rows />
        )
      ) : (
        <ul className="mt-8" aria-busy={tokens.isFetching}>
          {tokens.data.map((token) => (
            <Token key={token.id} token={token} />
          ))}
        </ul>
      )}
    </>
  );
}

function Token({ token }: { token: Schema["TokenAnswer"] }) {
  const { i18n } = useLingui();
  const format = useFormat();
  const session = useSession();
  const client = useQueryClient();
  const revoke = useMutation({
    mutationFn: () =>
      api.DELETE("/v1/tokens/{token_id}", { params: { path: { token_id: token.id } } }),
    onSettled: () => client.invalidateQueries({ queryKey: tokensQuery.queryKey }),
  });
  // No token knows its own id, but no two of an account end at the same microsecond.
  const isOurs = session !== null && token.expires_at === session.expiresAt;
  const all = token.scopes.length === ALL_SCOPES.length;
  return (
    <li className="border-line border-b py-4">
      <div className="flex flex-wrap items-start gap-x-6 gap-y-3">
        <div className="min-w-60 grow">
          <p className="font-semibold">
            {token.label === SESSION ? (
              <Trans>Signed in on a device</Trans>
            ) : (
              <Value>{token.label}</Value>
            )}
            {isOurs && (
              <span className="bg-brand-wash text-13 rounded-control ms-2 px-2 font-medium">
                <Trans>This device</Trans>
              </span>
            )}
          </p>
          <p className="text-soft">
            {token.last_used_at === null ? (
              <Trans>Never used</Trans>
            ) : (
              <Trans>
                Last used <Value>{format.moment(token.last_used_at)}</Value>
              </Trans>
            )}
            {" · "}
            <Trans>
              ends <Value>{format.moment(token.expires_at)}</Value>
            </Trans>
          </p>
          {all ? (
            <p className="text-soft">
              <Trans>May do everything that you may</Trans>
            </p>
          ) : (
            <details>
              <summary className="link min-h-11 cursor-pointer py-2">
                <Trans>What it may do</Trans>
              </summary>
              <ul className="text-soft list-disc ps-5">
                {token.scopes.map((scope) => (
                  <li key={scope}>{i18n._(SCOPES[scope])}</li>
                ))}
              </ul>
            </details>
          )}
        </div>
        {!isOurs && (
          <Sure
            action={<Trans>Revoke</Trans>}
            question={<Trans>What uses this token stops at once, and cannot use it again.</Trans>}
            pending={revoke.isPending}
            act={() => revoke.mutate()}
          />
        )}
      </div>
      <Refused error={revoke.error} />
    </li>
  );
}
