import { Trans } from "@lingui/react/macro";
import { useId, useState } from "react";

import { typedAmount } from "../offers/search.ts";
import { Value } from "../shell/Value.tsx";
import { Ask } from "./Ask.tsx";
import { ALL_DIGITS, may, type Facts } from "./facts.ts";
import { restOf } from "./share.ts";
import type { Acting } from "./useAct.ts";
import { actionWords } from "./words.tsx";

interface Props {
  facts: Facts;
  acting: Acting;
}

type Offered = Facts["trade"]["settlements"][number];

/** The shares that have been signed by one, until another signs the same, or their time is over. */
export function Settlements({ facts, acting }: Props) {
  const [joining, setJoining] = useState<Offered | null>(null);
  const { trade, role } = facts;
  if (trade.settlements.length === 0) {
    return null;
  }
  const now = Date.parse(trade.viewer.chain_now) / 1_000;
  return (
    <section aria-labelledby="shares" className="mt-5">
      <h3 id="shares" className="text-17 font-semibold">
        <Trans>Proposed shares</Trans>
      </h3>
      <ul>
        {trade.settlements.map((offered) => (
          <li key={offered.role} className="border-line border-b py-3 last:border-b-0">
            <p className="font-medium">
              {offered.role === role ? (
                <Trans>You propose</Trans>
              ) : offered.role === "buyer" ? (
                <Trans>The buyer proposes</Trans>
              ) : offered.role === "seller" ? (
                <Trans>The seller proposes</Trans>
              ) : (
                <Trans>The arbitrator proposes</Trans>
              )}
            </p>
            <Shares facts={facts} share={offered.buyer_amount} />
            <p className="text-13 text-soft">
              {offered.valid_until < now ? (
                <Trans>It has lapsed.</Trans>
              ) : (
                <Trans>
                  It lasts until{" "}
                  <Value>
                    {facts.format.time(new Date(offered.valid_until * 1_000).toISOString())}
                  </Value>
                  .
                </Trans>
              )}
            </p>
            {offered.role !== role && may(trade, "settle") && offered.valid_until >= now && (
              <button
                type="button"
                className="button button-quiet mt-2"
                disabled={acting.doing.is === "busy"}
                onClick={() => setJoining(offered)}
              >
                <Trans>Agree to this share</Trans>
              </button>
            )}
          </li>
        ))}
      </ul>
      {joining && (
        <Ask
          head={<Trans>Agree to this share?</Trans>}
          confirm={<Trans>Agree to this share</Trans>}
          onLeave={() => setJoining(null)}
          onConfirm={() => {
            setJoining(null);
            void acting.run("settle", ({ trader }, shown) =>
              trader.settle(shown, joining.buyer_amount),
            );
          }}
        >
          <Shares facts={facts} share={joining.buyer_amount} />
          <p>
            <Trans>With your signature the chain pays it out. It cannot be undone.</Trans>
          </p>
        </Ask>
      )}
    </section>
  );
}

/** Proposes how the coins are shared; it counts once another of the three signs the same. */
export function AskedShare({ facts, acting, onLeave }: Props & { onLeave: () => void }) {
  const { trade } = facts;
  const id = useId();
  const [text, setText] = useState("");
  const share = typedAmount(text);
  const wrong = share !== "" && restOf(trade.amount, share) === null;
  return (
    <Ask
      head={<Trans>How are the coins to be shared?</Trans>}
      confirm={actionWords("settle", facts)}
      ready={share !== "" && !wrong}
      onLeave={onLeave}
      onConfirm={() => {
        onLeave();
        void acting.run("settle", ({ trader }, shown) => trader.settle(shown, share));
      }}
    >
      <p className="text-soft">
        <Trans>
          You sign a proposal. It is carried out when another of the three signs the same, and
          lapses after a week.
        </Trans>
      </p>
      <div>
        <label htmlFor={id} className="label">
          <Trans>
            The buyer gets, in <Value>{trade.asset}</Value>
          </Trans>
        </label>
        <input
          id={id}
          className="control figures w-full"
          inputMode="decimal"
          autoComplete="off"
          maxLength={40}
          value={text}
          aria-invalid={wrong}
          aria-describedby={`${id}-says`}
          onChange={(event) => setText(event.target.value)}
        />
        <div id={`${id}-says`} aria-live="polite" className="mt-1">
          {wrong ? (
            <p className="text-13 text-stop">
              <Trans>
                Between nothing and <Value>{facts.coins}</Value>, with no more digits than the coin
                has.
              </Trans>
            </p>
          ) : (
            share !== "" && <Shares facts={facts} share={share} />
          )}
        </div>
      </div>
    </Ask>
  );
}

function Shares({ facts, share }: { facts: Facts; share: string }) {
  const { trade, format } = facts;
  const rest = restOf(trade.amount, share);
  if (rest === null) {
    return null;
  }
  const write = (amount: string) => format.coins(amount, trade.asset, ALL_DIGITS);
  return (
    <p className="figures">
      <Trans>
        <Value>{write(share)}</Value> to the buyer, <Value>{write(rest)}</Value> to the seller
      </Trans>
    </p>
  );
}
