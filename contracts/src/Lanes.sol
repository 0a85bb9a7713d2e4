// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {State, Status} from "./Terms.sol";

/// @notice The state of one escrow as a word: status in bits 0-6, fromDeposit in bit 7, time in bits
/// 8-47, the upper 208 bits of the escrow's id in bits 48-255.
/// @dev A new word costs 22,100 gas and a used one 5,000; so a seller's escrows of one token take
/// turns in words, his lanes. Two escrows with the same 208 bits would be one to the contract: to find a pair takes
/// 2^104 hashes. An id can be locked once only, though its word is written over in time: a lane takes
/// a lock only at a chain time t after the `fundBy` of the escrow that ended there, a lock needs
/// t <= its own `fundBy`, and the id holds lane and `fundBy`; so in each lane `fundBy` only grows.
library Lanes {
    uint256 private constant STATUS_MASK = 0x7f;
    uint256 private constant TIME_SHIFT = 8;
    uint256 private constant ID_SHIFT = 48;

    /// @notice The mark of a word whose coins came from the seller's balance.
    uint256 internal constant FROM_DEPOSIT = 0x80;

    /// @notice The word of an escrow, without a mark.
    /// @param to A `Status`, as its number, which needs no check.
    function pack(bytes32 id, uint256 to, uint256 time_) internal pure returns (uint256) {
        return uint256(idBits(uint256(id))) | time_ << TIME_SHIFT | to;
    }

    /// @notice The word with another status and time: the same escrow, with the same mark.
    function moved(uint256 word, Status to, uint256 time_) internal pure returns (uint256) {
        return uint256(idBits(word)) | word & FROM_DEPOSIT | time_ << TIME_SHIFT | uint256(to);
    }

    /// @notice Whether a lane with this word takes another escrow at the chain time `now_`.
    function isFree(uint256 word, uint256 now_) internal pure returns (bool) {
        return word == 0 || (word & STATUS_MASK > uint256(Status.Paid) && now_ > time(word));
    }

    /// @notice Whether the lane with this word holds the escrow `id`, and in this status.
    function isIn(uint256 word, bytes32 id, Status wanted) internal pure returns (bool) {
        return (word ^ uint256(id)) >> ID_SHIFT | word & STATUS_MASK ^ uint256(wanted) == 0;
    }

    /// @notice Whether the lane with this word holds the escrow `id`, and it has not ended.
    function isOpen(uint256 word, bytes32 id) internal pure returns (bool) {
        if ((word ^ uint256(id)) >> ID_SHIFT != 0) return false;
        unchecked {
            // From Locked to Paid; None, which is zero, wraps around.
            return (word & STATUS_MASK) - uint256(Status.Locked)
                <= uint256(Status.Paid) - uint256(Status.Locked);
        }
    }

    /// @notice The state of the escrow `id` in the lane with this word: all zero where it holds another.
    function stateOf(uint256 word, bytes32 id) internal pure returns (State memory found) {
        if ((word ^ uint256(id)) >> ID_SHIFT == 0) found = state(word);
    }

    /// @notice The upper 208 bits of the id of the escrow in a word, or of an id.
    function idBits(uint256 word) internal pure returns (bytes32) {
        return bytes32(word >> ID_SHIFT << ID_SHIFT);
    }

    /// @notice The state in a word, whichever escrow it is of.
    function state(uint256 word) internal pure returns (State memory) {
        return State(status(word), uint40(time(word)), fromDeposit(word));
    }

    /// @notice The status in a word.
    function status(uint256 word) internal pure returns (Status) {
        return Status(word & STATUS_MASK);
    }

    /// @notice The time in a word, whose meaning follows from the status.
    function time(uint256 word) internal pure returns (uint256) {
        return uint40(word >> TIME_SHIFT);
    }

    /// @notice Whether the coins came from the seller's balance.
    function fromDeposit(uint256 word) internal pure returns (bool) {
        return word & FROM_DEPOSIT != 0;
    }
}
