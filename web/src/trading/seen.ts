import { makerContext, takerContext } from "../sealing/tradeKeys.ts";
import type { Agreement, KnownTrade } from "../verify/agreement.ts";
import { asShown, confirmations } from "../verify/agreement.ts";
import { KeyNotOurs } from "../verify/errors.ts";
import { readTrade, type ShownExchange, type ShownTrade, type Side } from "../verify/shown.ts";
import { checkTrade, checkUnchanged } from "../verify/trade.ts";
import * as wallets from "../wallet/errors.ts";
import type { TradeKey } from "../wallet/wallet.ts";
import { checkedExchange, type Desk } from "./desk.ts";
import { NotYourStep } from "./errors.ts";
import type { Trade } from "./trader.ts";

/** A trade as it was shown and read, and as it was verified. */
export interface Seen {
  readonly shown: ShownTrade;
  readonly known: KnownTrade;
}

/** How deep a lock has to be for the exchange's number of confirmations. */
export const depthFor = ({ confirmations: claimed, chainId }: ShownExchange): number =>
  confirmations(claimed, chainId);

/**
 * Holds a trade that was just read against what is known of it, or against what was agreed, and
 * keeps what came of it. Throws `VerificationFailed`, and `NotYourStep` to an arbitrator.
 */
export async function seen(desk: Desk, trade: Trade, askedFor: string = trade.id): Promise<Seen> {
  const shown = readTrade(trade);
  const before = desk.notebook.trade(askedFor);
  if (before !== null) {
    checkUnchanged(shown, before);
    return { shown, known: before };
  }
  const agreement =
    desk.notebook.offer(shown.offerId) ??
    taken(desk, shown) ??
    (await agreementAsShown(desk, shown));
  const known = checkTrade(shown, agreement, askedFor);
  desk.notebook.keepTrade(known);
  return { shown, known };
}

/** What was agreed to when this device took the offer, if the answer to that got lost. */
function taken(desk: Desk, shown: ShownTrade): Agreement | null {
  return shown.role === "arbitrator" ? null : desk.notebook.taking(shown[shown.role].key);
}

async function agreementAsShown(desk: Desk, shown: ShownTrade): Promise<Agreement> {
  if (shown.role === "arbitrator") {
    throw new NotYourStep("You are not one of this trade's traders.");
  }
  const exchange = await checkedExchange(desk);
  const own = {
    wallet: desk.wallet.address,
    key: shown[shown.role].key,
    depth: depthFor(exchange),
  };
  const agreement = asShown(shown, exchange, own);
  // Throws where the exchange names a key that this wallet cannot have made.
  await tradeKey(desk, checkTrade(shown, agreement));
  return agreement;
}

/** The own key of a trade, derived anew from the wallet; throws `KeyNotOurs`. */
export async function tradeKey(desk: Desk, { agreement }: KnownTrade): Promise<TradeKey> {
  const { side, asset, currency, offerId, encryptionKey, words } = agreement;
  const direction = side === "buyer" ? "buy" : "sell";
  const isMakers = words === null;
  const context = isMakers ? makerContext(direction, asset, currency) : takerContext(offerId);
  const keys = await desk.wallet.tradeKeys();
  try {
    return await keys.find(context, encryptionKey);
  } catch (error) {
    if (error instanceof wallets.KeyNotOurs) {
      throw new KeyNotOurs(`The key is ${encryptionKey}.`);
    }
    throw error;
  }
}

export function assertSide({ agreement }: KnownTrade, side: Side): void {
  if (agreement.side !== side) {
    throw new NotYourStep(`This is the ${side}'s step; you are the ${agreement.side}.`);
  }
}
