// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Role, State, Status, Terms} from "../src/Terms.sol";
import {TradepostEscrow} from "../src/TradepostEscrow.sol";
import {Test} from "../test/Test.sol";

/// @notice What halmos does for a proof: it makes values that stand for every value of their type.
interface Svm {
    function createBytes(uint256 length, string memory name) external returns (bytes memory);
    function createUint(uint256 bits, string memory name) external returns (uint256);
    function createAddress(string memory name) external returns (address);
    function enableSymbolicStorage(address account) external;
}

/// @notice An escrow contract in any state at all, at any time. What one call can do from any state is
/// all that each call of any sequence can do, so what is proved here holds for whole lives.
/// @dev The people are accounts without code and the coin is the native one. The contract has none of
/// it, so that payouts end as credits, which halves the paths; where coins are what it is about, it has
/// any amount. `tests/escrow_machine` plays what that leaves out. Halmos knows of
/// `ecrecover` only that equal arguments give equal answers: every signature may be anybody's.
/// A lane's status is one of the seven: every step from such a word writes such a word.
abstract contract Proof is Test {
    Svm internal constant svm = Svm(address(uint160(uint256(keccak256("svm cheat code")))));

    address internal constant SELLER = address(0x5e11e6);
    address internal constant BUYER = address(0xb0be6);
    address internal constant ARBITRATOR = address(0xa6b176a);
    address internal constant FEE_RECIPIENT = address(0xfee);
    string internal constant TERMS =
        "Terms(address seller,address buyer,address arbitrator,address token,uint128 amount,uint128 fee,address feeRecipient,uint40 fundBy,uint32 paymentWindow,uint32 challengeWindow,uint256 lane)";

    TradepostEscrow internal escrow;

    function setUp() public virtual {
        escrow = new TradepostEscrow();
        svm.enableSymbolicStorage(address(escrow));
        // Up to the year 19,391: after it the 40 bits of a time could run over.
        vm.warp(svm.createUint(39, "now"));
    }

    /// @notice Gives the contract any amount of coins: enough for what it pays out, or not.
    function fund() internal {
        vm.deal(address(escrow), svm.createUint(96, "coins"));
    }

    /// @notice Terms between the four, with any numbers in them.
    function anyTerms() internal returns (Terms memory) {
        return Terms({
            seller: SELLER,
            buyer: BUYER,
            arbitrator: ARBITRATOR,
            token: address(0),
            amount: uint128(svm.createUint(128, "amount")),
            fee: uint128(svm.createUint(128, "fee")),
            feeRecipient: FEE_RECIPIENT,
            fundBy: uint40(svm.createUint(40, "fundBy")),
            paymentWindow: uint32(svm.createUint(32, "paymentWindow")),
            challengeWindow: uint32(svm.createUint(32, "challengeWindow")),
            lane: svm.createUint(256, "lane")
        });
    }

    /// @notice Any signature of the length that a key's signature has.
    function anySignature(string memory name) internal returns (bytes memory) {
        return svm.createBytes(65, name);
    }

    /// @notice Calls the escrow as anybody, with any coins he may have.
    function callAs(address caller, uint256 value, bytes memory data)
        internal
        returns (bool success)
    {
        vm.deal(caller, value);
        vm.prank(caller);
        (success,) = address(escrow).call{value: value}(data);
    }

    function callAs(address caller, bytes memory data) internal returns (bool success) {
        vm.prank(caller);
        (success,) = address(escrow).call(data);
    }

    function statusOf(Terms memory terms) internal view returns (Status) {
        return escrow.stateOf(terms).status;
    }

    function isOpen(Status status) internal pure returns (bool) {
        return status == Status.Locked || status == Status.CancelRequested || status == Status.Paid;
    }

    function hasEnded(Status status) internal pure returns (bool) {
        return status == Status.Released || status == Status.Refunded || status == Status.Split;
    }

    // What is signed is written out here anew, from docs/contract.md and not from the contract's code.

    function instruction(string memory kind, Terms memory terms) internal view returns (bytes32) {
        bytes32 typeHash = keccak256(abi.encodePacked(kind, "(bytes32 escrowId)"));
        return digestOf(keccak256(abi.encode(typeHash, idOf(terms))));
    }

    function settlement(Terms memory terms, uint128 share, uint40 validUntil)
        internal
        view
        returns (bytes32)
    {
        bytes32 typeHash =
            keccak256("Settlement(bytes32 escrowId,uint128 buyerAmount,uint40 validUntil)");
        return digestOf(keccak256(abi.encode(typeHash, idOf(terms), share, validUntil)));
    }

    function lockDigest(string memory kind, Terms memory terms) internal view returns (bytes32) {
        bytes32 typeHash = keccak256(abi.encodePacked(kind, "(Terms terms)", TERMS));
        return digestOf(keccak256(abi.encode(typeHash, termsHash(terms))));
    }

    function idOf(Terms memory terms) internal view returns (bytes32) {
        return digestOf(termsHash(terms));
    }

    function termsHash(Terms memory terms) internal pure returns (bytes32) {
        return keccak256(abi.encode(keccak256(bytes(TERMS)), terms));
    }

    function digestOf(bytes32 structHash) internal view returns (bytes32) {
        bytes32 domain = keccak256(
            abi.encode(
                keccak256(
                    "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
                ),
                keccak256("Tradepost Escrow"),
                keccak256("2"),
                block.chainid,
                address(escrow)
            )
        );
        return keccak256(abi.encodePacked(hex"1901", domain, structHash));
    }

    /// @notice Whose signature of `digest` it is, as far as the chain can tell.
    function signerOf(bytes32 digest, bytes memory signature) internal pure returns (address) {
        (bytes32 r, bytes32 s) = abi.decode(signature, (bytes32, bytes32));
        return ecrecover(digest, uint8(signature[64]), r, s);
    }
}
