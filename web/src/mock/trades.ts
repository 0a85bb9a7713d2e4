import type { Session } from "../account/session.ts";
import type { Schema } from "../api/client.ts";
import type { Asked } from "./api.ts";
import { exchange, NOW } from "./book.ts";

type Trade = Schema["TradeBody"];
type State = Schema["TradeState"];
type Role = "buyer" | "seller";
type Viewer = Pick<Schema["ViewerBody"], "primary_action" | "allowed_actions">;

const BUYER = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8";
export const SELLER_WALLET = "0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC";
export const SEALED = "AgbW9kbW9kbW9kbW9kbW9kbW9kbW9k";
const LATER = "2026-11-24T06:15:00Z";

/** Bruno, signed in on this device. */
export const trader: Session = {
  account: {
    id: "0193579a-1c3e-7c4b-9f0a-2b1d6f8e4a11",
    name: "bruno",
    roles: [],
    wallets: [BUYER],
    created_at: "2026-11-20T09:30:00Z",
  },
  token: "a-token",
  expiresAt: "2096-11-25T05:00:00Z",
  wallet: BUYER,
};

/** What the exchange lets each do, as it says it right after the state was reached. */
const VIEWERS: Record<State, Record<Role, Viewer>> = {
  awaiting_escrow: {
    buyer: viewer(null, "cancel"),
    seller: viewer("lock", "lock", "send_payment_details", "cancel"),
  },
  escrowed: {
    buyer: viewer("payment_sent", "payment_sent", "refund", "dispute", "settle"),
    seller: viewer(null, "release", "dispute", "settle"),
  },
  payment_sent: {
    buyer: viewer(null, "dispute", "refund", "settle"),
    seller: viewer("release", "release", "dispute", "settle"),
  },
  releasing: { buyer: viewer(null, "dispute"), seller: viewer(null) },
  completed: { buyer: viewer(null), seller: viewer(null) },
  expired: { buyer: viewer(null), seller: viewer(null) },
  cancelled: { buyer: viewer(null), seller: viewer(null) },
  refunding: {
    buyer: viewer("payment_sent", "payment_sent", "refund"),
    seller: viewer(null, "release", "dispute"),
  },
  refunded: { buyer: viewer(null), seller: viewer(null) },
  disputed: {
    buyer: viewer(null, "refund", "settle"),
    seller: viewer(null, "release", "settle"),
  },
  splitting: { buyer: viewer(null, "dispute"), seller: viewer(null, "dispute") },
  resolved: { buyer: viewer(null), seller: viewer(null) },
};

function viewer(
  primary_action: Viewer["primary_action"],
  ...allowed_actions: Viewer["allowed_actions"]
): Viewer {
  return { primary_action, allowed_actions };
}

export const STATES = Object.keys(VIEWERS) as State[];

const ESCROWS: Record<State, Schema["EscrowState"]> = {
  awaiting_escrow: "none",
  escrowed: "locked",
  payment_sent: "locked",
  releasing: "releasing",
  completed: "released",
  expired: "none",
  cancelled: "none",
  refunding: "locked",
  refunded: "refunded",
  disputed: "locked",
  splitting: "splitting",
  resolved: "split",
};

/** States with a clock that runs. */
const TIMED: readonly State[] = ["awaiting_escrow", "escrowed", "payment_sent", "refunding"];

/** The id of the trade in a state, as the list has it. */
export const idOf = (state: State, role: Role): string =>
  `019ac6d2-9a10-7c55-8f2e-1b2c3d4e5${role === "buyer" ? "a" : "b"}${String(STATES.indexOf(state)).padStart(2, "0")}`;

