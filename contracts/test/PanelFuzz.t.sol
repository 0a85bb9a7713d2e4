// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Phase, Ruling, Vote} from "../src/arbitration/ArbitrationPanel.sol";
import {Role, Status, Terms} from "../src/Terms.sol";
import {PanelTest} from "./PanelTest.sol";

/// @notice A panel under any votes, amounts, times and orders of steps.
contract PanelFuzzTest is PanelTest {
    /// @notice Whatever seats are brought in whatever order: two different ones, ascending, or nothing.
    function testFuzzNeverFewerThanTwoDifferentMembers(uint8[] memory seats) public {
        Terms memory terms = locked();
        uint256 count = seats.length % 5;
        Vote[] memory brought = new Vote[](count);
        bool good = count >= 2;
        for (uint256 i = 0; i < count; ++i) {
            uint8 seat = seats[i] % 4;
            good = good && seat < 3 && (i == 0 || seat > brought[i - 1].seat);
            brought[i] = vote(terms, RULED, 1, seat % 3);
            brought[i].seat = seat;
        }
        (bool success,) =
            address(panel).call(abi.encodeCall(panel.rule, (terms, RULED, 1, brought)));
        assertTrue(success == good);
    }

    /// @notice Whoever signs for whichever amount: only votes of the seat's own key for the very amount.
    function testFuzzOnlyTheSeatsKeyAndTheAmountCount(uint256 key, uint128 amount) public {
        Terms memory terms = locked();
        key = bound(key, 1, type(uint128).max);
        bool good = key == keys[1][1] && amount == RULED;
        Vote[] memory brought = votes(terms, RULED, 1);
        brought[1].signature = sign(key, rulingDigest(escrow.escrowId(terms), amount, 1));
        (bool success,) =
            address(panel).call(abi.encodeCall(panel.rule, (terms, RULED, 1, brought)));
        assertTrue(success == good);
    }

    /// @notice At each moment after a ruling it can be appealed or carried out, never both or neither.
    function testFuzzAppealAndExecutionShareNoMoment(uint256 elapsed) public {
        Terms memory terms = ruled();
        vm.warp(NOW + bound(elapsed, 0, 2 * uint256(APPEAL_WINDOW)));
        bytes memory signature = settlementOf(BUYER_KEY, terms, RULED);
        bytes memory execution =
            abi.encodeCall(panel.execute, (terms, FOREVER, Role.Buyer, signature));
        signature = sign(SELLER_KEY, appealDigest(escrow.escrowId(terms), RULED));
        bytes memory appealing = abi.encodeCall(panel.appeal, (terms, Role.Seller, signature));
        expectOneOf(appealing, execution, block.timestamp <= NOW + APPEAL_WINDOW);
    }

    /// @notice The same of the second bench's ruling and the first one's coming back.
    function testFuzzRehearingAndExecutionShareNoMoment(uint256 elapsed) public {
        Terms memory terms = appealed();
        vm.warp(NOW + bound(elapsed, 0, 2 * uint256(REHEARING_WINDOW)));
        bytes memory signature = settlementOf(BUYER_KEY, terms, RULED);
        bytes memory execution =
            abi.encodeCall(panel.execute, (terms, FOREVER, Role.Buyer, signature));
        Vote[] memory brought = votes(terms, REHEARD, 2);
        bytes memory ruling = abi.encodeCall(panel.rule, (terms, REHEARD, 2, brought));
        expectOneOf(ruling, execution, block.timestamp <= NOW + REHEARING_WINDOW);
    }

    /// @notice What must fail is tried first, while the other has changed nothing yet.
    function expectOneOf(bytes memory early, bytes memory late, bool isEarly) private {
        assertTrue(!succeeds(isEarly ? late : early));
        assertTrue(succeeds(isEarly ? early : late));
    }

    function succeeds(bytes memory data) private returns (bool success) {
        (success,) = address(panel).call(data);
    }

    /// @notice Any steps in any order with any time between them, against the table of docs/arbitration.md.
    function testFuzzEveryOrderOfStepsFollowsTheTable(uint256 seed) public {
        Terms memory terms = locked();
        Ruling memory told;
        bool open = true;
        // Kept here: the compiler takes the chain's time for the same throughout a call.
        uint256 time = NOW;
        for (uint256 i = 0; i < 12; ++i) {
            seed = uint256(keccak256(abi.encode(seed)));
            time += bound(seed >> 8, 0, 5 days);
            vm.warp(time);
            uint256 step = seed % 4;
            bool inTime = time <= told.until;
            if (step == 0) {
                uint128 share = uint128(bound(seed >> 16, 0, AMOUNT));
                Vote[] memory brought = votes(terms, share, 1);
                bool good = open && told.phase == Phase.None;
                assertTrue(succeeds(abi.encodeCall(panel.rule, (terms, share, 1, brought))) == good);
                if (good) told = Ruling(Phase.Ruled, uint40(time + APPEAL_WINDOW), share);
            } else if (step == 1) {
                bytes memory signature =
                    sign(BUYER_KEY, appealDigest(escrow.escrowId(terms), told.buyerAmount));
                bool good = open && told.phase == Phase.Ruled && inTime;
                assertTrue(
                    succeeds(abi.encodeCall(panel.appeal, (terms, Role.Buyer, signature))) == good
                );
                if (good) {
                    (told.phase, told.until) = (Phase.Appealed, uint40(time + REHEARING_WINDOW));
                }
            } else if (step == 2) {
                uint128 share = uint128(bound(seed >> 16, 0, AMOUNT));
                Vote[] memory brought = votes(terms, share, 2);
                bool good = open && told.phase == Phase.Appealed && inTime;
                assertTrue(succeeds(abi.encodeCall(panel.rule, (terms, share, 2, brought))) == good);
                if (good) told = Ruling(Phase.Reheard, 0, share);
            } else {
                bytes memory signature = settlementOf(BUYER_KEY, terms, told.buyerAmount);
                bool good = open && told.phase != Phase.None && !inTime;
                assertTrue(
                    succeeds(abi.encodeCall(panel.execute, (terms, FOREVER, Role.Buyer, signature)))
                        == good
                );
                if (good) open = false;
            }
        }
        Ruling memory ruling = panel.rulingOf(escrow.escrowId(terms));
        assertTrue(ruling.phase == told.phase);
        assertEq(ruling.until, told.until);
        assertEq(ruling.buyerAmount, told.buyerAmount);
        assertStatus(terms, open ? Status.Locked : Status.Split);
        assertEq(token.balanceOf(buyer), open ? 0 : told.buyerAmount);
    }

    function testFuzzWhateverIsRuledPaysOutInFull(uint128 buyerAmount, bool appealing) public {
        Terms memory terms = locked();
        uint256 sellerBefore = token.balanceOf(seller);
        buyerAmount = uint128(bound(buyerAmount, 0, AMOUNT));
        panel.rule(terms, buyerAmount, 1, votes(terms, buyerAmount, 1));
        if (appealing) {
            bytes32 digest = appealDigest(escrow.escrowId(terms), buyerAmount);
            panel.appeal(terms, Role.Seller, sign(SELLER_KEY, digest));
            buyerAmount = AMOUNT - buyerAmount;
            panel.rule(terms, buyerAmount, 2, votes(terms, buyerAmount, 2));
        } else {
            vm.warp(NOW + APPEAL_WINDOW + 1);
        }
        execute(terms, buyerAmount);
        assertEq(token.balanceOf(buyer), buyerAmount);
        assertEq(
            token.balanceOf(buyer) + token.balanceOf(seller) - sellerBefore
                + escrow.balanceOf(address(token), feeRecipient),
            AMOUNT + FEE
        );
    }
}
