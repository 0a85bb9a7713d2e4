// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ArbitrationPanel, Phase, Vote} from "../src/arbitration/ArbitrationPanel.sol";
import {ContractArbitrator} from "../src/arbitration/ContractArbitrator.sol";
import {ITradepostEscrow} from "../src/ITradepostEscrow.sol";
import {Role, Status, Terms} from "../src/Terms.sol";
import {TradepostEscrow} from "../src/TradepostEscrow.sol";
import {HostileRecipient} from "./Hostile.sol";
import {PanelTest} from "./PanelTest.sol";

/// @notice Attacks on a panel by votes, words and time.
contract PanelAttacksTest is PanelTest {
    // ------------------------------------------------------------------ whose escrow

    function testEscrowOfAnotherArbitratorCannotBeRuled() public {
        Terms memory terms = tokenTerms();
        terms.arbitrator = stranger;
        lock(terms);
        Vote[] memory brought = votes(terms, RULED, 1);
        vm.expectRevert(abi.encodeWithSelector(ContractArbitrator.NotArbitrator.selector, stranger));
        panel.rule(terms, RULED, 1, brought);
        vm.expectRevert(abi.encodeWithSelector(ContractArbitrator.NotArbitrator.selector, stranger));
        vm.prank(seller);
        panel.appeal(terms, Role.Seller, "");
        bytes memory signature = settlementOf(BUYER_KEY, terms, RULED);
        expectNotRuled(terms);
        panel.execute(terms, FOREVER, Role.Buyer, signature);
    }

    /// @notice A ruling before the lock would be final before anybody has anything at stake.
    function testRulingBeforeTheLockIsRefused() public {
        Terms memory terms = tokenTerms();
        Vote[] memory brought = votes(terms, RULED, 1);
        expectWrongStatus(terms);
        panel.rule(terms, RULED, 1, brought);
    }

    function testEndedEscrowCannotBeRuled() public {
        Status[3] memory ends = [Status.Released, Status.Refunded, Status.Split];
        for (uint256 i = 0; i < 3; ++i) {
            Terms memory terms = tokenTerms();
            terms.lane += i;
            bringTo(terms, ends[i]);
            Vote[] memory brought = votes(terms, RULED, 1);
            expectWrongStatus(terms);
            panel.rule(terms, RULED, 1, brought);
        }
    }

    /// @notice A ruled escrow's terms with one word changed are another escrow's.
    function testRulingIsNotCarriedOutUnderOtherTerms() public {
        Terms memory terms = ruled();
        vm.warp(NOW + APPEAL_WINDOW + 1);
        terms.buyer = stranger;
        bytes memory signature = settlementOf(STRANGER_KEY, terms, RULED);
        expectNotRuled(terms);
        panel.execute(terms, FOREVER, Role.Buyer, signature);
    }

    /// @notice The same terms on another escrow contract have another id, which votes do not meet.
    function testVotesDoNotReachAnotherEscrowContract() public {
        Terms memory terms = tokenTerms();
        Vote[] memory brought = votes(terms, RULED, 1);
        escrow = TradepostEscrow(deploy("TradepostEscrow", ""));
        ArbitrationPanel other = newPanel(benchOf(1), benchOf(2));
        terms.arbitrator = address(other);
        vm.prank(seller);
        token.approve(address(escrow), type(uint256).max);
        lock(terms);
        panel = other;
        expectBadVote(terms, RULED, 1, 0);
        panel.rule(terms, RULED, 1, brought);
    }

    // ------------------------------------------------------------------ votes

    function testTooFewVotesAreRefused() public {
        Terms memory terms = locked();
        Vote[] memory brought = new Vote[](1);
        brought[0] = vote(terms, RULED, 1, 2);
        expectRefusal(ArbitrationPanel.TooFewVotes.selector, 1, 2);
        panel.rule(terms, RULED, 1, brought);
        expectRefusal(ArbitrationPanel.TooFewVotes.selector, 0, 2);
        panel.rule(terms, RULED, 1, new Vote[](0));
    }

    function testSameMemberTwiceIsRefused() public {
        Terms memory terms = locked();
        Vote[] memory brought = votes(terms, RULED, 1);
        brought[1] = brought[0];
        vm.expectRevert(
            abi.encodeWithSelector(ArbitrationPanel.SeatsNotAscending.selector, uint256(0))
        );
        panel.rule(terms, RULED, 1, brought);
    }

    function testVotesOutOfOrderAreRefused() public {
        Terms memory terms = locked();
        Vote[] memory brought = votes(terms, RULED, 1);
        (brought[0], brought[1]) = (brought[1], brought[0]);
        vm.expectRevert(
            abi.encodeWithSelector(ArbitrationPanel.SeatsNotAscending.selector, uint256(0))
        );
        panel.rule(terms, RULED, 1, brought);
    }

    function testSeatThatDoesNotExistIsRefused() public {
        Terms memory terms = locked();
        Vote[] memory brought = votes(terms, RULED, 1);
        uint256[2] memory seats = [3, type(uint256).max];
        for (uint256 i = 0; i < 2; ++i) {
            brought[1].seat = seats[i];
            expectRefusal(ArbitrationPanel.NoSuchSeat.selector, 1, seats[i]);
            panel.rule(terms, RULED, 1, brought);
        }
    }

    function testVoteForAnotherAmountIsNotCounted() public {
        Terms memory terms = locked();
        Vote[] memory brought = votes(terms, RULED, 1);
        brought[1] = vote(terms, RULED + 1, 1, 1);
        expectBadVote(terms, RULED, 1, 1);
        panel.rule(terms, RULED, 1, brought);
    }

    /// @notice Seat 1 signs both; the ruling that is complete first stands.
    function testSecondOfTwoContradictoryRulingsIsRefused() public {
        Terms memory terms = ruled();
        Vote[] memory brought = new Vote[](2);
        brought[0] = vote(terms, REHEARD, 1, 1);
        brought[1] = vote(terms, REHEARD, 1, 2);
        expectWrongPhase(terms, Phase.Ruled);
        panel.rule(terms, REHEARD, 1, brought);
        assertEq(panel.rulingOf(escrow.escrowId(terms)).buyerAmount, RULED);
    }

    /// @notice Bringing a ruling again does not prolong the window.
    function testSameRulingTwiceIsRefused() public {
        Terms memory terms = ruled();
        Vote[] memory brought = votes(terms, RULED, 1);
        expectWrongPhase(terms, Phase.Ruled);
        panel.rule(terms, RULED, 1, brought);
    }

    function testStrangersVoteIsRefused() public {
        Terms memory terms = locked();
        Vote[] memory brought = votes(terms, RULED, 1);
        brought[1].signature = sign(STRANGER_KEY, rulingDigest(escrow.escrowId(terms), RULED, 1));
        expectBadVote(terms, RULED, 1, 1);
        panel.rule(terms, RULED, 1, brought);
    }

    function testEmptyVoteStandsForNobodyElse() public {
        Terms memory terms = locked();
        Vote[] memory brought = votes(terms, RULED, 1);
        brought[0].signature = "";
        expectBadVote(terms, RULED, 1, 0);
        vm.prank(member(1, 1));
        panel.rule(terms, RULED, 1, brought);
    }

    function testTraderOnTheBenchCannotRuleOnHisOwnCause() public {
        for (uint256 i = 0; i < 2; ++i) {
            Terms memory terms = tokenTerms();
            (terms.seller, terms.buyer) = i == 0 ? (seller, member(1, 1)) : (member(1, 1), buyer);
            terms.token = address(0);
            vm.deal(terms.seller, 1 ether);
            lock(terms);
            Vote[] memory brought = votes(terms, RULED, 1);
            vm.expectRevert(
                abi.encodeWithSelector(ArbitrationPanel.OwnCause.selector, member(1, 1))
            );
            panel.rule(terms, RULED, 1, brought);
        }
    }

    function testShareAboveTheAmountCannotBeRuled() public {
        Terms memory terms = locked();
        Vote[] memory brought = votes(terms, AMOUNT + 1, 1);
        expectShareTooLarge(AMOUNT + 1);
        panel.rule(terms, AMOUNT + 1, 1, brought);
    }

    // ------------------------------------------------------------------ replays

    function testVotesOfAnotherPanelAreRefused() public {
        Terms memory terms = locked();
        ArbitrationPanel named = panel;
        panel = newPanel(benchOf(1), benchOf(2));
        Vote[] memory brought = votes(terms, RULED, 1);
        panel = named;
        expectBadVote(terms, RULED, 1, 0);
        panel.rule(terms, RULED, 1, brought);
    }

    function testVotesOfAnotherEscrowAreRefused() public {
        Terms memory terms = locked();
        Vote[] memory brought = votes(terms, RULED, 1);
        terms.lane += 1;
        lock(terms);
        expectBadVote(terms, RULED, 1, 0);
        panel.rule(terms, RULED, 1, brought);
    }

    function testRulingFromBeforeAForkOfTheChainLeadsNowhere() public {
        Terms memory terms = ruled();
        bytes memory signature = settlementOf(BUYER_KEY, terms, RULED);
        Vote[] memory brought = votes(terms, RULED, 1);
        vm.warp(NOW + APPEAL_WINDOW + 1);
        vm.chainId(31_338);
        expectNotRuled(terms);
        panel.execute(terms, FOREVER, Role.Buyer, signature);
        (terms.fundBy, terms.lane) = (FOREVER, terms.lane + 1);
        lock(terms);
        expectBadVote(terms, RULED, 1, 0);
        panel.rule(terms, RULED, 1, brought);
    }

    // ------------------------------------------------------------------ rounds

    function testFirstRoundVotesAreRefusedAfterAnAppeal() public {
        Terms memory terms = appealed();
        Vote[] memory brought = votes(terms, REHEARD, 1);
        expectWrongPhase(terms, Phase.Appealed);
        panel.rule(terms, REHEARD, 1, brought);
        expectRefusal(ArbitrationPanel.TooFewVotes.selector, 2, 3);
        panel.rule(terms, REHEARD, 2, brought);
    }

    /// @notice A member of both benches decided once; that vote does not count again.
    function testFirstRoundVoteOfAMemberOfBothBenchesIsNotCountedInTheSecond() public {
        keys[2] = ascending(0xf1257, 5);
        panel = newPanel(benchOf(1), benchOf(2));
        arbitrator = address(panel);
        Terms memory terms = appealed();
        Vote[] memory brought = votes(terms, RULED, 2);
        bytes32 first = rulingDigest(escrow.escrowId(terms), RULED, 1);
        brought[2].signature = sign(keys[2][2], first);
        expectBadVote(terms, RULED, 2, 2);
        panel.rule(terms, RULED, 2, brought);
    }

    function testSecondRoundWithoutAnAppealIsRefused() public {
        Terms memory terms = locked();
        Vote[] memory brought = votes(terms, REHEARD, 2);
        expectWrongPhase(terms, Phase.None);
        panel.rule(terms, REHEARD, 2, brought);
        panel.rule(terms, RULED, 1, votes(terms, RULED, 1));
        expectWrongPhase(terms, Phase.Ruled);
        panel.rule(terms, REHEARD, 2, brought);
    }

    function testRoundsThatDoNotExistAreRefused() public {
        Terms memory terms = locked();
        uint8[3] memory rounds = [0, 3, 255];
        for (uint256 i = 0; i < 3; ++i) {
            expectWrongPhase(terms, Phase.None);
            panel.rule(terms, RULED, rounds[i], new Vote[](0));
        }
    }

    function testNothingFollowsTheSecondRuling() public {
        Terms memory terms = appealed();
        panel.rule(terms, REHEARD, 2, votes(terms, REHEARD, 2));
        for (uint8 round = 1; round < 3; ++round) {
            Vote[] memory brought = votes(terms, RULED, round);
            expectWrongPhase(terms, Phase.Reheard);
            panel.rule(terms, RULED, round, brought);
        }
        expectWrongPhase(terms, Phase.Reheard);
        vm.prank(buyer);
        panel.appeal(terms, Role.Buyer, "");
    }

    function testLateSecondRulingIsRefused() public {
        Terms memory terms = appealed();
        vm.warp(NOW + REHEARING_WINDOW + 1);
        Vote[] memory brought = votes(terms, REHEARD, 2);
        expectWindowClosed(NOW + REHEARING_WINDOW);
        panel.rule(terms, REHEARD, 2, brought);
    }

    // ------------------------------------------------------------------ appeals

    function testOthersThanTheTradersCannotAppeal() public {
        Terms memory terms = ruled();
        address[3] memory others = [stranger, member(1, 0), feeRecipient];
        for (uint256 i = 0; i < 3; ++i) {
            expectBadAppeal(terms, seller);
            vm.prank(others[i]);
            panel.appeal(terms, Role.Seller, "");
            expectBadAppeal(terms, buyer);
            vm.prank(others[i]);
            panel.appeal(terms, Role.Buyer, "");
        }
        bytes memory strangers = sign(STRANGER_KEY, appealDigest(escrow.escrowId(terms), RULED));
        expectBadAppeal(terms, buyer);
        panel.appeal(terms, Role.Buyer, strangers);
        vm.expectRevert(
            abi.encodeWithSelector(ContractArbitrator.NotTrader.selector, address(panel))
        );
        panel.appeal(terms, Role.Arbitrator, "");
    }

    /// @notice A stranger who writes himself into the terms has the terms of another escrow.
    function testStrangerCannotAppealUnderTermsOfHisOwn() public {
        Terms memory terms = ruled();
        terms.buyer = stranger;
        expectWrongStatus(terms);
        vm.prank(stranger);
        panel.appeal(terms, Role.Buyer, "");
    }

    function testAppealSignedAgainstAnotherRulingIsRefused() public {
        Terms memory terms = ruled();
        bytes memory signature = sign(BUYER_KEY, appealDigest(escrow.escrowId(terms), REHEARD));
        expectBadAppeal(terms, buyer);
        panel.appeal(terms, Role.Buyer, signature);
    }

    function testAppealAfterTheWindowIsRefused() public {
        Terms memory terms = ruled();
        vm.warp(NOW + APPEAL_WINDOW + 1);
        expectWindowClosed(NOW + APPEAL_WINDOW);
        vm.prank(seller);
        panel.appeal(terms, Role.Seller, "");
    }

    function testAppealBeforeARulingIsRefused() public {
        Terms memory terms = locked();
        expectWrongPhase(terms, Phase.None);
        vm.prank(seller);
        panel.appeal(terms, Role.Seller, "");
    }

    /// @notice A second appeal would prolong the window of the first.
    function testSecondAppealIsRefused() public {
        Terms memory terms = appealed();
        expectWrongPhase(terms, Phase.Appealed);
        vm.prank(buyer);
        panel.appeal(terms, Role.Buyer, "");
    }

    function testAppealOfAnEndedEscrowIsRefused() public {
        Terms memory terms = ruled();
        settleHalf(terms);
        expectWrongStatus(terms);
        vm.prank(seller);
        panel.appeal(terms, Role.Seller, "");
    }

    // ------------------------------------------------------------------ execution

    function testExecutionWithinTheWindowIsRefused() public {
        Terms memory terms = ruled();
        bytes memory signature = settlementOf(BUYER_KEY, terms, RULED);
        vm.warp(NOW + APPEAL_WINDOW);
        expectNotFinal(NOW + APPEAL_WINDOW);
        panel.execute(terms, FOREVER, Role.Buyer, signature);
    }

    function testExecutionWithoutARulingIsRefused() public {
        Terms memory terms = locked();
        bytes memory signature = settlementOf(BUYER_KEY, terms, 0);
        expectNotRuled(terms);
        panel.execute(terms, FOREVER, Role.Buyer, signature);
    }

    function testExecutionTwiceIsRefused() public {
        Terms memory terms = ruled();
        vm.warp(NOW + APPEAL_WINDOW + 1);
        execute(terms, RULED);
        bytes memory signature = settlementOf(BUYER_KEY, terms, RULED);
        expectWrongStatus(terms);
        panel.execute(terms, FOREVER, Role.Buyer, signature);
    }

    function testExecutionOfAnEscrowThatEndedOtherwiseIsRefused() public {
        for (uint256 i = 0; i < 3; ++i) {
            vm.warp(NOW);
            Terms memory terms = tokenTerms();
            terms.lane += i;
            lock(terms);
            panel.rule(terms, RULED, 1, votes(terms, RULED, 1));
            vm.warp(NOW + APPEAL_WINDOW + 1);
            bytes memory signature = settlementOf(BUYER_KEY, terms, RULED);
            if (i == 0) settleHalf(terms);
            else if (i == 1) escrow.releaseBySig(terms, signed(SELLER_KEY, "Release", terms));
            else escrow.refundBySig(terms, signed(BUYER_KEY, "Refund", terms));
            expectWrongStatus(terms);
            panel.execute(terms, FOREVER, Role.Buyer, signature);
        }
    }

    function testExecutionWithASignatureOfAnotherAmountIsRefused() public {
        Terms memory terms = ruled();
        vm.warp(NOW + APPEAL_WINDOW + 1);
        bytes32 digest = settlementDigest(escrow.escrowId(terms), RULED);
        bytes memory signature = settlementOf(BUYER_KEY, terms, RULED + 1);
        expectBadSignature(buyer, digest);
        panel.execute(terms, FOREVER, Role.Buyer, signature);
    }

    function testExecutionWithoutATradersSignatureIsRefused() public {
        Terms memory terms = ruled();
        vm.warp(NOW + APPEAL_WINDOW + 1);
        bytes32 digest = settlementDigest(escrow.escrowId(terms), RULED);
        expectBadSignature(buyer, digest);
        vm.prank(buyer);
        panel.execute(terms, FOREVER, Role.Buyer, "");
        bytes memory members = settlementOf(keys[1][0], terms, RULED);
        expectBadSignature(buyer, digest);
        panel.execute(terms, FOREVER, Role.Buyer, members);
        vm.expectRevert(
            abi.encodeWithSelector(ContractArbitrator.NotTrader.selector, address(panel))
        );
        panel.execute(terms, FOREVER, Role.Arbitrator, members);
    }

    /// @notice Who is paid calls back, and finds the escrow ended.
    function testReenteringExecutionIsRefused() public {
        HostileRecipient hostile = new HostileRecipient();
        Terms memory terms = nativeTerms();
        terms.buyer = address(hostile);
        lock(terms);
        panel.rule(terms, RULED, 1, votes(terms, RULED, 1));
        vm.warp(NOW + APPEAL_WINDOW + 1);
        bytes memory signature = settlementOf(SELLER_KEY, terms, RULED);
        bytes memory again = abi.encodeCall(panel.execute, (terms, FOREVER, Role.Seller, signature));
        hostile.reenterWith(address(panel), again);
        panel.execute(terms, FOREVER, Role.Seller, signature);
        assertTrue(!hostile.reentered());
        assertEq(address(hostile).balance, RULED);
    }
}
