import type { Schema } from "../api/client.ts";
import { NOW } from "./book.ts";

/** An exchange that is well, but for what is said otherwise. */
export function health(said: Partial<Schema["ExchangeHealth"]> = {}): Schema["ExchangeHealth"] {
  return {
    now: NOW,
    version: "0.1.0",
    chain: { good: true, block: 812, age_s: 6, blocks_behind: 0 },
    relayer: {
      good: true,
      address: "0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf",
      balance: "1.25",
      settlements_left: 2_200,
      waiting: 0,
      sent: 1,
      oldest_s: 4,
      late: 0,
    },
    reserves: {
      good: true,
      assets: [{ asset: "ETH", owed: "12.5", held: "12.5", missing: "0.000" }],
    },
    trades: { good: true, disputed: 1, late_s: 0 },
    jobs: { good: true, waiting: 0, running: 1, failed: 0, oldest_s: 0 },
    prices: {
      good: true,
      pairs: 12,
      fresh: 12,
      stale: [],
      sources: [{ name: "kraken", pairs: 12, faulty: 0, newest_at: NOW }],
    },
    limits: { good: true, place: "memory" },
    ...said,
  };
}
