import type { Session } from "../account/session.ts";
import type { Schema } from "../api/client.ts";
import type { Answer, Asked } from "./api.ts";
import { NOW } from "./book.ts";

const WALLET = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8";
const LATER = "2026-11-24T05:30:00Z";
export const TRADE_ID = "0193579a-4d30-7b11-8f5e-6a7b8c9d0e1f";

export const account: Schema["AccountAnswer"] = {
  id: "0193579a-1c3e-7c4b-9f0a-2b1d6f8e4a11",
  name: "bruno",
  roles: ["trader"],
  wallets: [WALLET],
  created_at: "2026-11-20T09:30:00Z",
};

/** Bruno, signed in on this device. */
export const session: Session = {
  account,
  token: "tp_mX3Jc0tq5V1sR8yZk2uA7wBnE4hGfLdQ9iToP6xCvYa",
  expiresAt: "2096-11-25T05:00:00Z",
  wallet: WALLET,
};

/** A trade in which Bruno buys 0.1 ETH for 250 EUR, whose coins are locked. */
export function trade(said: Partial<Schema["TradeBody"]> = {}): Schema["TradeBody"] {
  const party = { encryption_key: "4f".repeat(32), key_signature: null };
  return {
    id: TRADE_ID,
    offer_id: "0193579a-3b20-7f13-b6d8-4c5d6e7f8091",
    state: "escrowed",
    asset: "ETH",
    amount: "0.100000000000000000",
    fee: "0.000500000000000000",
    currency: "EUR",
    fiat_amount: "250.00",
    price: "2500",
    payment_method: "sepa_instant",
    maker: "seller",
    buyer: { id: account.id, name: "bruno", wallet: WALLET, ...party },
    seller: {
      id: "0193579a-1c3e-7c4b-9f0a-2b1d6f8e4a10",
      name: "rosa",
      wallet: "0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC",
      ...party,
    },
    arbitrator: "0x23618e81E3f5cdF7f54C3d65f7FBc0aBf5B21E8f",
    terms: "",
    sealed_payment_details: null,
    dispute_reason: null,
    escrow: {
      id: `0x${"ab".repeat(32)}`,
      chain_id: 31337,
      contract: "0x5FbDB2315678afecb367f032d93F642f64180aa3",
      state: "locked",
      confirmations: 4,
      confirmations_needed: 2,
      tx_hash: `0x${"cd".repeat(32)}`,
      terms: {
        buyer: WALLET,
        seller: "0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC",
        arbitrator: "0x23618e81E3f5cdF7f54C3d65f7FBc0aBf5B21E8f",
        token: "0x0000000000000000000000000000000000000000",
        amount: "100000000000000000",
        fee: "500000000000000",
        fee_recipient: "0x0000000000000000000000000000000000000000",
        fund_by: 1795498200,
        payment_window: 5_400,
        challenge_window: 86_400,
        lane: "0",
      },
      paid_on_chain: false,
      cancel_at: null,
      lock: null,
    },
    settlements: [],
    created_at: NOW,
    updated_at: NOW,
    funding_deadline: LATER,
    payment_deadline: LATER,
    viewer: {
      role: "buyer",
      primary_action: "payment_sent",
      allowed_actions: ["payment_sent", "refund"],
      deadline_at: LATER,
      deadline_effect: null,
      server_now: NOW,
      chain_now: NOW,
    },
    ...said,
  };
}

export function event(
  seq: number,
  type: string,
  payload: Record<string, unknown> = {},
): Schema["EventAnswer"] {
  const id = `0193579a-3b22-7d41-a1c5-${String(seq).padStart(12, "0")}`;
  return { seq, id, type, payload, created_at: NOW };
}

/** The coins of Bruno's trade were locked; before that he had taken an offer. */
export const events = [
  event(1, "trade.opened", { trade_id: TRADE_ID, offer_id: trade().offer_id }),
  event(2, "trade.advanced", { trade_id: TRADE_ID, state: "escrowed", event: "escrow_locked" }),
];

/** What `GET /v1/account/events` answers where this has happened. */
export const eventsOf =
  (happened: readonly Schema["EventAnswer"][]) =>
  ({ query }: Asked): Schema["EventsAnswer"] => {
    const [after, limit] = [Number(query.get("after") ?? 0), Number(query.get("limit") ?? 20)];
    return { data: happened.filter(({ seq }) => seq > after).slice(0, limit) };
  };

export const ACCOUNT_ANSWERS = {
  "/v1/account": (): Schema["AccountAnswer"] => account,
  "/v1/account/events": (asked: Asked): Schema["EventsAnswer"] => eventsOf(events)(asked),
  "POST /v1/stream/tickets": (): Schema["TicketAnswer"] => ({
    ticket: "ts_mX3Jc0tq5V1sR8yZk2uA7wBnE4hGfLdQ9iToP6xCvYa",
    expires_at: LATER,
  }),
} satisfies Record<string, Answer>;
