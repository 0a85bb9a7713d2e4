/**
 * Asks an exchange for each operation of its document, once: `contract.ts URL`. That the table has
 * them all, and that all arguments fit, is the compiler's business; the exchange judges the rest.
 */
import { createClient, ProblemError, type operations } from "../src/index.ts";

declare const process: { argv: string[] };

const url = process.argv[2];
if (url === undefined) {
  throw new TypeError("contract.ts URL");
}
const client = createClient(url, { token: "t" });

const ID = "0193579a-3b20-7f13-b6d8-4c5d6e7f8091";
const VERSION = '"3"';
const WALLET = "0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf";
const KEY = "4f".repeat(32);
const SIGNATURE = `0x${"1f".repeat(64)}1b`;
const KNOWN = JSON.stringify({ persistedQuery: { version: 1, sha256Hash: KEY } });
const SEALED = `Ag${"bW9k".repeat(40)}`;

const calls: Record<keyof operations, () => Promise<unknown>> = {
  livez: () => client.GET("/livez"),
  readyz: () => client.GET("/readyz"),
  time: () => client.GET("/v1/time"),
  exchange: () => client.GET("/v1/exchange"),
  list_problems: () => client.GET("/v1/problems"),
  get_problem: () => client.GET("/v1/problems/{name}", { params: { path: { name: "price-moved" } } }),
  exchange_health: () => client.GET("/v1/admin/health"),
  create_nonce: () => client.POST("/v1/nonces"),
  create_account: () => client.POST("/v1/accounts", {
    body: { name: "rosa", passphrase: "lantern orbit velvet quarry" },
  }),
  create_session: () => client.POST("/v1/sessions", {
    body: { name: "rosa", passphrase: "lantern orbit velvet quarry" },
  }),
  end_session: () => client.DELETE("/v1/sessions/current"),
  get_account: () => client.GET("/v1/account"),
  add_wallet: () => client.POST("/v1/account/wallets", {
    body: { message: "a message", signature: SIGNATURE },
  }),
  list_tokens: () => client.GET("/v1/tokens"),
  create_token: () => client.POST("/v1/tokens", {
    body: { expires_in_s: 2592000, label: "price bot", scopes: ["offers:read", "offers:write"] },
  }),
  revoke_token: () => client.DELETE("/v1/tokens/{token_id}", { params: { path: { token_id: ID } } }),
  list_partners: () => client.GET("/v1/my/partners"),
  trust_partner: () => client.PUT("/v1/my/partners/{account_id}", { params: { path: { account_id: ID } } }),
  distrust_partner: () => client.DELETE("/v1/my/partners/{account_id}", {
    params: { path: { account_id: ID } },
  }),
  keep_backup: () => client.PUT("/v1/account/backup", {
    params: { header: { "if-none-match": "*" } },
    body: { vault: '{"form":1}' },
  }),
  get_backup: () => client.GET("/v1/account/backup"),
  delete_backup: () => client.DELETE("/v1/account/backup", { params: { header: { "if-match": VERSION } } }),
  search_offers: () => client.GET("/v1/offers"),
  create_offer: () => client.POST("/v1/offers", {
    body: {
      amount_unit: "currency",
      asset: "ETH",
      country: "DE",
      currency: "EUR",
      direction: "sell",
      encryption_key: KEY,
      first_trade_limit: "250",
      funding_window_s: 1800,
      key_signature: SIGNATURE,
      limit_price: "2300",
      margin_bps: 150,
      max_amount: "1000",
      min_amount: "50",
      payment_methods: ["sepa_instant", "revolut"],
      payment_window_s: 3600,
      terms: "From an account in your own name only.",
      total_amount: "5000",
      wallet: WALLET,
      working_hours: {spans: [{closes: "18:30", day: "mon", opens: "09:00"}], time_zone: "Europe/Berlin"},
    },
  }),
  count_offers: () => client.GET("/v1/offers/facets"),
  edit_offer: () => client.PATCH("/v1/offers/{offer_id}", {
    params: { path: { offer_id: ID }, header: { "if-match": VERSION } },
    body: { margin_bps: 200, total_amount: "4000" },
  }),
  get_offer: () => client.GET("/v1/offers/{offer_id}", { params: { path: { offer_id: ID } } }),
  pause_offer: () => client.POST("/v1/offers/{offer_id}/pause", { params: { path: { offer_id: ID } } }),
  resume_offer: () => client.POST("/v1/offers/{offer_id}/resume", { params: { path: { offer_id: ID } } }),
  close_offer: () => client.POST("/v1/offers/{offer_id}/close", { params: { path: { offer_id: ID } } }),
  quote_offer: () => client.GET("/v1/offers/{offer_id}/quote", { params: { path: { offer_id: ID } } }),
  list_my_offers: () => client.GET("/v1/my/offers"),
  list_partners_offers: () => client.GET("/v1/my/partners/offers"),
  save_search: () => client.POST("/v1/saved-searches", {
    body: {
      asset: "ETH",
      currency: "EUR",
      direction: "sell",
      fiat_amount: "250.00",
      name: "Coins for 250 euros",
      payment_method: ["sepa_instant"],
    },
  }),
  list_saved_searches: () => client.GET("/v1/saved-searches"),
  forget_search: () => client.DELETE("/v1/saved-searches/{search_id}", {
    params: { path: { search_id: ID } },
  }),
  list_payment_methods: () => client.GET("/v1/payment-methods"),
  get_payment_registry: () => client.GET("/v1/payment-methods/registry"),
  get_payment_method: () => client.GET("/v1/payment-methods/{code}", { params: { path: { code: "sepa" } } }),
  create_payment_account: () => client.POST("/v1/payment-accounts", {
    body: { method: "sepa", sealed: SEALED },
  }),
  list_payment_accounts: () => client.GET("/v1/payment-accounts"),
  get_payment_account: () => client.GET("/v1/payment-accounts/{account_id}", {
    params: { path: { account_id: ID } },
  }),
  replace_payment_account: () => client.PUT("/v1/payment-accounts/{account_id}", {
    params: { path: { account_id: ID }, header: { "if-match": VERSION } },
    body: { sealed: SEALED },
  }),
  delete_payment_account: () => client.DELETE("/v1/payment-accounts/{account_id}", {
    params: { path: { account_id: ID }, header: { "if-match": VERSION } },
  }),
  list_prices: () => client.GET("/v1/prices"),
  get_price: () => client.GET("/v1/prices/{asset}/{currency}", {
    params: { path: { asset: "ETH", currency: "EUR" } },
  }),
  price_history: () => client.GET("/v1/prices/{asset}/{currency}/history", {
    params: { path: { asset: "ETH", currency: "EUR" } },
  }),
  take_offer: () => client.POST("/v1/trades", {
    body: {
      encryption_key: KEY,
      fiat_amount: "250.00",
      key_signature: SIGNATURE,
      offer_id: ID,
      payment_method: "sepa",
      price_limit: "1.02",
      wallet: WALLET,
    },
  }),
  list_trades: () => client.GET("/v1/trades"),
  export_trades: () => client.GET("/v1/trades/export", { parseAs: "text" }),
  get_trade: () => client.GET("/v1/trades/{trade_id}", { params: { path: { trade_id: ID } } }),
  get_instructions: () => client.GET("/v1/trades/{trade_id}/instructions", {
    params: { path: { trade_id: ID } },
  }),
  get_history: () => client.GET("/v1/trades/{trade_id}/history", { params: { path: { trade_id: ID } } }),
  lock: () => client.POST("/v1/trades/{trade_id}/lock", {
    params: { path: { trade_id: ID } },
    body: { signature: SIGNATURE, way: "authorization" },
  }),
  seal_payment_details: () => client.POST("/v1/trades/{trade_id}/payment-details", {
    params: { path: { trade_id: ID } },
    body: { sealed: SEALED },
  }),
  payment_sent: () => client.POST("/v1/trades/{trade_id}/payment-sent", {
    params: { path: { trade_id: ID } },
    body: { signature: SIGNATURE },
  }),
  release: () => client.POST("/v1/trades/{trade_id}/release", {
    params: { path: { trade_id: ID } },
    body: { signature: SIGNATURE },
  }),
  refund: () => client.POST("/v1/trades/{trade_id}/refund", {
    params: { path: { trade_id: ID } },
    body: { signature: SIGNATURE },
  }),
  cancel: () => client.POST("/v1/trades/{trade_id}/cancel", {
    params: { path: { trade_id: ID } },
    body: { signature: SIGNATURE },
  }),
  open_dispute: () => client.POST("/v1/trades/{trade_id}/dispute", {
    params: { path: { trade_id: ID } },
    body: { reason: "not_paid" },
  }),
  sign_settlement: () => client.POST("/v1/trades/{trade_id}/settlement", {
    params: { path: { trade_id: ID } },
    body: { buyer_amount: "125.5", signature: SIGNATURE, valid_until: 1796018400 },
  }),
  call_node: () => client.POST("/v1/chain/calls", {
    body: { method: "eth_getBalance", params: [WALLET, "latest"] },
  }),
  ask_confirmation: () => client.POST("/v1/confirmations", {
    body: { step: "release", trade_id: ID },
  }),
  list_confirmations: () => client.GET("/v1/confirmations"),
  get_confirmation: () => client.GET("/v1/confirmations/{confirmation_id}", {
    params: { path: { confirmation_id: ID } },
  }),
  confirm: () => client.POST("/v1/confirmations/{confirmation_id}/confirm", {
    params: { path: { confirmation_id: ID } },
    body: { digest: KEY, encryption_key: KEY, wallet: WALLET },
  }),
  refuse_confirmation: () => client.POST("/v1/confirmations/{confirmation_id}/refuse", {
    params: { path: { confirmation_id: ID } },
  }),
  list_markets: () => client.GET("/v1/markets"),
  get_market: () => client.GET("/v1/markets/{asset}/{currency}", {
    params: { path: { asset: "ETH", currency: "EUR" } },
  }),
  market_depth: () => client.GET("/v1/markets/{asset}/{currency}/depth", {
    params: { path: { asset: "ETH", currency: "EUR" } },
  }),
  market_methods: () => client.GET("/v1/markets/{asset}/{currency}/methods", {
    params: { path: { asset: "ETH", currency: "EUR" } },
  }),
  market_trades: () => client.GET("/v1/markets/{asset}/{currency}/trades", {
    params: { path: { asset: "ETH", currency: "EUR" } },
  }),
  market_candles: () => client.GET("/v1/markets/{asset}/{currency}/candles", {
    params: { path: { asset: "ETH", currency: "EUR" }, query: { interval: "1h" } },
  }),
  create_webhook: () => client.POST("/v1/webhooks", {
    body: {
      description: "Orders of the shop",
      events: ["trade.*"],
      url: "https://shop.example/tradepost",
    },
  }),
  list_webhooks: () => client.GET("/v1/webhooks"),
  get_webhook: () => client.GET("/v1/webhooks/{webhook_id}", { params: { path: { webhook_id: ID } } }),
  edit_webhook: () => client.PATCH("/v1/webhooks/{webhook_id}", {
    params: { path: { webhook_id: ID }, header: { "if-match": VERSION } },
    body: { enabled: true, events: ["trade.*", "offer.*"] },
  }),
  forget_webhook: () => client.DELETE("/v1/webhooks/{webhook_id}", { params: { path: { webhook_id: ID } } }),
  rotate_webhook_secret: () => client.POST("/v1/webhooks/{webhook_id}/secret", {
    params: { path: { webhook_id: ID } },
    body: { overlap_s: 86400 },
  }),
  test_webhook: () => client.POST("/v1/webhooks/{webhook_id}/test", { params: { path: { webhook_id: ID } } }),
  list_deliveries: () => client.GET("/v1/webhooks/{webhook_id}/deliveries", {
    params: { path: { webhook_id: ID } },
  }),
  get_delivery: () => client.GET("/v1/webhooks/{webhook_id}/deliveries/{delivery_id}", {
    params: { path: { webhook_id: ID, delivery_id: ID } },
  }),
  replay_delivery: () => client.POST("/v1/webhooks/{webhook_id}/deliveries/{delivery_id}/replay", {
    params: { path: { webhook_id: ID, delivery_id: ID } },
  }),
  get_push_key: () => client.GET("/v1/push/key"),
  create_push_subscription: () => client.POST("/v1/push/subscriptions", {
    body: {
      endpoint: "https://push.example/JzLQ3raZJfFBR0aqvOMsLrt54w4rJUsV",
      keys: { auth: "A".repeat(22), p256dh: `B${"A".repeat(86)}` },
      label: "Firefox on Android",
    },
  }),
  list_push_subscriptions: () => client.GET("/v1/push/subscriptions"),
  end_push_subscription: () => client.DELETE("/v1/push/subscriptions/{subscription_id}", {
    params: { path: { subscription_id: ID } },
  }),
  list_events: () => client.GET("/v1/account/events"),
  create_stream_ticket: () => client.POST("/v1/stream/tickets"),
  follow_stream: () => client.GET("/v1/stream", {
    params: { query: { channels: ["prices:ETH-EUR"] } },
    parseAs: "text",
  }),
  graphql: () => client.POST("/v1/graphql", { body: { query: "{ exchange { name } }" } }),
  graphql_known: () => client.GET("/v1/graphql", { params: { query: { extensions: KNOWN } } }),
  draw_from_faucet: () => client.POST("/v1/sandbox/faucet", {
    body: { wallet: "0x70997970C51812dc3A010C7d01b50e0d17dc79C8" },
  }),
  sandbox_clock: () => client.GET("/v1/sandbox/clock"),
  move_sandbox_clock: () => client.POST("/v1/sandbox/clock", { body: { advance_s: 86400 } }),
};

for (const [name, call] of Object.entries(calls)) {
  try {
    await call();
    console.log(name);
  } catch (error) {
    const why = error instanceof ProblemError ? error.message : String(error);
    console.log(`${name}: ${why}`);
  }
}
