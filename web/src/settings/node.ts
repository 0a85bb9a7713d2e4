import type { Hex } from "viem";

import type { Schema } from "../api/client.ts";
import { keepOwnNode, nodeProvider, ownNode } from "../chain/provider.ts";
import { isEscrow } from "../verify/contract.ts";

/** Why a node cannot show this exchange's chain. */
export type NodeFault = "silent" | "other-chain" | "no-contract";

const BEFORE = "tradepost.node.before";

/** Asks a node for its chain and for the escrow contract's code; null where both are right. */
export async function checkNode(
  url: string,
  { chain_id: chainId, escrow_address: contract }: Schema["ChainBody"],
): Promise<NodeFault | null> {
  const node = nodeProvider(url);
  try {
    const told = await node.request({ method: "eth_chainId" });
    if (typeof told !== "string" || !/^0x[0-9a-f]{1,16}$/i.test(told)) {
      return "silent";
    }
    if (BigInt(told) !== BigInt(chainId)) {
      return "other-chain";
    }
    const code = await node.request({ method: "eth_getCode", params: [contract, "latest"] });
    return typeof code === "string" && isEscrow(code as Hex) ? null : "no-contract";
  } catch {
    return "silent";
  }
}

/**
 * Tries a node: the policy that this page came with lets it ask no other server, so the address is
 * kept, and the page loaded anew under a policy with it. `settleNode` then keeps it or takes it back.
 *
 * Throws `TypeError` where it is no address of a node.
 */
export function tryNode(url: string): void {
  const before = ownNode() ?? "";
  keepOwnNode(url);
  sessionStorage.setItem(BEFORE, before);
}

/** Whether the node that is kept was named just before, and is still to be checked. */
export const isTried = (): boolean => sessionStorage.getItem(BEFORE) !== null;

/** Keeps the node that was tried where it is good, else the one that was there before. */
export function settleNode(good: boolean): void {
  const before = sessionStorage.getItem(BEFORE);
  sessionStorage.removeItem(BEFORE);
  if (before !== null && !good) {
    keepOwnNode(before || null);
  }
}
