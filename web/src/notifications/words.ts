import type { MessageDescriptor } from "@lingui/core";
import { msg } from "@lingui/core/macro";

import type { Trade } from "../trading/trader.ts";
import { said, type AccountEvent } from "./events.ts";

/** What an event means to the reader: in words, and whether it is news to him. */
export interface Meaning {
  readonly words: MessageDescriptor;
  /** He did it himself, or nothing follows from it. */
  readonly quiet: boolean;
}

const news = (words: MessageDescriptor): Meaning => ({ words, quiet: false });
const own = (words: MessageDescriptor): Meaning => ({ words, quiet: true });

const WENT_ON = msg`A trade went on`;
const PAID = {
  buyer: own(msg`You said that you have paid`),
  seller: news(msg`The buyer says that the money is sent: look into your account`),
};

type Told = Meaning | { readonly buyer: Meaning; readonly seller: Meaning };

/** By what moved the trade; an entry of two is told to each side in its own words. */
const ADVANCED: Readonly<Record<string, Told>> = {
  cancel: news(msg`The trade was cancelled before any coins were locked`),
  expire: news(msg`The coins were not locked in time: the trade has ended`),
  payment_sent: PAID,
  escrow_paid: PAID,
  release: {
    buyer: news(msg`The seller has released the coins: they are on their way to you`),
    seller: own(msg`You released the coins`),
  },
  refund: {
    buyer: own(msg`You gave the coins back`),
    seller: news(msg`The buyer gives the coins back: they are on their way to you`),
  },
  cancel_escrow: {
    buyer: news(msg`The seller asks for the coins back: if you have paid, say so now`),
    seller: own(msg`You asked for the coins back`),
  },
  dispute: news(msg`The trade is in dispute: the arbitrator may decide it`),
  settle: news(msg`Two of three have signed how to share the coins`),
  escrow_locked: {
    buyer: news(msg`The coins are locked: you can pay now`),
    seller: own(msg`Your coins are locked: the buyer is to pay now`),
  },
  escrow_lost: news(
    msg`The chain has taken the lock back: do not pay or release until it is there`,
  ),
  escrow_released: {
    buyer: news(msg`You have the coins: the trade is complete`),
    seller: own(msg`The buyer has the coins: the trade is complete`),
  },
  escrow_refunded: {
    buyer: own(msg`The seller has the coins again: the trade has ended`),
    seller: news(msg`You have your coins again: the trade has ended`),
  },
  escrow_split: news(msg`The coins were shared as agreed: the trade has ended`),
  settlement_lost: news(msg`The chain has taken the end of the trade back: it is brought anew`),
};

const OTHERS: Readonly<Record<string, Meaning>> = {
  "offer.created": own(msg`You published an offer`),
  "offer.updated": own(msg`You changed an offer`),
  "offer.resumed": own(msg`An offer of yours is in the book again`),
  "offer.closed": own(msg`An offer of yours is closed`),
  "saved.search_matched": news(msg`An offer that you wait for is in the book`),
  "confirmation.requested": news(msg`A program asks you to confirm something`),
  "webhook.disabled": news(msg`A webhook of yours was disabled`),
  "sandbox.clock_moved": own(msg`Somebody moved the clock of this trial exchange`),
};

/** What an event means; `trade` is the one that it is about, as far as it could be read. */
export function meaningOf(event: AccountEvent, trade: Trade | undefined): Meaning {
  const role = trade?.viewer.role;
  switch (event.type) {
    case "trade.opened":
      return role !== undefined && role !== trade?.maker
        ? own(msg`You opened a trade`)
        : news(msg`Your offer was taken`);
    case "trade.details_sealed":
      return role === "seller"
        ? own(msg`You sent your payment details`)
        : news(msg`The seller’s payment details are here`);
    case "trade.settlement_signed":
      return said(event, "party") === role
        ? own(msg`You signed how to share the coins`)
        : news(msg`Somebody signed how to share the coins: look at it`);
    case "trade.advanced":
      return advanced(event, role);
    case "offer.paused":
      return said(event, "reason") === "away"
        ? news(msg`An offer of yours is paused: takes of it were not answered`)
        : own(msg`You paused an offer`);
    case "confirmation.decided":
      return said(event, "state") === "confirmed"
        ? own(msg`You confirmed what a program asked for`)
        : own(msg`You refused what a program asked for`);
    default:
      return OTHERS[event.type] ?? own(msg`Something happened to your account`);
  }
}

function advanced(event: AccountEvent, role: Trade["viewer"]["role"] | undefined): Meaning {
  if (said(event, "event") === "escrow_locked" && said(event, "state") === "refunding") {
    return news(msg`Coins were locked after the trade had ended: they go back to the seller`);
  }
  const told = ADVANCED[said(event, "event") ?? ""];
  if (told === undefined) {
    return news(WENT_ON);
  }
  if ("words" in told) {
    return told;
  }
  return role === "buyer" || role === "seller" ? told[role] : news(WENT_ON);
}

/** Where an event leads: an address of the page. */
export function placeOf(event: AccountEvent): string {
  const [trade, offer] = [said(event, "trade_id"), said(event, "offer_id")];
  const subject = event.type.split(".")[0];
  if (subject === "trade" && trade !== undefined) {
    return `/trades/${encodeURIComponent(trade)}`;
  }
  if (subject === "saved" && offer !== undefined) {
    return `/offers/${encodeURIComponent(offer)}`;
  }
  const places: Record<string, string> = {
    offer: "/my/offers",
    confirmation: "/settings/agents",
    webhook: "/settings/webhooks",
  };
  return places[subject ?? ""] ?? "/notifications";
}
