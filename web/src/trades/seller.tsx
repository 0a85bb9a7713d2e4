import { Trans } from "@lingui/react/macro";

import { Value } from "../shell/Value.tsx";
import { CANCELLED, EXPIRED, RESOLVED, SEND_DETAILS, SPLITTING, type Faces } from "./faces.tsx";

/** What each state is to the seller. */
export const SELLER: Faces = {
  awaiting_escrow: ({ trade }) =>
    trade.viewer.primary_action === "lock"
      ? {
          step: 2,
          waits: null,
          head: ({ coins }) => (
            <Trans>
              Lock <Value>{coins}</Value>
            </Trans>
          ),
          text: ({ buyer }) => (
            <Trans>
              The coins go into the contract on the chain, where neither this exchange nor{" "}
              <Value>{buyer}</Value> can take them. You release them once you have been paid.
            </Trans>
          ),
        }
      : trade.escrow.state === "none" && trade.escrow.lock === null
        ? {
            step: 2,
            waits: "chain",
            head: () => <Trans>The time to lock is over</Trans>,
            text: () => <Trans>This trade expires, unless a lock was sent before.</Trans>,
          }
        : trade.viewer.primary_action === "send_payment_details"
          ? { ...SEND_DETAILS, step: 2 }
          : {
              step: 2,
              waits: "chain",
              head: () => <Trans>Your coins are being locked</Trans>,
              text: () => (
                <Trans>They are on their way into the contract. Wait for the chain.</Trans>
              ),
            },
  escrowed: ({ trade }) =>
    trade.viewer.primary_action === "send_payment_details"
      ? SEND_DETAILS
      : trade.viewer.primary_action === "cancel"
        ? {
            step: 3,
            waits: null,
            head: () => <Trans>The time to pay is over</Trans>,
            text: ({ buyer }) => (
              <Trans>
                <Value>{buyer}</Value> has not said that the payment was sent. Look into your bank:
                if nothing has arrived, you can ask the contract for the coins back.
              </Trans>
            ),
          }
        : {
            step: 3,
            waits: "buyer",
            head: ({ buyer }) => (
              <Trans>
                <Value>{buyer}</Value> has to pay
              </Trans>
            ),
            text: ({ money }) => (
              <Trans>
                The coins are locked and the payment details are sent. You are told here when{" "}
                <Value>{money}</Value> are on their way.
              </Trans>
            ),
          },
  payment_sent: {
    step: 4,
    waits: null,
    head: ({ money }) => (
      <Trans>
        Have <Value>{money}</Value> arrived?
      </Trans>
    ),
    text: ({ buyer }) => (
      <Trans>
        <Value>{buyer}</Value> says that the payment was sent. Check your bank, not this page:
        release only once the whole sum is in your account.
      </Trans>
    ),
  },
  releasing: ({ trade }) =>
    trade.viewer.primary_action === "release"
      ? {
          step: 4,
          waits: null,
          head: () => <Trans>The chain has lost the release</Trans>,
          text: ({ coins }) => (
            <Trans>
              The chain took back what it had said. Sign the release of <Value>{coins}</Value>{" "}
              again, so that it gets there.
            </Trans>
          ),
        }
      : {
          step: 5,
          waits: "chain",
          head: ({ buyer }) => (
            <Trans>
              The coins are on their way to <Value>{buyer}</Value>
            </Trans>
          ),
          text: () => <Trans>You have released them. There is nothing left to do for you.</Trans>,
        },
  completed: {
    step: 5,
    waits: null,
    head: ({ coins, money }) => (
      <Trans>
        You sold <Value>{coins}</Value> for <Value>{money}</Value>
      </Trans>
    ),
    text: ({ buyer }) => (
      <Trans>
        <Value>{buyer}</Value> has the coins.
      </Trans>
    ),
  },
  expired: EXPIRED,
  cancelled: CANCELLED,
  refunding: ({ trade }) =>
    trade.viewer.primary_action === "cancel"
      ? {
          step: null,
          waits: null,
          head: () => <Trans>The chain has lost your request</Trans>,
          text: () => <Trans>Ask the contract for the coins again, so that it gets there.</Trans>,
        }
      : {
          step: null,
          waits: "chain",
          head: () => <Trans>The coins are on their way back to you</Trans>,
          text: () =>
            trade.escrow.cancel_at === null ? (
              <Trans>The chain is bringing them. There is nothing left to do for you.</Trans>
            ) : (
              <Trans>
                You have asked the contract for them. Until the time is over, the buyer can still
                say that the payment was sent, and then they stay.
              </Trans>
            ),
        },
  refunded: {
    step: null,
    waits: null,
    head: () => <Trans>You have the coins back</Trans>,
    text: () => <Trans>This trade is over without a sale.</Trans>,
  },
  disputed: {
    step: null,
    waits: "arbitrator",
    head: () => <Trans>The arbitrator has been called</Trans>,
    text: () => (
      <Trans>
        Two of three signatures decide: yours, the buyer’s and the arbitrator’s. You can still
        release the coins, or agree on a share.
      </Trans>
    ),
  },
  splitting: SPLITTING,
  resolved: RESOLVED,
};
