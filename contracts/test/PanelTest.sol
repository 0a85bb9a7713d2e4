// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ArbitrationPanel, Bench, Phase, Vote} from "../src/arbitration/ArbitrationPanel.sol";
import {ContractArbitrator} from "../src/arbitration/ContractArbitrator.sol";
import {ITradepostEscrow} from "../src/ITradepostEscrow.sol";
import {Role, Terms} from "../src/Terms.sol";
import {EscrowTest} from "./EscrowTest.sol";

/// @notice An escrow whose arbitrator is a panel of 2 of 3 with a second bench of 3 of 5, and what
/// its members sign.
abstract contract PanelTest is EscrowTest {
    uint32 internal constant APPEAL_WINDOW = 3 days;
    uint32 internal constant REHEARING_WINDOW = 14 days;
    uint128 internal constant RULED = 70e6;
    uint128 internal constant REHEARD = 20e6;

    ArbitrationPanel internal panel;

    // Seat by seat, of round 1 and of round 2.
    uint256[][3] internal keys;

    function setUp() public virtual override {
        super.setUp();
        keys[1] = ascending(0xf1257, 3);
        keys[2] = ascending(0x5ec02d, 5);
        panel = newPanel(benchOf(1), benchOf(2));
        arbitrator = address(panel);
    }

    function newPanel(Bench memory first, Bench memory second) internal returns (ArbitrationPanel) {
        return newPanel(escrow, first, second, APPEAL_WINDOW, REHEARING_WINDOW);
    }

    function newPanel(
        ITradepostEscrow over,
        Bench memory first,
        Bench memory second,
        uint32 appealWindow,
        uint32 rehearingWindow
    ) internal returns (ArbitrationPanel) {
        bytes memory arguments = abi.encode(over, first, second, appealWindow, rehearingWindow);
        return ArbitrationPanel(deploy("ArbitrationPanel", arguments));
    }

    /// @notice Keys from `from` on, in the order of their addresses.
    function ascending(uint256 from, uint256 count)
        internal
        pure
        returns (uint256[] memory sorted)
    {
        sorted = new uint256[](count);
        for (uint256 i = 0; i < count; ++i) {
            uint256 place = i;
            for (; place > 0 && vm.addr(sorted[place - 1]) > vm.addr(from + i); --place) {
                sorted[place] = sorted[place - 1];
            }
            sorted[place] = from + i;
        }
    }

    function benchOf(uint8 round) internal view returns (Bench memory bench) {
        bench.members = new address[](keys[round].length);
        for (uint256 i = 0; i < keys[round].length; ++i) {
            bench.members[i] = member(round, i);
        }
        bench.threshold = uint256(round) + 1;
    }

    function member(uint8 round, uint256 seat) internal view returns (address) {
        return vm.addr(keys[round][seat]);
    }

    // What is signed is written out here anew, from docs/arbitration.md and not from the contract's code.

    function panelDigest(bytes32 structHash) internal view returns (bytes32) {
        bytes32 separator = keccak256(
            abi.encode(
                keccak256(
                    "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
                ),
                keccak256("Tradepost Panel"),
                keccak256("1"),
                block.chainid,
                address(panel)
            )
        );
        return keccak256(abi.encodePacked(hex"1901", separator, structHash));
    }

    function rulingDigest(bytes32 id, uint128 buyerAmount, uint8 round)
        internal
        view
        returns (bytes32)
    {
        bytes32 typeHash = keccak256("Ruling(bytes32 escrowId,uint128 buyerAmount,uint8 round)");
        return panelDigest(keccak256(abi.encode(typeHash, id, buyerAmount, round)));
    }

    function appealDigest(bytes32 id, uint128 buyerAmount) internal view returns (bytes32) {
        bytes32 typeHash = keccak256("Appeal(bytes32 escrowId,uint128 buyerAmount)");
        return panelDigest(keccak256(abi.encode(typeHash, id, buyerAmount)));
    }

    // ------------------------------------------------------------------ steps

    function vote(Terms memory terms, uint128 buyerAmount, uint8 round, uint256 seat)
        internal
        view
        returns (Vote memory)
    {
        bytes32 digest = rulingDigest(escrow.escrowId(terms), buyerAmount, round);
        return Vote(seat, sign(keys[round][seat], digest));
    }

    /// @notice The votes of the first seats of a round, as many as it takes.
    function votes(Terms memory terms, uint128 buyerAmount, uint8 round)
        internal
        view
        returns (Vote[] memory brought)
    {
        brought = new Vote[](uint256(round) + 1);
        for (uint256 i = 0; i < brought.length; ++i) {
            brought[i] = vote(terms, buyerAmount, round, i);
        }
    }

    /// @notice A locked escrow.
    function locked() internal returns (Terms memory terms) {
        terms = tokenTerms();
        lock(terms);
    }

    /// @notice A locked escrow with a first ruling of RULED.
    function ruled() internal returns (Terms memory terms) {
        terms = locked();
        panel.rule(terms, RULED, 1, votes(terms, RULED, 1));
    }

    /// @notice The same, appealed by the seller.
    function appealed() internal returns (Terms memory terms) {
        terms = ruled();
        vm.prank(seller);
        panel.appeal(terms, Role.Seller, "");
    }

    function settlementOf(uint256 key, Terms memory terms, uint128 buyerAmount)
        internal
        view
        returns (bytes memory)
    {
        return sign(key, settlementDigest(escrow.escrowId(terms), buyerAmount));
    }

    /// @notice Carries a ruling out with the buyer's signature, by a stranger.
    function execute(Terms memory terms, uint128 buyerAmount) internal {
        bytes memory signature = settlementOf(BUYER_KEY, terms, buyerAmount);
        vm.prank(stranger);
        panel.execute(terms, FOREVER, Role.Buyer, signature);
    }

    // ------------------------------------------------------------------ expected refusals

    function expectRefusal(bytes4 selector, uint256 a, uint256 b) internal {
        vm.expectRevert(abi.encodeWithSelector(selector, a, b));
    }

    function expectWrongPhase(Terms memory terms, Phase phase) internal {
        expectRefusal(
            ArbitrationPanel.WrongPhase.selector, uint256(escrow.escrowId(terms)), uint256(phase)
        );
    }

    function expectNotFinal(uint256 until) internal {
        expectRefusal(ArbitrationPanel.NotFinal.selector, until, block.timestamp);
    }

    function expectWindowClosed(uint256 until) internal {
        expectRefusal(ArbitrationPanel.WindowClosed.selector, until, block.timestamp);
    }

    function expectNotRuled(Terms memory terms) internal {
        vm.expectRevert(
            abi.encodeWithSelector(ContractArbitrator.NotRuled.selector, escrow.escrowId(terms))
        );
    }

    function expectBadVote(Terms memory terms, uint128 buyerAmount, uint8 round, uint256 seat)
        internal
    {
        expectBadSignature(
            member(round, seat), rulingDigest(escrow.escrowId(terms), buyerAmount, round)
        );
    }

    function expectBadAppeal(Terms memory terms, address trader) internal {
        expectBadSignature(trader, appealDigest(escrow.escrowId(terms), RULED));
    }

    function expectShareTooLarge(uint128 buyerAmount) internal {
        expectRefusal(ITradepostEscrow.ShareTooLarge.selector, buyerAmount, AMOUNT);
    }
}
