import type { Schema } from "../api/client.ts";

/** The moment at which the mock exchange stands. */
export const NOW = "2026-11-24T05:00:00Z";
const LATER = "2026-11-24T05:02:00Z";
const EARLIER = "2026-11-20T09:30:00Z";

export const exchange: Schema["ExchangeBody"] = {
  name: "tradepost",
  version: "0.1.0",
  server_now: NOW,
  chain: {
    chain_id: 31337,
    escrow_address: "0x5FbDB2315678afecb367f032d93F642f64180aa3",
    confirmations: 2,
    block_number: 120,
    block_time: NOW,
  },
  assets: [
    { code: "ETH", decimals: 18, token: null },
    { code: "USDT", decimals: 6, token: "0xe7f1725E7734CE288F8367e1Bb143E90bb3F0512" },
  ],
  currencies: [
    { code: "EUR", name: "Euro", decimals: 2 },
    { code: "JPY", name: "Yen", decimals: 0 },
    { code: "USD", name: "US Dollar", decimals: 2 },
  ],
  largest_trades: {},
  fee_bps: 50,
  fee_recipient: null,
  arbitrator: "0x23618e81E3f5cdF7f54C3d65f7FBc0aBf5B21E8f",
  challenge_window_s: 86_400,
  release_window_s: 86_400,
  development: true,
};

export const index = { price: "2500", as_of: NOW, valid_until: LATER, development: true };

/** An offer to sell 0.1 to 2 ETH, 1.5 percent under the market, but for what is said otherwise. */
export function offer(said: Partial<Schema["ListedOffer"]> = {}): Schema["ListedOffer"] {
  return {
    id: "0193579a-3b20-7f13-b6d8-4c5d6e7f8091",
    version: 1,
    state: "active",
    maker: { id: "0193579a-1c3e-7c4b-9f0a-2b1d6f8e4a10", name: "rosa" },
    direction: "sell",
    asset: "ETH",
    currency: "EUR",
    pricing: "floating",
    margin_bps: -150,
    limit_price: null,
    price_source: "index",
    amount_unit: "currency",
    min_amount: "50.00",
    max_amount: "5000.00",
    total_amount: "5000.00",
    remaining_amount: "5000.00",
    shares_coins: false,
    payment_methods: ["sepa_instant", "revolut", "wise"],
    country: null,
    terms: "",
    funding_window_s: 1_800,
    payment_window_s: 5_400,
    visibility: "public",
    min_trades: 0,
    min_account_age_days: 0,
    first_trade_limit: null,
    taker_countries: [],
    working_hours: null,
    closes_at: null,
    created_at: EARLIER,
    updated_at: EARLIER,
    price: "2462.50",
    premium_bps: -150,
    maker_online: true,
    funded: true,
    quote: null,
    ...said,
  };
}

export const offers: Schema["ListedOffer"][] = [
  offer(),
  offer({
    id: "0193579a-3b20-7f13-b6d8-4c5d6e7f8092",
    maker: { id: "0193579a-1c3e-7c4b-9f0a-2b1d6f8e4a11", name: null },
    pricing: "fixed",
    margin_bps: null,
    price_source: null,
    amount_unit: "asset",
    min_amount: "0.1",
    max_amount: "2",
    total_amount: "2",
    remaining_amount: "1.75",
    payment_methods: ["sepa_instant"],
    price: "2550.00",
    premium_bps: 200,
    maker_online: false,
    funded: false,
    terms: "Pay from an account in your own name.",
  }),
];

export const market: Schema["InsightsMarketAnswer"] = {
  asset: "ETH",
  currency: "EUR",
  best_ask: "2462.5",
  best_bid: "2450",
  buy_offers: 1,
  sell_offers: 2,
  spread_bps: 50,
  index,
  last_trade: { at: EARLIER, price: "2510" },
  day: { change_bps: 85, high: "2530", low: "2470.5", trades: 24, volume: "31.5" },
};

export const depth: Schema["DepthAnswer"] = {
  asset: "ETH",
  currency: "EUR",
  levels_by: "premium",
  step_bps: 50,
  index,
  asks: {
    levels: [
      { from_bps: -150, to_bps: -100, price: null, amount: "2", offers: 1 },
      { from_bps: 200, to_bps: 250, price: null, amount: "1.75", offers: 1 },
    ],
    complete: true,
  },
  bids: {
    levels: [{ from_bps: -200, to_bps: -150, price: null, amount: "3", offers: 1 }],
    complete: true,
  },
};

export const trades: Schema["TradeAnswer"][] = [
  { at: EARLIER, price: "2510", amount: "0.4", payment_method: "sepa_instant" },
];

export const methodRows: Schema["InsightsMethodAnswer"][] = [
  {
    payment_method: "sepa_instant",
    best_ask: "2462.5",
    best_bid: "2450",
    spread_bps: 50,
    buy_offers: 1,
    sell_offers: 2,
  },
];
