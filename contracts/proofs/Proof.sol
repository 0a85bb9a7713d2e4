// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Role, Terms} from "../src/Terms.sol";
import {TradepostEscrow} from "../src/TradepostEscrow.sol";
import {Test} from "../test/Test.sol";

/// @notice What halmos does for a proof: it makes values that stand for every value of their type.
interface Svm {
    function createBytes(uint256 length, string memory name) external returns (bytes memory);
    function createUint(uint256 bits, string memory name) external returns (uint256);
    function enableSymbolicStorage(address account) external;
}

/// @notice An escrow contract in any state at all, at any time. What one call can do from any state is
/// all that each call of any sequence can do, so what is proved here holds for whole lives.
/// @dev The people are accounts without code and the coin is the native one. The contract has none of
/// it, so that payouts end as credits, which halves the paths; where coins are what it is about, it has
/// any amount. `tests/escrow_machine` plays what that leaves out. Halmos knows of
/// `ecrecover` only that equal arguments give equal answers: every signature may be anybody's.
abstract contract Proof is Test {
    Svm internal constant svm = Svm(address(uint160(uint256(keccak256("svm cheat code")))));

    address internal constant SELLER = address(0x5e11e6);
    address internal constant BUYER = address(0xb0be6);
    address internal constant ARBITRATOR = address(0xa6b176a);
    address internal constant FEE_RECIPIENT = address(0xfee);

    TradepostEscrow internal escrow;

    function setUp() public virtual {
        escrow = new TradepostEscrow();
        svm.enableSymbolicStorage(address(escrow));
        vm.warp(svm.createUint(40, "now"));
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
            salt: svm.createUint(256, "salt")
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

    function accountOf(Role role) internal pure returns (address) {
        if (role == Role.Seller) return SELLER;
        return role == Role.Buyer ? BUYER : ARBITRATOR;
    }

    // What is signed is written out here anew, from docs/contract.md and not from the contract's code.

    function instruction(string memory kind, Terms memory terms) internal view returns (bytes32) {
        bytes32 typeHash = keccak256(abi.encodePacked(kind, "(bytes32 escrowId)"));
        return digestOf(keccak256(abi.encode(typeHash, escrow.escrowId(terms))));
    }

    function settlement(Terms memory terms, uint128 share) internal view returns (bytes32) {
        bytes32 typeHash = keccak256("Settlement(bytes32 escrowId,uint128 buyerAmount)");
        return digestOf(keccak256(abi.encode(typeHash, escrow.escrowId(terms), share)));
    }

    function digestOf(bytes32 structHash) private view returns (bytes32) {
        bytes32 domain = keccak256(
            abi.encode(
                keccak256(
                    "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
                ),
                keccak256("Tradepost Escrow"),
                keccak256("1"),
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
