import { Trans } from "@lingui/react/macro";

import { Value } from "../shell/Value.tsx";
import { CANCELLED, EXPIRED, RESOLVED, SPLITTING, type Faces } from "./faces.tsx";

/** What each state is to the buyer. */
export const BUYER: Faces = {
  awaiting_escrow: ({ trade }) =>
    trade.escrow.state === "locking"
      ? {
          step: 2,
          waits: "chain",
          head: () => <Trans>The coins are being locked</Trans>,
          text: () => (
            <Trans>
              The chain has them, but not deep enough yet. Do not pay before it says here that they
              are locked.
            </Trans>
          ),
        }
      : {
          step: 2,
          waits: "seller",
          head: ({ seller }) => (
            <Trans>
              <Value>{seller}</Value> has to lock the coins
            </Trans>
          ),
          text: () => (
            <Trans>
              Do not pay yet. Once the coins are in the contract, you get the payment details here.
            </Trans>
          ),
        },
  escrowed: ({ trade }) =>
    trade.sealed_payment_details === null
      ? {
          step: 3,
          waits: "seller",
          head: ({ seller }) => (
            <Trans>
              <Value>{seller}</Value> has to send the payment details
            </Trans>
          ),
          text: () => (
            <Trans>The coins are locked. Do not pay before you have the details here.</Trans>
          ),
        }
      : {
          step: 3,
          waits: null,
          head: ({ money }) => (
            <Trans>
              Pay <Value>{money}</Value>
            </Trans>
          ),
          text: () => (
            <Trans>
              The coins are locked for you. Open the payment details, pay with your bank, and then
              say here that you have paid.
            </Trans>
          ),
        },
  payment_sent: {
    step: 4,
    waits: "seller",
    head: ({ seller }) => (
      <Trans>
        <Value>{seller}</Value> has to release the coins
      </Trans>
    ),
    text: () => (
      <Trans>
        You have said that you paid. From now on the coins cannot go back to the seller without you
        or the arbitrator.
      </Trans>
    ),
  },
  releasing: {
    step: 5,
    waits: "chain",
    head: () => <Trans>The coins are on their way to you</Trans>,
    text: () => <Trans>The seller has released them. The chain is bringing them.</Trans>,
  },
  completed: {
    step: 5,
    waits: null,
    head: ({ coins, money }) => (
      <Trans>
        You bought <Value>{coins}</Value> for <Value>{money}</Value>
      </Trans>
    ),
    text: () => <Trans>The coins are in your wallet.</Trans>,
  },
  expired: EXPIRED,
  cancelled: CANCELLED,
  refunding: ({ trade }) =>
    trade.viewer.primary_action === "payment_sent"
      ? {
          step: null,
          waits: null,
          head: ({ seller }) => (
            <Trans>
              <Value>{seller}</Value> asks for the coins back. Have you paid?
            </Trans>
          ),
          text: () => (
            <Trans>
              If you have paid, say so before the time is over: then the coins stay where they are.
            </Trans>
          ),
        }
      : {
          step: null,
          waits: "chain",
          head: () => <Trans>The coins go back to the seller</Trans>,
          text: () => <Trans>Do not pay any more. The chain is bringing them back.</Trans>,
        },
  refunded: {
    step: null,
    waits: null,
    head: () => <Trans>The coins went back to the seller</Trans>,
    text: () => <Trans>This trade is over without a purchase.</Trans>,
  },
  disputed: {
    step: null,
    waits: "arbitrator",
    head: () => <Trans>The arbitrator has been called</Trans>,
    text: () => (
      <Trans>
        Two of three signatures decide: yours, the seller’s and the arbitrator’s. You can still give
        the coins back, or agree on a share.
      </Trans>
    ),
  },
  splitting: SPLITTING,
  resolved: RESOLVED,
};
