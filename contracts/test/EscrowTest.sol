// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {DevToken} from "../src/dev/DevToken.sol";
import {ITradepostEscrow} from "../src/ITradepostEscrow.sol";
import {Role, State, Status, Terms} from "../src/Terms.sol";
import {TradepostEscrow} from "../src/TradepostEscrow.sol";
import {Test} from "./Test.sol";

/// @notice An escrow, a token, and the people of a trade, with what each of them signs.
abstract contract EscrowTest is Test {
    uint256 internal constant SELLER_KEY = 0x5e11e6;
    uint256 internal constant BUYER_KEY = 0xb0be6;
    uint256 internal constant ARBITRATOR_KEY = 0xa6b176a;
    uint256 internal constant STRANGER_KEY = 0x57a46e;

    address internal seller = vm.addr(SELLER_KEY);
    address internal buyer = vm.addr(BUYER_KEY);
    address internal arbitrator = vm.addr(ARBITRATOR_KEY);
    address internal stranger = vm.addr(STRANGER_KEY);
    address internal feeRecipient = address(0xfee);

    uint128 internal constant AMOUNT = 100e6;
    uint128 internal constant FEE = 500_000;
    uint40 internal constant NOW = 1_800_000_000;
    uint40 internal constant FOREVER = type(uint40).max;
    string internal constant TERMS =
        "Terms(address seller,address buyer,address arbitrator,address token,uint128 amount,uint128 fee,address feeRecipient,uint40 fundBy,uint32 paymentWindow,uint32 challengeWindow,uint256 lane)";

    TradepostEscrow internal escrow;
    DevToken internal token;

    function setUp() public virtual {
        vm.warp(NOW);
        escrow = TradepostEscrow(deploy("TradepostEscrow", ""));
        token = new DevToken();
        fund(address(token));
    }

    /// @notice Gives the seller coins and the escrow his approval.
    function fund(address coin) internal {
        vm.deal(seller, 1_000_000 ether);
        DevToken(coin).mint(seller, type(uint128).max);
        vm.prank(seller);
        DevToken(coin).approve(address(escrow), type(uint256).max);
    }

    function tokenTerms() internal view returns (Terms memory) {
        return termsIn(address(token));
    }

    function nativeTerms() internal view returns (Terms memory) {
        return termsIn(address(0));
    }

    function termsIn(address coin) internal view returns (Terms memory) {
        return Terms({
            seller: seller,
            buyer: buyer,
            arbitrator: arbitrator,
            token: coin,
            amount: AMOUNT,
            fee: FEE,
            feeRecipient: feeRecipient,
            fundBy: NOW + 30 minutes,
            paymentWindow: 1 hours,
            challengeWindow: 2 hours,
            lane: 0x7472616465
        });
    }

    function lock(Terms memory terms) internal returns (bytes32) {
        vm.prank(terms.seller);
        escrow.lock{value: terms.token == address(0) ? uint256(terms.amount) + terms.fee : 0}(terms);
        return escrow.escrowId(terms);
    }

    function requestCancel(Terms memory terms) internal {
        vm.warp(block.timestamp + terms.paymentWindow + 1);
        vm.prank(terms.seller);
        escrow.requestCancel(terms);
    }

    /// @notice Brings an escrow that does not exist yet to `status`.
    function bringTo(Terms memory terms, Status status) internal {
        if (status == Status.None) return;
        lock(terms);
        if (status == Status.CancelRequested) requestCancel(terms);
        if (status == Status.Paid) {
            vm.prank(terms.buyer);
            escrow.markPaid(terms);
        }
        if (status == Status.Released) {
            vm.prank(terms.seller);
            escrow.release(terms);
        }
        if (status == Status.Refunded) {
            vm.prank(terms.buyer);
            escrow.refund(terms);
        }
        if (status == Status.Split) settleHalf(terms);
    }

    function settleHalf(Terms memory terms) internal {
        bytes32 digest = settlementDigest(escrow.escrowId(terms), terms.amount / 2);
        bytes memory sellers = sign(SELLER_KEY, digest);
        bytes memory buyers = sign(BUYER_KEY, digest);
        escrow.settle(terms, terms.amount / 2, FOREVER, Role.Arbitrator, sellers, buyers);
    }

    function statusOf(Terms memory terms) internal view returns (Status) {
        return escrow.stateOf(terms).status;
    }

    function assertStatus(Terms memory terms, Status expected) internal view {
        assertEq(uint256(statusOf(terms)), uint256(expected));
    }

    function balance(address coin, address account) internal view returns (uint256) {
        return coin == address(0) ? account.balance : DevToken(coin).balanceOf(account);
    }

    // What is signed is written out here anew, from docs/contract.md and not from the contract's code.

    function domain(address verifier, uint256 chain) internal pure returns (bytes32) {
        return keccak256(
            abi.encode(
                keccak256(
                    "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
                ),
                keccak256("Tradepost Escrow"),
                keccak256("2"),
                chain,
                verifier
            )
        );
    }

    function digestOf(bytes32 structHash) internal view returns (bytes32) {
        return
            keccak256(
                abi.encodePacked(hex"1901", domain(address(escrow), block.chainid), structHash)
            );
    }

    function instructionDigest(string memory kind, bytes32 id) internal view returns (bytes32) {
        bytes32 typeHash = keccak256(abi.encodePacked(kind, "(bytes32 escrowId)"));
        return digestOf(keccak256(abi.encode(typeHash, id)));
    }

    function settlementDigest(bytes32 id, uint128 buyerAmount) internal view returns (bytes32) {
        return settlementDigest(id, buyerAmount, FOREVER);
    }

    function settlementDigest(bytes32 id, uint128 buyerAmount, uint40 validUntil)
        internal
        view
        returns (bytes32)
    {
        bytes32 typeHash =
            keccak256("Settlement(bytes32 escrowId,uint128 buyerAmount,uint40 validUntil)");
        return digestOf(keccak256(abi.encode(typeHash, id, buyerAmount, validUntil)));
    }

    /// @notice What the seller signs to have terms locked. `kind` is Lock or LockFromDeposit.
    function lockDigest(string memory kind, Terms memory terms) internal view returns (bytes32) {
        bytes32 typeHash = keccak256(abi.encodePacked(kind, "(Terms terms)", TERMS));
        return digestOf(keccak256(abi.encode(typeHash, termsHash(terms))));
    }

    function termsHash(Terms memory terms) internal pure returns (bytes32) {
        return keccak256(abi.encode(keccak256(bytes(TERMS)), terms));
    }

    function signedLock(uint256 key, string memory kind, Terms memory terms)
        internal
        view
        returns (bytes memory)
    {
        return sign(key, lockDigest(kind, terms));
    }

    /// @notice Puts coins of the seller into his balance.
    function depositOf(Terms memory terms, uint128 amount) internal {
        bool native = terms.token == address(0);
        vm.prank(terms.seller);
        escrow.deposit{value: native ? amount : 0}(terms.token, terms.seller, amount);
    }

    function sign(uint256 key, bytes32 digest) internal pure returns (bytes memory) {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(key, digest);
        return abi.encodePacked(r, s, v);
    }

    function signed(uint256 key, string memory kind, Terms memory terms)
        internal
        view
        returns (bytes memory)
    {
        return sign(key, instructionDigest(kind, escrow.escrowId(terms)));
    }

    // ------------------------------------------------------------------ expected refusals

    function expectWrongStatus(Terms memory terms) internal {
        vm.expectRevert(
            abi.encodeWithSelector(
                ITradepostEscrow.WrongStatus.selector, escrow.escrowId(terms), statusOf(terms)
            )
        );
    }

    function expectLaneTaken(Terms memory terms) internal {
        (, State memory state) = escrow.laneOf(terms.seller, terms.token, terms.lane);
        vm.expectRevert(
            abi.encodeWithSelector(
                ITradepostEscrow.LaneTaken.selector,
                terms.seller,
                terms.token,
                terms.lane,
                state.status,
                state.time
            )
        );
    }

    function expectBadSignature(address signer, bytes32 digest) internal {
        vm.expectRevert(
            abi.encodeWithSelector(ITradepostEscrow.BadSignature.selector, signer, digest)
        );
    }
}
