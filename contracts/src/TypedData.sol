// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {MessageHashUtils} from "@openzeppelin/contracts/utils/cryptography/MessageHashUtils.sol";

import {Terms} from "./Terms.sol";

/// @notice The EIP-712 hashes of everything that is signed for an escrow.
/// @dev The domain is hashed at every call instead of being kept in immutables. That costs about a
/// hundred gas, and in return the contract's code is the same on every chain, so that anyone checks
/// it by comparing bytes, and a chain that forks never accepts the other side's signatures.
library TypedData {
    string internal constant NAME = "Tradepost Escrow";
    string internal constant VERSION = "1";

    bytes32 internal constant DOMAIN = keccak256(
        "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
    );
    bytes32 internal constant TERMS = keccak256(
        "Terms(address seller,address buyer,address arbitrator,address token,uint128 amount,uint128 fee,address feeRecipient,uint40 fundBy,uint32 paymentWindow,uint32 challengeWindow,uint256 salt)"
    );
    bytes32 internal constant RELEASE = keccak256("Release(bytes32 escrowId)");
    bytes32 internal constant PAID = keccak256("Paid(bytes32 escrowId)");
    bytes32 internal constant REFUND = keccak256("Refund(bytes32 escrowId)");
    bytes32 internal constant CANCEL = keccak256("Cancel(bytes32 escrowId)");
    bytes32 internal constant SETTLEMENT =
        keccak256("Settlement(bytes32 escrowId,uint128 buyerAmount)");

    // Of NAME and VERSION; written out, since the compiler would hash the constants at every call.
    bytes32 private constant NAME_HASH = keccak256("Tradepost Escrow");
    bytes32 private constant VERSION_HASH = keccak256("1");

    /// @notice The domain of this contract on this chain.
    function domainSeparator() internal view returns (bytes32) {
        return keccak256(abi.encode(DOMAIN, NAME_HASH, VERSION_HASH, block.chainid, address(this)));
    }

    /// @notice The id of the escrow with these terms.
    /// @dev The words are hashed as they came, which spares every step a checked copy. A word with
    /// bits set beyond its type hashes to an id of its own; `lock` reads every word, which refuses such
    /// bits, so no escrow is ever locked under such an id.
    function escrowId(Terms calldata terms) internal view returns (bytes32) {
        bytes32 typeHash = TERMS;
        bytes32 structHash;
        assembly ("memory-safe") {
            let words := mload(0x40)
            mstore(words, typeHash)
            calldatacopy(add(words, 0x20), terms, 0x160) // the eleven words of Terms
            structHash := keccak256(words, 0x180)
        }
        return _digest(structHash);
    }

    /// @notice What is signed to release, mark as paid, refund or cancel the escrow `id`.
    /// @param kind One of RELEASE, PAID, REFUND, CANCEL.
    function instruction(bytes32 kind, bytes32 id) internal view returns (bytes32) {
        return _digest(keccak256(abi.encode(kind, id)));
    }

    /// @notice What two of the three sign to give `buyerAmount` of the escrow `id` to the buyer.
    function settlement(bytes32 id, uint128 buyerAmount) internal view returns (bytes32) {
        return _digest(keccak256(abi.encode(SETTLEMENT, id, buyerAmount)));
    }

    function _digest(bytes32 structHash) private view returns (bytes32) {
        return MessageHashUtils.toTypedDataHash(domainSeparator(), structHash);
    }
}
