import { compareDecimals } from "../offers/decimals.ts";
import { toMinor } from "../verify/amounts.ts";
import { checkContract } from "../verify/contract.ts";
import { assetOf, readExchange, readTrade, type ShownTrade } from "../verify/shown.ts";
import { escrowId, settlement, type Terms } from "../verify/terms.ts";
import { checkForArbitrator } from "../verify/trade.ts";
import type { Address } from "viem";
import type { Desk } from "./desk.ts";
import { checkOpen } from "./escrow.ts";
import * as exchange from "./exchange.ts";
import { seen } from "./seen.ts";
import type { Trade } from "./trader.ts";

/** How long a new offer to share is open, in seconds of the chain. */
const OPEN_S = 7 * 86_400;
/** A signature that is given cannot be taken back: none is given for longer. */
const LONGEST_OPEN_S = 30 * 86_400;
/** An offer that ends sooner is not joined: the chain may take it too late. */
const SHORTEST_REST_S = 600;

/**
 * Signs how much of the coin (whole units) the buyer gets; two of three have to. The wallet signs
 * as the side that it is on, or as the arbitrator whom the terms name, and joins the offer for this
 * share that is open longest.
 *
 * Throws `RangeError` where the amount is finer than the coin, or more than the trade's.
 */
export async function settle(desk: Desk, trade: Trade, buyerAmount: string): Promise<Trade> {
  // Read anew: an offer that came meanwhile is to be joined, not missed by a second.
  const found = await exchange.trade(trade.id);
  const shown = readTrade(found);
  const subject =
    shown.role === "arbitrator"
      ? await asArbitrator(desk, shown, trade.id)
      : await asParty(desk, found, trade.id);
  const { terms, decimals, chainId, contract } = subject;
  const share = toMinor(buyerAmount, decimals);
  if (share > terms.amount) {
    throw new RangeError("The buyer cannot get more than the trade's amount.");
  }
  const until = validUntil(shown, buyerAmount, (await desk.chain.head()).time);
  const id = escrowId(terms, chainId, contract);
  const signature = await desk.wallet.signTyped(settlement(id, share, until, chainId, contract));
  const body = { buyer_amount: buyerAmount, valid_until: until, signature };
  return exchange.settle(trade.id, body);
}

interface Subject {
  readonly terms: Terms;
  readonly decimals: number;
  readonly chainId: number;
  readonly contract: Address;
}

async function asParty(desk: Desk, trade: Trade, askedFor: string): Promise<Subject> {
  const { known } = await seen(desk, trade, askedFor);
  await checkOpen(desk, known);
  const { decimals, chainId, contract } = known.agreement;
  return { terms: known.terms, decimals, chainId, contract };
}

async function asArbitrator(desk: Desk, shown: ShownTrade, askedFor: string): Promise<Subject> {
  const chainId = await desk.chain.chainId();
  const { decimals } = assetOf(readExchange(await exchange.rules()), shown.asset);
  const { address } = desk.wallet;
  const terms = checkForArbitrator(shown, askedFor, address, chainId, decimals);
  const { contract } = shown.escrow;
  checkContract(await desk.chain.code(contract), contract);
  return { terms, decimals, chainId, contract };
}

/**
 * The last chain time (Unix seconds) to sign: that of an offer for this share, or of a new one. Of
 * several it is the latest, the own one among them: so two who offer the same share at the same
 * moment come together when they sign again, and to sign twice is to sign the same.
 *
 * A lie about the offers makes a signature that meets no other, for no longer than 30 days.
 */
export function validUntil(shown: ShownTrade, buyerAmount: string, chainTime: number): number {
  const rests = shown.settlements
    .filter((offer) => compareDecimals(offer.buyerAmount, buyerAmount) === 0)
    .map((offer) => offer.validUntil - chainTime)
    .filter((rest) => rest > SHORTEST_REST_S && rest <= LONGEST_OPEN_S);
  return chainTime + (rests.length > 0 ? Math.max(...rests) : OPEN_S);
}
