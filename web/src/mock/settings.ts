import type { Schema } from "../api/client.ts";
import { session } from "./account.ts";
import type { Answer } from "./api.ts";
import { NOW } from "./book.ts";

const DEVICE_ID = "0193579a-2f11-7a90-8c33-5d0e7b9a6c20";
export const BOT_ID = "0193579a-2f11-7a90-8c33-5d0e7b9a6c21";
export const WEBHOOK_ID = "0193579a-6b31-7c44-8a20-7d6e5f403122";
export const DELIVERY_ID = "0193579a-7c21-7d33-9b10-5e4f3a2b1c0d";

const ALL: Schema["Scope"][] = [
  "account:read",
  "account:write",
  "offers:read",
  "offers:write",
  "trades:read",
  "trades:write",
  "escrow:release",
  "webhooks:read",
  "webhooks:write",
  "confirmations:read",
  "confirmations:ask",
  "confirmations:write",
];

export const tokens: Schema["TokenAnswer"][] = [
  {
    id: DEVICE_ID,
    label: "sign-in",
    scopes: ALL,
    created_at: NOW,
    expires_at: session.expiresAt,
    last_used_at: NOW,
  },
  {
    id: BOT_ID,
    label: "price bot",
    scopes: ["offers:read", "offers:write"],
    created_at: NOW,
    expires_at: "2026-12-23T05:00:00Z",
    last_used_at: null,
  },
];

export function webhook(said: Partial<Schema["WebhookAnswer"]> = {}): Schema["WebhookAnswer"] {
  return {
    id: WEBHOOK_ID,
    url: "https://shop.example/tradepost",
    description: "Orders of the shop",
    events: ["trade.*"],
    enabled: true,
    disabled_reason: null,
    failing_since: null,
    keys: [{ public_key: "whpk_AAECAwQFBgcICQo=", created_at: NOW, expires_at: null }],
    version: 3,
    created_at: NOW,
    updated_at: NOW,
    ...said,
  };
}

/** One that has not arrived, though it was tried. */
export const delivery: Schema["DeliveryAnswer"] = {
  id: DELIVERY_ID,
  message_id: "0193579a-7c00-7aa1-8b2c-1d2e3f405162",
  type: "trade.opened",
  seq: 42,
  state: "failed",
  created_at: NOW,
  next_attempt_at: null,
  attempts: [
    { number: 1, at: NOW, duration_ms: 84, status: 503, error: null },
    { number: 2, at: NOW, duration_ms: 15_000, status: null, error: "timeout" },
  ],
};

export const search: Schema["SavedSearchAnswer"] = {
  id: "0193579a-8d31-7c44-8a20-7d6e5f403122",
  name: "cheap ether",
  direction: "sell",
  asset: "ETH",
  currency: "EUR",
  amount: null,
  fiat_amount: "250",
  payment_method: [],
  country: null,
  maker: null,
  created_at: NOW,
};

export const SETTINGS_ANSWERS = {
  "/v1/tokens": (): Schema["TokensAnswer"] => ({ data: tokens }),
  "POST /v1/tokens": (): Schema["NewTokenAnswer"] => ({
    id: "0193579a-2f11-7a90-8c33-5d0e7b9a6c22",
    token: "tp_secret",
    label: "new",
    scopes: ["trades:read"],
    expires_at: "2026-12-23T05:00:00Z",
  }),
  "DELETE /v1/tokens/:id": () => undefined,
  "/v1/webhooks": (): Schema["WebhooksAnswer"] => ({ data: [webhook()] }),
  "POST /v1/webhooks": (): Schema["NewSecretAnswer"] => ({ ...webhook(), secret: "whsec_new" }),
  "PATCH /v1/webhooks/:id": (): Schema["WebhookAnswer"] => webhook({ version: 4 }),
  "DELETE /v1/webhooks/:id": () => undefined,
  "POST /v1/webhooks/:id/secret": (): Schema["NewSecretAnswer"] => ({
    ...webhook({ version: 4 }),
    secret: "whsec_rotated",
  }),
  "POST /v1/webhooks/:id/test": (): Schema["DeliveryAnswer"] => delivery,
  "/v1/webhooks/:id/deliveries": (): Schema["DeliveriesAnswer"] => ({
    data: [delivery],
    next_cursor: null,
  }),
  "POST /v1/webhooks/:id/deliveries/:id/replay": (): Schema["DeliveryAnswer"] => delivery,
  "/v1/saved-searches": (): Schema["SavedSearchesAnswer"] => ({ data: [search] }),
  "POST /v1/saved-searches": (): Schema["SavedSearchAnswer"] => search,
  "DELETE /v1/saved-searches/:id": () => undefined,
  "/v1/confirmations": (): Schema["ConfirmationPage"] => ({ data: [], next_cursor: null }),
  "POST /v1/confirmations/:id/refuse": () => undefined,
  "/v1/my/partners": (): Schema["PartnersAnswer"] => ({ data: [] }),
  "PUT /v1/my/partners/:id": () => undefined,
  "DELETE /v1/my/partners/:id": () => undefined,
} satisfies Record<string, Answer>;
