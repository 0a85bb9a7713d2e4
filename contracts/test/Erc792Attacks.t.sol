// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ContractArbitrator} from "../src/arbitration/ContractArbitrator.sol";
import {Erc792Arbitrator, Stage} from "../src/arbitration/Erc792Arbitrator.sol";
import {ITradepostEscrow} from "../src/ITradepostEscrow.sol";
import {Role, Status, Terms} from "../src/Terms.sol";
import {HostileCourt} from "./Courts.sol";
import {CourtTest} from "./CourtTest.sol";
import {HostileRecipient} from "./Hostile.sol";

/// @notice Attacks on the adapter: by strangers, by traders and by the court itself.
contract CourtAttacksTest is CourtTest {
    // ------------------------------------------------------------------ opening

    function testOthersThanTheTradersCannotOpenOrShow() public {
        Terms memory terms = paid();
        address[3] memory others = [stranger, address(court), feeRecipient];
        for (uint256 i = 0; i < 3; ++i) {
            vm.deal(others[i], COST);
            vm.expectRevert(
                abi.encodeWithSelector(ContractArbitrator.NotTrader.selector, others[i])
            );
            vm.prank(others[i]);
            adapter.openDispute{value: COST}(terms);
        }
        open(terms);
        for (uint256 i = 0; i < 3; ++i) {
            vm.expectRevert(
                abi.encodeWithSelector(ContractArbitrator.NotTrader.selector, others[i])
            );
            vm.prank(others[i]);
            adapter.submitEvidence(terms, "");
        }
    }

    /// @notice A stranger who writes himself into the terms has the terms of another escrow.
    function testStrangerCannotOpenUnderTermsOfHisOwn() public {
        Terms memory terms = paid();
        terms.buyer = stranger;
        vm.deal(stranger, COST);
        expectWrongStatus(terms);
        vm.prank(stranger);
        adapter.openDispute{value: COST}(terms);
    }

    function testEscrowOfAnotherArbitratorIsRefused() public {
        Terms memory terms = tokenTerms();
        terms.arbitrator = stranger;
        bringTo(terms, Status.Paid);
        vm.expectRevert(abi.encodeWithSelector(ContractArbitrator.NotArbitrator.selector, stranger));
        vm.prank(buyer);
        adapter.openDispute{value: COST}(terms);
    }

    /// @notice Nobody wins by being early: neither a seller before the payment, nor before the lock.
    function testOnlyAPaidEscrowIsDisputed() public {
        for (uint8 s = 0; s <= uint8(Status.Split); ++s) {
            if (Status(s) == Status.Paid) continue;
            Terms memory terms = tokenTerms();
            terms.lane = s;
            terms.fundBy = type(uint40).max;
            bringTo(terms, Status(s));
            expectWrongStatus(terms);
            vm.prank(seller);
            adapter.openDispute{value: COST}(terms);
        }
    }

    function testSecondDisputeIsRefused() public {
        Terms memory terms = paid();
        uint256 disputeID = open(terms);
        expectWrongStage(terms, Stage.Disputed);
        vm.prank(seller);
        adapter.openDispute{value: COST}(terms);
        judge(disputeID, 2);
        expectWrongStage(terms, Stage.Ruled);
        vm.prank(buyer);
        adapter.openDispute{value: COST}(terms);
    }

    function testLessThanTheCostIsRefused() public {
        Terms memory terms = paid();
        vm.expectRevert(
            abi.encodeWithSelector(Erc792Arbitrator.CostNotPaid.selector, COST, COST - 1)
        );
        vm.prank(buyer);
        adapter.openDispute{value: COST - 1}(terms);
    }

    function testCoinsSentWithoutADisputeAreRefused() public {
        vm.prank(buyer);
        (bool success,) = address(adapter).call{value: 1}("");
        assertTrue(!success);
    }

    /// @notice A caller who cannot take coins back sends exactly the cost.
    function testExcessThatCannotBeReturnedIsTheCallersFault() public {
        HostileRecipient hostile = new HostileRecipient();
        hostile.be(HostileRecipient.Mood.Revert);
        Terms memory terms = tokenTerms();
        terms.buyer = address(hostile);
        bringTo(terms, Status.Paid);
        vm.deal(address(hostile), 1 ether);
        vm.expectRevert(
            abi.encodeWithSelector(Erc792Arbitrator.ExcessNotReturned.selector, address(hostile), 1)
        );
        vm.prank(address(hostile));
        adapter.openDispute{value: COST + 1}(terms);
        vm.prank(address(hostile));
        adapter.openDispute{value: COST}(terms);
    }

    function testEvidenceOutsideADisputeIsRefused() public {
        Terms memory terms = paid();
        expectWrongStage(terms, Stage.None);
        vm.prank(buyer);
        adapter.submitEvidence(terms, "");
        judge(open(terms), 1);
        expectWrongStage(terms, Stage.Ruled);
        vm.prank(buyer);
        adapter.submitEvidence(terms, "");
    }

    // ------------------------------------------------------------------ ruling

    function testOthersThanTheCourtCannotRule() public {
        uint256 disputeID = open(paid());
        address[4] memory others = [stranger, seller, buyer, address(escrow)];
        for (uint256 i = 0; i < 4; ++i) {
            vm.expectRevert(
                abi.encodeWithSelector(
                    Erc792Arbitrator.NotCourt.selector, others[i], address(court)
                )
            );
            vm.prank(others[i]);
            adapter.rule(disputeID, 1);
        }
    }

    function testCourtCannotRuleWhatItWasNotAsked() public {
        HostileCourt hostile = new HostileCourt();
        useCourt(hostile);
        vm.expectRevert(
            abi.encodeWithSelector(Erc792Arbitrator.UnknownDispute.selector, uint256(0))
        );
        hostile.say(adapter, 0, 1);
        open(paid());
        vm.expectRevert(
            abi.encodeWithSelector(Erc792Arbitrator.UnknownDispute.selector, uint256(1))
        );
        hostile.say(adapter, 1, 1);
    }

    function testCourtCannotRuleTwice() public {
        HostileCourt hostile = new HostileCourt();
        useCourt(hostile);
        Terms memory terms = paid();
        open(terms);
        hostile.say(adapter, 0, 1);
        for (uint256 ruling = 0; ruling < 3; ++ruling) {
            expectWrongStage(terms, Stage.Ruled);
            hostile.say(adapter, 0, ruling);
        }
        execute(terms, AMOUNT);
    }

    /// @notice It can still say something sensible afterwards.
    function testFuzzChoiceThatDoesNotExistIsRefused(uint256 ruling) public {
        ruling = bound(ruling, 3, type(uint256).max - 1);
        HostileCourt hostile = new HostileCourt();
        useCourt(hostile);
        Terms memory terms = paid();
        open(terms);
        vm.expectRevert(abi.encodeWithSelector(Erc792Arbitrator.UnknownRuling.selector, ruling));
        hostile.say(adapter, 0, ruling);
        hostile.say(adapter, 0, 1);
        execute(terms, AMOUNT);
    }

    /// @notice Two escrows under one number: the second would take the first one's ruling away.
    function testCourtCannotGiveANumberTwice() public {
        HostileCourt hostile = new HostileCourt();
        useCourt(hostile);
        Terms memory first = paid();
        hostile.giveNumber(7);
        open(first);
        Terms memory second = tokenTerms();
        second.lane += 1;
        bringTo(second, Status.Paid);
        vm.expectRevert(abi.encodeWithSelector(Erc792Arbitrator.DisputeNotNew.selector, uint256(7)));
        vm.prank(buyer);
        adapter.openDispute(second);
        assertTrue(adapter.caseOf(escrow.escrowId(second)).stage == Stage.None);
        hostile.say(adapter, 7, 1);
        execute(first, AMOUNT);
    }

    // ------------------------------------------------------------------ re-entrance

    function testCourtThatRulesWhileItIsAskedIsRefused() public {
        HostileCourt hostile = new HostileCourt();
        useCourt(hostile);
        Terms memory terms = paid();
        bytes memory ruling = abi.encodeCall(adapter.rule, (0, 1));
        hostile.callDuringOpening(address(adapter), ruling);
        open(terms);
        assertTrue(!hostile.succeeded());
        assertTrue(adapter.caseOf(escrow.escrowId(terms)).stage == Stage.Disputed);
    }

    /// @notice A trader in league with the court opens again while the first opening is under way.
    function testSecondDisputeWithinTheFirstIsRefused() public {
        HostileCourt hostile = new HostileCourt();
        useCourt(hostile);
        HostileRecipient accomplice = new HostileRecipient();
        Terms memory terms = tokenTerms();
        terms.buyer = address(accomplice);
        bringTo(terms, Status.Paid);
        bytes memory opening = abi.encodeCall(adapter.openDispute, (terms));
        hostile.callDuringOpening(
            address(accomplice), abi.encodeCall(accomplice.run, (address(adapter), opening))
        );
        accomplice.run(address(adapter), opening);
        assertTrue(!hostile.succeeded());
    }

    /// @notice The numbers of an inner and an outer opening are the same: the outer one falls.
    function testNumberGivenToAnotherEscrowMeanwhileIsRefused() public {
        HostileCourt hostile = new HostileCourt();
        useCourt(hostile);
        HostileRecipient accomplice = new HostileRecipient();
        Terms memory inner = tokenTerms();
        (inner.buyer, inner.lane) = (address(accomplice), 1);
        bringTo(inner, Status.Paid);
        Terms memory outer = paid();
        bytes memory opening = abi.encodeCall(adapter.openDispute, (inner));
        hostile.callDuringOpening(
            address(accomplice), abi.encodeCall(accomplice.run, (address(adapter), opening))
        );
        vm.expectRevert(abi.encodeWithSelector(Erc792Arbitrator.DisputeNotNew.selector, uint256(0)));
        vm.prank(buyer);
        adapter.openDispute(outer);
    }

    /// @notice Excess that comes back to a caller who opens again with it.
    function testSecondDisputeDuringTheReturnIsRefused() public {
        HostileRecipient hostile = new HostileRecipient();
        Terms memory terms = tokenTerms();
        terms.buyer = address(hostile);
        bringTo(terms, Status.Paid);
        hostile.reenterWith(address(adapter), abi.encodeCall(adapter.openDispute, (terms)));
        vm.deal(address(hostile), 1 ether);
        vm.prank(address(hostile));
        adapter.openDispute{value: 1 ether}(terms);
        assertTrue(!hostile.reentered());
        assertEq(address(hostile).balance, 1 ether - COST);
    }

    function testReenteringExecutionIsRefused() public {
        HostileRecipient hostile = new HostileRecipient();
        Terms memory terms = nativeTerms();
        terms.buyer = address(hostile);
        bringTo(terms, Status.Paid);
        vm.prank(seller);
        judge(adapter.openDispute{value: COST}(terms), 0);
        bytes memory signature = settlementOf(SELLER_KEY, terms, AMOUNT / 2);
        hostile.reenterWith(
            address(adapter),
            abi.encodeCall(adapter.execute, (terms, FOREVER, Role.Seller, signature))
        );
        adapter.execute(terms, FOREVER, Role.Seller, signature);
        assertTrue(!hostile.reentered());
        assertEq(address(hostile).balance, AMOUNT / 2);
    }

    // ------------------------------------------------------------------ execution

    function testExecutionWithoutARulingIsRefused() public {
        Terms memory terms = paid();
        bytes memory signature = settlementOf(BUYER_KEY, terms, AMOUNT);
        expectNotRuled(terms);
        adapter.execute(terms, FOREVER, Role.Buyer, signature);
        open(terms);
        expectNotRuled(terms);
        adapter.execute(terms, FOREVER, Role.Buyer, signature);
    }

    function testExecutionTwiceIsRefused() public {
        Terms memory terms = paid();
        judge(open(terms), 1);
        execute(terms, AMOUNT);
        bytes memory signature = settlementOf(BUYER_KEY, terms, AMOUNT);
        expectWrongStatus(terms);
        adapter.execute(terms, FOREVER, Role.Buyer, signature);
    }

    /// @notice The court may rule on what is over; nothing comes of it.
    function testExecutionOfAnEscrowThatEndedOtherwiseIsRefused() public {
        Terms memory terms = paid();
        uint256 disputeID = open(terms);
        settleHalf(terms);
        judge(disputeID, 1);
        bytes memory signature = settlementOf(BUYER_KEY, terms, AMOUNT);
        expectWrongStatus(terms);
        adapter.execute(terms, FOREVER, Role.Buyer, signature);
    }

    function testExecutionWithoutATradersWordIsRefused() public {
        Terms memory terms = paid();
        judge(open(terms), 1);
        bytes32 digest = settlementDigest(escrow.escrowId(terms), AMOUNT);
        bytes[2] memory forms = [bytes(""), settlementOf(BUYER_KEY, terms, AMOUNT - 1)];
        for (uint256 i = 0; i < 2; ++i) {
            expectBadSignature(buyer, digest);
            vm.prank(buyer);
            adapter.execute(terms, FOREVER, Role.Buyer, forms[i]);
        }
        vm.expectRevert(
            abi.encodeWithSelector(ContractArbitrator.NotTrader.selector, address(adapter))
        );
        adapter.execute(terms, FOREVER, Role.Arbitrator, "");
    }

    function testRulingIsNotCarriedOutUnderOtherTerms() public {
        Terms memory terms = paid();
        judge(open(terms), 1);
        terms.buyer = stranger;
        bytes memory signature = settlementOf(STRANGER_KEY, terms, AMOUNT);
        expectNotRuled(terms);
        adapter.execute(terms, FOREVER, Role.Buyer, signature);
    }
}
