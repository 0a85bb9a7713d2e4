import type { Provider, Wallet } from "../wallet/wallet.ts";
import * as coins from "./coins.ts";
import { type Desk, openDesk } from "./desk.ts";
import * as details from "./details.ts";
import * as ending from "./ending.ts";
import * as exchange from "./exchange.ts";
import * as locking from "./locking.ts";
import { publishOffer } from "./offers.ts";
import { seeEscrowBy } from "./seeEscrow.ts";
import { seen } from "./seen.ts";
import { settle } from "./settling.ts";
import { takeOffer } from "./taking.ts";
import type { Trader } from "./trader.ts";

/** The trader of an open wallet; `reader` shows the chain in the place of `readerOf`'s choice. */
export const makeTrader = (wallet: Wallet, reader?: Provider): Trader =>
  traderAt(openDesk(wallet, reader));

export const traderAt = (desk: Desk): Trader => ({
  address: desk.wallet.address,
  publishOffer: (said, once) => publishOffer(desk, said, once),
  takeOffer: (offer, taking, once) => takeOffer(desk, offer, taking, once),
  checkTrade: async (trade, askedFor) => {
    await seen(desk, trade, askedFor);
  },
  lockWays: (trade) => locking.lockWays(desk, trade),
  lock: (trade, way, report) => locking.lock(desk, trade, way, report),
  sendPaymentDetails: (trade, fields) => details.sendPaymentDetails(desk, trade, fields),
  openPaymentDetails: (trade) => details.openPaymentDetails(desk, trade),
  paymentSent: (trade) => ending.paymentSent(desk, trade),
  release: (trade) => ending.release(desk, trade),
  refund: (trade) => ending.refund(desk, trade),
  cancel: (trade) => ending.cancel(desk, trade),
  // Nothing is held against anything: it works where all else fails.
  dispute: (trade, reason) => exchange.dispute(trade.id, reason),
  settle: (trade, buyerAmount) => settle(desk, trade, buyerAmount),
  seeEscrow: (trade) => seeEscrowBy(desk.chain, desk.witness, trade),
  balances: () => coins.balances(desk),
  send: (asset, amount, to, report) => coins.send(desk, asset, amount, to, report),
  deposit: (asset, amount, report) => coins.deposit(desk, asset, amount, report),
  withdraw: (asset, amount, report) => coins.withdraw(desk, asset, amount, report),
});
