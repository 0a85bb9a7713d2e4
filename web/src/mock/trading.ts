import { vi } from "vitest";

import type { Signer } from "../account/signing.tsx";
import type { EscrowSeen, Trade, Trader } from "../trading/trader.ts";
import { SELLER_WALLET } from "./trades.ts";

/** What the chain says of a trade that nobody lies about. */
export function seenOf(trade: Trade, said: Partial<EscrowSeen> = {}): EscrowSeen {
  const { escrow } = trade;
  const statuses: Record<Trade["escrow"]["state"], EscrowSeen["status"]> = {
    none: "none",
    locking: "locked",
    locked: "locked",
    releasing: "released",
    released: "released",
    refunding: "refunded",
    refunded: "refunded",
    splitting: "settled",
    split: "settled",
  };
  return {
    witness: "exchange",
    contract: escrow.contract as EscrowSeen["contract"],
    codeHash: `0x${"c0".repeat(32)}`,
    codeKnown: true,
    escrowId: escrow.id as EscrowSeen["escrowId"],
    idMatches: true,
    status: statuses[escrow.state],
    paid: escrow.paid_on_chain,
    confirmations: escrow.confirmations,
    needed: escrow.confirmations_needed,
    cancelAt: escrow.cancel_at === null ? null : Date.parse(escrow.cancel_at) / 1_000,
    blockNumber: 120,
    blockTime: Date.parse(trade.viewer.chain_now) / 1_000,
    ...said,
  };
}

/** A trader for whom everything holds and works; each of his deeds is a mock. */
export function mockTrader(answer: Trade) {
  const done = () => vi.fn(() => Promise.resolve(answer));
  const trader = {
    address: SELLER_WALLET,
    publishOffer: vi.fn(),
    takeOffer: vi.fn(),
    checkTrade: vi.fn<Trader["checkTrade"]>(() => Promise.resolve()),
    lockWays: vi.fn<Trader["lockWays"]>(() => Promise.resolve(["deposit", "transaction"])),
    lock: vi.fn<Trader["lock"]>(() => Promise.resolve()),
    sendPaymentDetails: done(),
    openPaymentDetails: vi.fn<Trader["openPaymentDetails"]>(() =>
      Promise.resolve({ iban: "DE89370400440532013000" }),
    ),
    paymentSent: done(),
    release: done(),
    refund: done(),
    cancel: done(),
    dispute: done(),
    settle: done(),
    seeEscrow: vi.fn(),
    balances: vi.fn(),
    send: vi.fn(),
    deposit: vi.fn(),
    withdraw: vi.fn(),
  };
  const request = vi.fn(() => Promise.resolve(null));
  const signer: Signer = {
    trader: trader as unknown as Trader,
    wallet: { provider: { request } } as unknown as Signer["wallet"],
  };
  return { trader, request, signer };
}