/** A trade of 0.1 ETH for 250 EUR in a state, as one side sees it, but for what is said otherwise. */
export function trade(state: State, role: Role, said: Partial<Trade> = {}): Trade {
  const locked = !["awaiting_escrow", "expired", "cancelled"].includes(state);
  return {
    id: idOf(state, role),
    offer_id: "0193579a-3b20-7f13-b6d8-4c5d6e7f8091",
    state,
    asset: "ETH",
    amount: "0.100000000000000000",
    fee: "0.000500000000000000",
    currency: "EUR",
    fiat_amount: "250.00",
    price: "2500",
    payment_method: "sepa_instant",
    maker: "seller",
    buyer: {
      id: "0193579a-1c3e-7c4b-9f0a-2b1d6f8e4a11",
      name: "bruno",
      wallet: BUYER,
      encryption_key: "4f".repeat(32),
      key_signature: null,
    },
    seller: {
      id: "0193579a-1c3e-7c4b-9f0a-2b1d6f8e4a10",
      name: "rosa",
      wallet: SELLER_WALLET,
      encryption_key: "5a".repeat(32),
      key_signature: null,
    },
    arbitrator: exchange.arbitrator,
    terms: "Pay from an account in your own name.",
    sealed_payment_details: locked ? SEALED : null,
    dispute_reason: state === "disputed" ? "paid_not_released" : null,
    escrow: {
      id: `0x${"7c".repeat(32)}`,
      chain_id: 31337,
      contract: exchange.chain.escrow_address,
      state: ESCROWS[state],
      confirmations: locked ? 4 : 0,
      confirmations_needed: 2,
      tx_hash: locked ? `0x${"e1".repeat(32)}` : null,
      terms: {
        seller: SELLER_WALLET,
        buyer: BUYER,
        arbitrator: exchange.arbitrator,
        token: "0x0000000000000000000000000000000000000000",
        amount: "100000000000000000",
        fee: "500000000000000",
        fee_recipient: "0x0000000000000000000000000000000000000000",
        fund_by: 1_795_500_000,
        payment_window: 5_400,
        challenge_window: 86_400,
        lane: "190436817382015",
      },
      paid_on_chain: false,
      cancel_at: state === "refunding" ? LATER : null,
      lock: null,
    },
    settlements: [],
    created_at: "2026-11-24T04:30:00Z",
    updated_at: "2026-11-24T04:45:00Z",
    funding_deadline: "2026-11-24T05:30:00Z",
    payment_deadline: locked ? LATER : null,
    viewer: {
      role,
      ...VIEWERS[state][role],
      deadline_at: TIMED.includes(state) ? LATER : null,
      deadline_effect: TIMED.includes(state) ? "Something happens then." : null,
      server_now: NOW,
      chain_now: NOW,
    },
    ...said,
  };
}

/** The same with other words for its viewer. */
export const seenAs = (seen: Trade, said: Partial<Schema["ViewerBody"]>): Trade => ({
  ...seen,
  viewer: { ...seen.viewer, ...said },
});

/** One in every state from both sides. */
export const trades: readonly Trade[] = STATES.flatMap((state) => [
  trade(state, "buyer"),
  trade(state, "seller"),
]);

const TAKEN: Schema["HistoryEntryBody"] = {
  at: "2026-11-24T04:30:00Z",
  from: null,
  to: "awaiting_escrow",
  event: "take",
  by: "buyer",
};

export const history: readonly Schema["HistoryEntryBody"][] = [
  TAKEN,
  {
    at: "2026-11-24T04:33:30Z",
    from: "awaiting_escrow",
    to: "escrowed",
    event: "escrow_locked",
    by: null,
  },
  {
    at: "2026-11-24T04:40:00Z",
    from: "escrowed",
    to: "payment_sent",
    event: "payment_sent",
    by: "buyer",
  },
];

const found = (id: string): Trade =>
  trades.find((each) => each.id === id) ?? trade("escrowed", "buyer");

export const TRADE_ANSWERS = {
  "/v1/trades": ({ query }: Asked): Schema["TradePage"] => ({
    data: trades.filter((each) => each.state === (query.get("state") ?? each.state)),
    next_cursor: null,
  }),
  "/v1/trades/export": (): string => "id,opened_at,ended_at,state\n",
  "/v1/trades/:id": ({ id }: Asked): Trade => found(id),
  "/v1/trades/:id/history": (): Schema["HistoryBody"] => ({
    data: [...history],
    next_cursor: null,
  }),
  "POST /v1/trades/:id/dispute": ({ id }: Asked): Trade => ({
    ...trade("disputed", found(id).viewer.role === "seller" ? "seller" : "buyer"),
    id,
  }),
};
