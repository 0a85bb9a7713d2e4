// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @notice What a seller and a buyer agreed on before any coin moves. The escrow's id is the EIP-712
/// digest of it, so nobody can alter a word of a locked escrow, or bring it to another contract or chain.
/// @param seller Locks the coins; gets them back on a refund.
/// @param buyer Receives the coins on a release.
/// @param arbitrator Decides with one of the two when they disagree; may be a contract.
/// @param token An ERC-20 token, or the zero address for the chain's native coin.
/// @param amount What the buyer receives on release, in the token's smallest unit.
/// @param fee What the seller pays on top, taken only in proportion to what the buyer receives.
/// @param feeRecipient Whom the fee is credited to; may be zero where the fee is.
/// @param fundBy The last chain time, in Unix seconds, at which a lock is accepted.
/// @param paymentWindow Seconds after the lock in which only the buyer can give the coins back.
/// @param challengeWindow Seconds after a cancel request in which the buyer's `Paid` defeats it.
/// @param lane Which of the seller's lanes for this token keeps this escrow's state. A lane holds one
/// escrow at a time.
struct Terms {
    address seller;
    address buyer;
    address arbitrator;
    address token;
    uint128 amount;
    uint128 fee;
    address feeRecipient;
    uint40 fundBy;
    uint32 paymentWindow;
    uint32 challengeWindow;
    uint256 lane;
}

/// @notice Where an escrow stands. The last three are final: no function leads out of them.
enum Status {
    None,
    Locked,
    CancelRequested,
    Paid,
    Released,
    Refunded,
    Split
}

/// @notice What the contract keeps of an escrow.
/// @param status Where it stands. An escrow that ended is forgotten once its lane is used again: it is
/// None then, and still cannot be locked, since its `fundBy` has passed.
/// @param time Locked: chain time of the lock. CancelRequested: the last chain time of the challenge
/// window. Ended: its `fundBy`, after which its lane is free. Paid: without meaning.
/// @param fromDeposit Whether the coins came from the seller's balance, to which they then return.
struct State {
    Status status;
    uint40 time;
    bool fromDeposit;
}

/// @notice Who signs a settlement.
enum Role {
    Seller,
    Buyer,
    Arbitrator
}
