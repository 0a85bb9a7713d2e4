import { stateOf } from "../chain/calls.ts";
import { Chain } from "../chain/chain.ts";
import { decodeState, NOTHING, type State, type Status } from "../chain/state.ts";
import { confirmations } from "../verify/agreement.ts";
import { checkChain, codeHash, isEscrow } from "../verify/contract.ts";
import { TermsMalformed, WrongContract } from "../verify/errors.ts";
import { readTrade, type ShownTrade } from "../verify/shown.ts";
import { escrowId, malformed } from "../verify/terms.ts";
import { readerOf } from "./reader.ts";
import type { EscrowSeen, Trade, Witness } from "./trader.ts";

const SHOWN: Record<Status, EscrowSeen["status"]> = {
  none: "none",
  locked: "locked",
  "cancel-requested": "locked",
  paid: "locked",
  released: "released",
  refunded: "refunded",
  split: "settled",
};

/** What the chain says of a trade's escrow, without an open wallet. */
export async function seeEscrow(trade: Trade): Promise<EscrowSeen> {
  const { provider, witness } = readerOf(null);
  return seeEscrowBy(new Chain(provider, 0), witness, trade);
}

/**
 * What a node says of it. Throws `AnswerMalformed` and `TermsMalformed` where the exchange shows no
 * terms that could be asked about, and `WrongChain`; what is wrong with the contract or the id is
 * in what it tells.
 */
export async function seeEscrowBy(
  chain: Chain,
  witness: Witness,
  trade: Trade,
): Promise<EscrowSeen> {
  const shown = readTrade(trade);
  const { terms, contract, chainId, id, needed: claimed } = shown.escrow;
  const reason = malformed(terms);
  if (reason !== null) {
    throw new TermsMalformed(reason);
  }
  checkChain(await chain.chainId(), chainId);
  const [head, code] = [await chain.head(), await chain.code(contract)];
  const needed = confirmations(claimed, chainId);
  const codeKnown = isEscrow(code);
  const state = codeKnown ? await stateAt(chain, shown, head.number) : NOTHING;
  const found = escrowId(terms, chainId, contract);
  return {
    witness,
    contract,
    codeHash: codeHash(code),
    codeKnown,
    escrowId: found,
    idMatches: found === id,
    status: SHOWN[state.status],
    paid: state.status === "paid",
    confirmations:
      state.status === "none" ? 0 : await depthOf(chain, shown, state, head.number, needed),
    needed,
    cancelAt: state.status === "cancel-requested" ? state.time : null,
    blockNumber: head.number,
    blockTime: head.time,
  };
}

/** For how many blocks it has stood as it stands now; `most` where it is that or more. */
async function depthOf(
  chain: Chain,
  shown: ShownTrade,
  now: State,
  head: number,
  most: number,
): Promise<number> {
  const isSo = async (depth: number) => {
    const { status, time } = await stateAt(chain, shown, head - depth + 1);
    return status === now.status && time === now.time;
  };
  let [known, unknown] = [1, most + 1];
  while (unknown - known > 1) {
    // The whole depth first: that is what it mostly is.
    const depth = unknown === most + 1 && known === 1 ? most : Math.floor((known + unknown) / 2);
    if (await isSo(depth)) {
      known = depth;
    } else {
      unknown = depth;
    }
  }
  return known;
}

async function stateAt(chain: Chain, { escrow }: ShownTrade, block: number): Promise<State> {
  if (block < 0) {
    return NOTHING;
  }
  try {
    return decodeState(await chain.call(escrow.contract, stateOf(escrow.terms), block));
  } catch (error) {
    if (error instanceof WrongContract) {
      return NOTHING; // it did not exist then
    }
    throw error;
  }
}
