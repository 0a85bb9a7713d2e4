import { Trans, useLingui } from "@lingui/react/macro";
import type { ReactNode } from "react";

import type { Schema } from "../api/client.ts";
import { Value } from "../shell/Value.tsx";
import type { Action, Facts, Party } from "./facts.ts";
import type { TradeState } from "./queries.ts";

/** A trade's name, from the viewer's side. */
export function TradeName({ facts }: { facts: Facts }) {
  const { trade, role, money, format } = facts;
  const coins = format.coins(trade.amount, trade.asset);
  if (role === "buyer") {
    return (
      <Trans>
        Buy <Value>{coins}</Value> for <Value>{money}</Value>
      </Trans>
    );
  }
  if (role === "seller") {
    return (
      <Trans>
        Sell <Value>{coins}</Value> for <Value>{money}</Value>
      </Trans>
    );
  }
  return (
    <Trans>
      <Value>{coins}</Value> for <Value>{money}</Value>
    </Trans>
  );
}

/** The same for the document's title and for labels. */
export function useTradeName({ trade, role, money, format }: Facts): string {
  const { t } = useLingui();
  const coins = format.coins(trade.amount, trade.asset);
  if (role === "buyer") {
    return t`Buy ${coins} for ${money}`;
  }
  return role === "seller" ? t`Sell ${coins} for ${money}` : t`${coins} for ${money}`;
}

/** What the button of an action says. */
const ACTIONS: Record<Action, (facts: Facts) => ReactNode> = {
  lock: ({ coins }) => (
    <Trans>
      Lock <Value>{coins}</Value>
    </Trans>
  ),
  send_payment_details: () => <Trans>Send payment details</Trans>,
  payment_sent: ({ money }) => (
    <Trans>
      I have paid <Value>{money}</Value>
    </Trans>
  ),
  release: ({ money, coins }) => (
    <Trans>
      I received <Value>{money}</Value>: release <Value>{coins}</Value>
    </Trans>
  ),
  refund: () => <Trans>Give the coins back</Trans>,
  cancel: ({ trade }) =>
    trade.state === "awaiting_escrow" ? (
      <Trans>Cancel this trade</Trans>
    ) : (
      <Trans>Ask for the coins back</Trans>
    ),
  dispute: () => <Trans>Call the arbitrator</Trans>,
  settle: () => <Trans>Share the coins</Trans>,
};

/** One piece, since a button would take the spaces between several away. */
export const actionWords = (action: Action, facts: Facts): ReactNode => (
  <span>{ACTIONS[action](facts)}</span>
);

const WHO: Record<Party | "chain", () => ReactNode> = {
  buyer: () => <Trans>Waiting for the buyer</Trans>,
  seller: () => <Trans>Waiting for the seller</Trans>,
  arbitrator: () => <Trans>Waiting for the arbitrator</Trans>,
  chain: () => <Trans>Waiting for the chain</Trans>,
};

export const waitsFor = (who: Party | "chain"): ReactNode => WHO[who]();

/** What happens when a state's time is over. */
const EFFECTS: Partial<Record<TradeState, () => ReactNode>> = {
  awaiting_escrow: () => (
    <Trans>If the coins are not locked by then, the trade expires, and nothing is lost.</Trans>
  ),
  escrowed: () => (
    <Trans>
      If the buyer has not said by then that the payment was sent, the seller may ask the contract
      for the coins back.
    </Trans>
  ),
  payment_sent: () => (
    <Trans>If the seller has not released the coins by then, the arbitrator is called.</Trans>
  ),
  refunding: () => (
    <Trans>
      Then the coins go back to the seller, unless the buyer’s word that the payment was sent is on
      the chain.
    </Trans>
  ),
};

/** In the reader's language where the state is known, otherwise in the exchange's own words. */
export function effectOf(trade: Schema["TradeBody"]): ReactNode {
  const known = EFFECTS[trade.state];
  const told = trade.viewer.deadline_effect;
  return known ? known() : told && <bdi lang="en">{told}</bdi>;
}

const REASONS: Record<Schema["DisputeReason"], () => ReactNode> = {
  not_paid: () => <Trans>The payment has not arrived</Trans>,
  paid_not_released: () => <Trans>The payment was sent, and the coins were not released</Trans>,
  wrong_amount: () => <Trans>Another sum has arrived</Trans>,
  wrong_sender: () => <Trans>The payment came from somebody else’s account</Trans>,
  seller_silent: () => <Trans>The seller has not answered in time</Trans>,
  settlement_lapsed: () => <Trans>The agreed share did not get to the chain in time</Trans>,
  other: () => <Trans>Something else</Trans>,
};

/** Those that a party gives; the other two are told by a clock. */
export const REASONS_GIVEN = [
  "not_paid",
  "paid_not_released",
  "wrong_amount",
  "wrong_sender",
  "other",
] as const satisfies readonly Schema["DisputeReason"][];

export const reasonWords = (reason: Schema["DisputeReason"]): ReactNode => REASONS[reason]();
