// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {MessageHashUtils} from "@openzeppelin/contracts/utils/cryptography/MessageHashUtils.sol";
import {Hashes} from "@openzeppelin/contracts/utils/cryptography/Hashes.sol";

import {Words} from "./Words.sol";

/// @notice The EIP-712 hashes of everything that is signed for an escrow or a balance.
/// @dev The domain is hashed at every call instead of being kept in immutables. That costs about a
/// hundred gas, and in return the contract's code is the same on every chain, so that anyone checks
/// it by comparing bytes, and a chain that forks never accepts the other side's signatures.
library TypedData {
    string internal constant NAME = "Tradepost Escrow";
    string internal constant VERSION = "2";

    /// @notice How Permit2 describes the terms that its signature is bound to.
    string internal constant PERMIT2_WITNESS =
        "Terms witness)Terms(address seller,address buyer,address arbitrator,address token,uint128 amount,uint128 fee,address feeRecipient,uint40 fundBy,uint32 paymentWindow,uint32 challengeWindow,uint256 lane)TokenPermissions(address token,uint256 amount)";

    bytes32 internal constant DOMAIN = keccak256(
        "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
    );
    bytes32 internal constant TERMS = keccak256(
        "Terms(address seller,address buyer,address arbitrator,address token,uint128 amount,uint128 fee,address feeRecipient,uint40 fundBy,uint32 paymentWindow,uint32 challengeWindow,uint256 lane)"
    );
    bytes32 internal constant LOCK = keccak256(
        "Lock(Terms terms)Terms(address seller,address buyer,address arbitrator,address token,uint128 amount,uint128 fee,address feeRecipient,uint40 fundBy,uint32 paymentWindow,uint32 challengeWindow,uint256 lane)"
    );
    bytes32 internal constant LOCK_FROM_DEPOSIT = keccak256(
        "LockFromDeposit(Terms terms)Terms(address seller,address buyer,address arbitrator,address token,uint128 amount,uint128 fee,address feeRecipient,uint40 fundBy,uint32 paymentWindow,uint32 challengeWindow,uint256 lane)"
    );
    bytes32 internal constant RELEASE = keccak256("Release(bytes32 escrowId)");
    bytes32 internal constant PAID = keccak256("Paid(bytes32 escrowId)");
    bytes32 internal constant REFUND = keccak256("Refund(bytes32 escrowId)");
    bytes32 internal constant CANCEL = keccak256("Cancel(bytes32 escrowId)");
    bytes32 internal constant SETTLEMENT =
        keccak256("Settlement(bytes32 escrowId,uint128 buyerAmount,uint40 validUntil)");
    bytes32 internal constant WITHDRAWAL = keccak256(
        "Withdrawal(address account,address token,uint256 amount,address to,uint64 nonce,uint40 validUntil)"
    );

    // Of NAME and VERSION; written out, since the compiler would hash the constants at every call.
    bytes32 private constant NAME_HASH = keccak256("Tradepost Escrow");
    bytes32 private constant VERSION_HASH = keccak256("2");

    /// @notice The struct's hash of terms; the escrow's id is its digest.
    function hash(Words calldata terms) internal pure returns (bytes32 structHash) {
        bytes32 typeHash = TERMS;
        assembly ("memory-safe") {
            let words := mload(0x40)
            mstore(words, typeHash)
            calldatacopy(add(words, 0x20), terms, 0x160) // the eleven words of Terms
            structHash := keccak256(words, 0x180)
        }
    }

    /// @notice The domain of this contract on this chain. What needs several digests computes it once.
    function domain() internal view returns (bytes32 separator) {
        (bytes32 kind, bytes32 name, bytes32 version) = (DOMAIN, NAME_HASH, VERSION_HASH);
        assembly ("memory-safe") {
            let words := mload(0x40)
            mstore(words, kind)
            mstore(add(words, 0x20), name)
            mstore(add(words, 0x40), version)
            mstore(add(words, 0x60), chainid())
            mstore(add(words, 0x80), address())
            separator := keccak256(words, 0xa0)
        }
    }

    /// @notice The digest of a struct's hash in a domain.
    function digest(bytes32 separator, bytes32 structHash) internal pure returns (bytes32) {
        return MessageHashUtils.toTypedDataHash(separator, structHash);
    }

    /// @notice The id of the escrow with these terms.
    function escrowId(bytes32 separator, Words calldata terms) internal pure returns (bytes32) {
        return digest(separator, hash(terms));
    }

    /// @notice What the seller signs to have the terms with this hash locked.
    /// @param kind LOCK or LOCK_FROM_DEPOSIT.
    function lock(bytes32 separator, bytes32 kind, bytes32 termsHash)
        internal
        pure
        returns (bytes32)
    {
        return digest(separator, Hashes.efficientKeccak256(kind, termsHash));
    }

    /// @notice What is signed to release, mark as paid, refund or cancel the escrow `id`.
    /// @param kind One of RELEASE, PAID, REFUND, CANCEL.
    function instruction(bytes32 separator, bytes32 kind, bytes32 id)
        internal
        pure
        returns (bytes32)
    {
        return digest(separator, Hashes.efficientKeccak256(kind, id));
    }

    /// @notice What two of the three sign to give `buyerAmount` of the escrow `id` to the buyer.
    function settlement(bytes32 separator, bytes32 id, uint256 buyerAmount, uint256 validUntil)
        internal
        pure
        returns (bytes32)
    {
        bytes32 kind = SETTLEMENT;
        bytes32 structHash;
        assembly ("memory-safe") {
            let words := mload(0x40)
            mstore(words, kind)
            mstore(add(words, 0x20), id)
            mstore(add(words, 0x40), buyerAmount)
            mstore(add(words, 0x60), validUntil)
            structHash := keccak256(words, 0x80)
        }
        return digest(separator, structHash);
    }

    /// @notice What an account signs to have `amount` of its balance sent to `to`.
    function withdrawal(
        address account,
        address token,
        uint256 amount,
        address to,
        uint64 nonce,
        uint40 validUntil
    ) internal view returns (bytes32) {
        bytes32 structHash = keccak256(
            abi.encode(WITHDRAWAL, account, token, amount, to, nonce, validUntil)
        );
        return digest(domain(), structHash);
    }
}
