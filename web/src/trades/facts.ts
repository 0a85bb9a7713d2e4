import type { Schema } from "../api/client.ts";
import type { Format } from "../language/format.ts";
import type { Trade } from "../trading/trader.ts";

export type Action = Schema["Action"];
export type Party = Schema["Party"];

/** All digits of a coin: where something is signed, nothing is rounded. */
export const ALL_DIGITS = 18;

/** What the words about a trade are filled with. */
export interface Facts {
  readonly trade: Trade;
  readonly role: Party;
  readonly format: Format;
  /** "0.1 ETH", all digits of it. */
  readonly coins: string;
  /** "EUR 250.00". */
  readonly money: string;
  readonly buyer: string;
  readonly seller: string;
}

export function factsOf(trade: Trade, format: Format): Facts {
  return {
    trade,
    role: trade.viewer.role,
    format,
    coins: format.coins(trade.amount, trade.asset, ALL_DIGITS),
    money: format.money(trade.fiat_amount, trade.currency),
    buyer: nameOf(trade.buyer),
    seller: nameOf(trade.seller),
  };
}

/** One without a name is known by the last letters of his id. */
export const nameOf = (party: { id: string; name: string | null }): string =>
  party.name ?? party.id.slice(-8);

export const may = (trade: Trade, action: Action): boolean =>
  trade.viewer.allowed_actions.includes(action);
