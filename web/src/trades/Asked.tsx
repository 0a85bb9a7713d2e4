import { Trans } from "@lingui/react/macro";
import { useId, useState, type ReactNode } from "react";

import { api, told } from "../api/client.ts";
import { Value } from "../shell/Value.tsx";
import type { Trade } from "../trading/trader.ts";
import type { Signer } from "../account/signing.tsx";
import { Ask } from "./Ask.tsx";
import type { Action, Facts } from "./facts.ts";
import type { Acting } from "./useAct.ts";
import { actionWords, REASONS_GIVEN, reasonWords } from "./words.tsx";

/** Those that a reader is asked about once, in a dialog that says what it does. */
export type Asking = Exclude<Action, "lock" | "send_payment_details" | "settle">;

interface Props {
  asking: Asking;
  facts: Facts;
  acting: Acting;
  onLeave: () => void;
}

const DEEDS: Record<
  Exclude<Asking, "dispute">,
  (signer: Signer, trade: Trade) => Promise<Trade>
> = {
  payment_sent: ({ trader }, trade) => trader.paymentSent(trade),
  release: ({ trader }, trade) => trader.release(trade),
  refund: ({ trader }, trade) => trader.refund(trade),
  cancel: ({ trader }, trade) => trader.cancel(trade),
};

export function Asked({ asking, facts, acting, onLeave }: Props) {
  if (asking === "dispute") {
    return <AskedWhy facts={facts} acting={acting} onLeave={onLeave} />;
  }
  const { head, text } = QUESTIONS[asking](facts);
  return (
    <Ask
      head={head}
      confirm={actionWords(asking, facts)}
      onLeave={onLeave}
      onConfirm={() => {
        onLeave();
        void acting.run(asking, DEEDS[asking]);
      }}
    >
      {text}
    </Ask>
  );
}

interface Question {
  head: ReactNode;
  text: ReactNode;
}

const QUESTIONS: Record<Exclude<Asking, "dispute">, (facts: Facts) => Question> = {
  payment_sent: ({ money, seller }) => ({
    head: (
      <Trans>
        Have you paid <Value>{money}</Value> to <Value>{seller}</Value>?
      </Trans>
    ),
    text: (
      <p>
        <Trans>
          Say so only once the whole sum has left your bank. Your wallet signs it: from then on the
          seller cannot take the coins back alone.
        </Trans>
      </p>
    ),
  }),
  release: ({ money, coins, buyer }) => ({
    head: (
      <Trans>
        Have <Value>{money}</Value> arrived in your account?
      </Trans>
    ),
    text: (
      <>
        <p>
          <Trans>
            Check your bank, not this page, and no picture or message that somebody sent you.
          </Trans>
        </p>
        <p>
          <Trans>
            <Value strong>{coins}</Value> go to <Value>{buyer}</Value>. This cannot be undone.
          </Trans>
        </p>
      </>
    ),
  }),
  refund: ({ coins, seller, money }) => ({
    head: (
      <Trans>
        Give <Value>{coins}</Value> back to <Value>{seller}</Value>?
      </Trans>
    ),
    text: (
      <p>
        <Trans>
          If you have paid <Value>{money}</Value>, do not do this: you would have nothing in return.
          It cannot be undone.
        </Trans>
      </p>
    ),
  }),
  cancel: ({ trade, role, format, buyer }) => {
    const window = format.duration(trade.escrow.terms.challenge_window);
    return trade.state === "awaiting_escrow"
      ? {
          head: <Trans>Cancel this trade?</Trans>,
          text: (
            <p>
              {role === "buyer" ? (
                <Trans>
                  Do this only if you have not paid. Should the seller’s coins be on their way into
                  the contract, they go back.
                </Trans>
              ) : (
                <Trans>No coins are locked yet, and none will be.</Trans>
              )}
            </p>
          ),
        }
      : {
          head: <Trans>Ask the contract for the coins back?</Trans>,
          text: (
            <p>
              <Trans>
                <Value>{buyer}</Value> then has <Value>{window}</Value> to say that the payment was
                sent. If that does not happen, you get the coins.
              </Trans>
            </p>
          ),
        };
  },
};

/**
 * Calls the arbitrator. It asks neither the wallet nor the chain: it has to work where all else
 * fails.
 */
function AskedWhy({ facts, acting, onLeave }: Omit<Props, "asking">) {
  const name = useId();
  const [reason, setReason] = useState<(typeof REASONS_GIVEN)[number] | null>(null);
  const call = () => {
    if (reason === null) {
      return;
    }
    onLeave();
    const once = crypto.randomUUID();
    void acting.ask("dispute", async () =>
      told(
        await api.POST("/v1/trades/{trade_id}/dispute", {
          params: { path: { trade_id: facts.trade.id }, header: { "idempotency-key": once } },
          body: { reason },
        }),
      ),
    );
  };
  return (
    <Ask
      head={<Trans>What is wrong?</Trans>}
      confirm={actionWords("dispute", facts)}
      ready={reason !== null}
      onLeave={onLeave}
      onConfirm={call}
    >
      <fieldset>
        <legend className="text-soft">
          <Trans>
            From then on two of three signatures decide: the buyer’s, the seller’s and the
            arbitrator’s. It cannot be taken back.
          </Trans>
        </legend>
        <div className="mt-2 grid">
          {REASONS_GIVEN.map((each) => (
            <label key={each} className="flex min-h-11 cursor-pointer items-center gap-3">
              <input
                type="radio"
                name={name}
                className="accent-brand size-5 shrink-0"
                checked={reason === each}
                onChange={() => setReason(each)}
              />
              {reasonWords(each)}
            </label>
          ))}
        </div>
      </fieldset>
    </Ask>
  );
}
