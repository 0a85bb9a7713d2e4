// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Terms} from "./Terms.sol";

/// @notice Terms as the eleven words that they came as.
/// @dev The compiler checks a word of a type each time it is read, in every step. Words have no type and
/// are checked once, by the lock (`isClean`). After it no check is needed: a word with bits set beyond its
/// type makes another id, under which nothing was ever locked.
struct Words {
    uint256 seller;
    uint256 buyer;
    uint256 arbitrator;
    uint256 token;
    uint256 amount;
    uint256 fee;
    uint256 feeRecipient;
    uint256 fundBy;
    uint256 paymentWindow;
    uint256 challengeWindow;
    uint256 lane;
}

/// @notice The same calldata, read word by word.
function wordsOf(Terms calldata terms) pure returns (Words calldata words) {
    assembly ("memory-safe") {
        words := terms
    }
}

/// @notice Whether no word has a bit beyond its type in `Terms`.
function isClean(Words calldata words) pure returns (bool) {
    uint256 addresses =
        words.seller | words.buyer | words.arbitrator | words.token | words.feeRecipient;
    uint256 windows = words.paymentWindow | words.challengeWindow;
    return
        addresses >> 160 | (words.amount | words.fee) >> 128 | words.fundBy >> 40 | windows >> 32
            == 0;
}

/// @notice The account or token in a word.
function toAddress(uint256 word) pure returns (address) {
    return address(uint160(word));
}
