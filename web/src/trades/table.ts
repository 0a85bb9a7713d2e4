import { BUYER } from "./buyer.tsx";
import { ARBITRATED, ARBITRATES, type Face } from "./faces.tsx";
import type { Facts } from "./facts.ts";
import { SELLER } from "./seller.tsx";

/**
 * The one table of what a trade is to its viewer, by his side and its state: words alone. What he
 * can do is what the exchange says in `viewer`, and where a state has several faces it is that
 * which tells them apart.
 */
const TABLE = { buyer: BUYER, seller: SELLER };

export function faceOf(facts: Facts): Face {
  const { role, trade } = facts;
  if (role === "arbitrator") {
    return trade.state === "disputed" ? ARBITRATES : ARBITRATED;
  }
  const face = TABLE[role][trade.state];
  return typeof face === "function" ? face(facts) : face;
}

/** Whether it is the viewer's move; a buyer who has no payment details yet cannot pay. */
export const isMine = (facts: Facts): boolean =>
  facts.trade.viewer.primary_action !== null && faceOf(facts).waits === null;
