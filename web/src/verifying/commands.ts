import type { Trade } from "../trading/trader.ts";

/** The terms as the contract's functions take them. */
const TERMS =
  "(address,address,address,address,uint128,uint128,address,uint40,uint32,uint32,uint256)";

const ADDRESS = /^0x[0-9a-fA-F]{40}$/;
const WORD = /^0x[0-9a-fA-F]{64}$/;
const NUMBER = /^\d+$/;

/**
 * The commands that ask a node of the reader's own for all that this page shows; null where the
 * exchange's words are of no form that belongs into a shell.
 */
export function commandsOf(trade: Trade): string | null {
  const { contract, id, terms } = trade.escrow;
  const words = [
    terms.seller,
    terms.buyer,
    terms.arbitrator,
    terms.token,
    terms.amount,
    terms.fee,
    terms.fee_recipient,
    String(terms.fund_by),
    String(terms.payment_window),
    String(terms.challenge_window),
    terms.lane,
  ];
  const fit =
    ADDRESS.test(contract) &&
    WORD.test(id) &&
    words.every((word) => ADDRESS.test(word) || NUMBER.test(word));
  if (!fit) {
    return null;
  }
  return `export ETH_RPC_URL=http://127.0.0.1:8545
CONTRACT=${contract}
ID=${id}
TERMS="(${words.join(",")})"

# the hash of the contract's code
cast keccak $(cast code $CONTRACT)

# the id that the contract makes of the terms: it has to be $ID
cast call $CONTRACT "escrowId(${TERMS})(bytes32)" "$TERMS"

# 0 none, 1 locked, 2 asked back, 3 paid, 4 released, 5 refunded, 6 shared; a time; from a deposit
cast call $CONTRACT "stateOf(${TERMS})((uint8,uint40,bool))" "$TERMS"

# all that has happened to it
cast rpc eth_getLogs "{\\"address\\": \\"$CONTRACT\\", \\"fromBlock\\": \\"earliest\\", \\"topics\\": [null, \\"$ID\\"]}"
`;
}
