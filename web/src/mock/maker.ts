import type { Session } from "../account/session.ts";
import type { Schema } from "../api/client.ts";
import type { Asked } from "./api.ts";
import { NOW, offer } from "./book.ts";

const ID = "0193579a-1c3e-7c4b-9f0a-2b1d6f8e4a99";
const WALLET = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8";

/** Somebody without a name who has just come, signed in for a day of this device's clock. */
export function session(): Session {
  return {
    account: { id: ID, name: null, roles: [], wallets: [WALLET], created_at: NOW },
    token: "a-token",
    expiresAt: new Date(Date.now() + 86_400_000).toISOString(),
    wallet: WALLET,
  };
}

/** The reader's own offer, live, but for what is said otherwise. */
export function ownOffer(said: Partial<Schema["OwnOfferAnswer"]> = {}): Schema["OwnOfferAnswer"] {
  const {
    maker_online: _online,
    quote: _quote,
    ...shown
  } = offer({ maker: { id: ID, name: null } });
  return {
    ...shown,
    id: "0193579a-3b20-7f13-b6d8-4c5d6e7f8a01",
    deposit_block: null,
    hidden_because: null,
    link: null,
    wallet: WALLET,
    encryption_key: "ab".repeat(32),
    key_signature: null,
    ...said,
  };
}

const changed =
  (state: "active" | "paused" | "closed") =>
  ({ id }: Asked): Schema["OwnOfferAnswer"] =>
    ownOffer({ id, state, version: 2 });

export const MAKER_ANSWERS = {
  "/v1/my/offers": (): Schema["OwnOffersAnswer"] => ({
    data: [
      ownOffer(),
      ownOffer({
        id: "0193579a-3b20-7f13-b6d8-4c5d6e7f8a02",
        direction: "buy",
        state: "paused",
        hidden_because: "paused",
        funded: false,
        remaining_amount: "1250.00",
      }),
    ],
    next_cursor: null,
  }),
  "/v1/my/partners": (): Schema["PartnersAnswer"] => ({ data: [] }),
  "PATCH /v1/offers/:id": ({ id, body }: Asked): Schema["OwnOfferAnswer"] => ({
    ...ownOffer({ id, version: 2 }),
    ...(body as Partial<Schema["OwnOfferAnswer"]>),
  }),
  "POST /v1/offers/:id/pause": changed("paused"),
  "POST /v1/offers/:id/resume": changed("active"),
  "POST /v1/offers/:id/close": changed("closed"),
  "/v1/prices/:id": (): Schema["PriceDetailAnswer"] => ({
    asset: "ETH",
    currency: "EUR",
    price: "2500",
    as_of: NOW,
    valid_until: new Date(Date.parse(NOW) + 120_000).toISOString(),
    spread_bps: 10,
    crossed_over: null,
    development: true,
    age_s: 1,
    sources: [
      { name: "kraken", pair: "ETH/EUR", price: "2501", at: NOW, used: true, why_not: null },
    ],
  }),
};
