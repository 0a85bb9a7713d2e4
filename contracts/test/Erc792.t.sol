// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ContractArbitrator} from "../src/arbitration/ContractArbitrator.sol";
import {IArbitrable, IArbitrator, IEvidence} from "../src/arbitration/Erc792.sol";
import {Case, Erc792Arbitrator, Stage} from "../src/arbitration/Erc792Arbitrator.sol";
import {ITradepostEscrow} from "../src/ITradepostEscrow.sol";
import {Role, Status, Terms} from "../src/Terms.sol";
import {Court} from "./Courts.sol";
import {CourtTest} from "./CourtTest.sol";
import {HostileRecipient, Wallet1271} from "./Hostile.sol";

/// @notice Each way through a court, from the lock to the payout.
contract CourtLifeTest is CourtTest {
    function testEachRulingPaysOut(bool native) public {
        uint128[3] memory shares = [AMOUNT / 2, AMOUNT, 0];
        for (uint256 ruling = 0; ruling < 3; ++ruling) {
            Terms memory terms = native ? nativeTerms() : tokenTerms();
            terms.lane += ruling;
            terms.fundBy = type(uint40).max;
            bringTo(terms, Status.Paid);
            bytes32 id = escrow.escrowId(terms);
            uint256 disputeID = open(terms);
            uint256 before = balance(terms.token, buyer);

            court.decide(disputeID, ruling);
            vm.warp(court.docketOf(disputeID).appealableUntil + 1);
            vm.expectEmit(address(adapter));
            emit IArbitrable.Ruling(court, disputeID, ruling);
            vm.expectEmit(address(adapter));
            emit Erc792Arbitrator.Ruled(id, shares[ruling]);
            court.executeRuling(disputeID);

            execute(terms, shares[ruling]);
            assertStatus(terms, Status.Split);
            assertEq(balance(terms.token, buyer) - before, shares[ruling]);
        }
    }

    function testOpeningTellsTheCourtAndTheJurors() public {
        Terms memory terms = paid();
        bytes32 id = escrow.escrowId(terms);
        vm.expectEmit(address(adapter));
        emit IEvidence.Dispute(court, 0, 0, uint256(id));
        uint256 disputeID = open(terms);
        Court.Docket memory docket = court.docketOf(disputeID);
        assertEq(address(docket.arbitrable), address(adapter));
        assertEq(docket.choices, 2);
        assertEq(keccak256(docket.extraData), keccak256(EXTRA_DATA));
        assertEq(adapter.escrowOf(disputeID), id);
        Case memory one = adapter.caseOf(id);
        assertTrue(one.stage == Stage.Disputed);
        assertEq(one.amount, AMOUNT);
    }

    function testCourtsAppealDecidesBeforeAnythingIsRuledHere() public {
        Terms memory terms = paid();
        uint256 disputeID = open(terms);
        court.decide(disputeID, 2);
        court.appeal(disputeID);
        expectNotRuled(terms);
        adapter.execute(terms, FOREVER, Role.Buyer, "");
        judge(disputeID, 1);
        execute(terms, AMOUNT);
        assertEq(token.balanceOf(buyer), AMOUNT);
    }

    function testSellerOpensAndCarriesTheRulingOut() public {
        Terms memory terms = paid();
        uint256 before = token.balanceOf(seller);
        vm.prank(seller);
        uint256 disputeID = adapter.openDispute{value: COST}(terms);
        judge(disputeID, 2);
        adapter.execute(terms, FOREVER, Role.Seller, settlementOf(SELLER_KEY, terms, 0));
        assertEq(token.balanceOf(seller) - before, AMOUNT + FEE);
    }

    function testExcessComesBackAndNothingStays() public {
        Terms memory terms = paid();
        vm.prank(buyer);
        adapter.openDispute{value: 1 ether}(terms);
        assertEq(buyer.balance, 1 ether - COST);
        assertEq(address(court).balance, COST);
        assertEq(address(adapter).balance, 0);
    }

    function testExcessComesBackToAContract() public {
        HostileRecipient accepting = new HostileRecipient();
        Terms memory terms = tokenTerms();
        terms.buyer = address(accepting);
        bringTo(terms, Status.Paid);
        vm.deal(address(accepting), 1 ether);
        vm.prank(address(accepting));
        adapter.openDispute{value: 1 ether}(terms);
        assertEq(address(accepting).balance, 1 ether - COST);
    }

    function testSignatureOfAContractWalletCarriesTheRulingOut() public {
        Terms memory terms = tokenTerms();
        terms.buyer = address(new Wallet1271(buyer));
        bringTo(terms, Status.Paid);
        vm.prank(seller);
        judge(adapter.openDispute{value: COST}(terms), 1);
        execute(terms, AMOUNT);
        assertEq(token.balanceOf(terms.buyer), AMOUNT);
    }

    function testTradersShowEvidence() public {
        Terms memory terms = paid();
        open(terms);
        uint256 group = uint256(escrow.escrowId(terms));
        address[2] memory traders = [seller, buyer];
        for (uint256 i = 0; i < 2; ++i) {
            vm.expectEmit(address(adapter));
            emit IEvidence.Evidence(court, group, traders[i], "ipfs://receipt");
            vm.prank(traders[i]);
            adapter.submitEvidence(terms, "ipfs://receipt");
        }
    }

    function testSilentCourtLeavesTheEscrowToTheTraders() public {
        Terms memory terms = paid();
        open(terms);
        vm.warp(block.timestamp + 365 days);
        settleHalf(terms);
        assertStatus(terms, Status.Split);
    }

    function testTradersSettleAgainstEveryRuling() public {
        Terms memory terms = paid();
        judge(open(terms), 1);
        vm.prank(buyer);
        escrow.refund(terms);
        assertStatus(terms, Status.Refunded);
    }

    function testAnyoneReadsWhoRules() public {
        assertEq(address(adapter.escrow()), address(escrow));
        assertEq(address(adapter.court()), address(court));
        assertEq(keccak256(adapter.extraData()), keccak256(EXTRA_DATA));
        Erc792Arbitrator other = newAdapter(escrow, new Court(1), "", "");
        assertEq(address(other).codehash, address(adapter).codehash);
    }

    function testEscrowOrCourtWithoutCodeIsRefused() public {
        bytes memory refusal =
            abi.encodeWithSelector(ContractArbitrator.NoContract.selector, address(0xdead));
        vm.expectRevert(refusal);
        newAdapter(escrow, IArbitrator(address(0xdead)), "", "");
        vm.expectRevert(refusal);
        newAdapter(ITradepostEscrow(address(0xdead)), court, "", "");
    }

    // ------------------------------------------------------------------ fuzz

    function testFuzzRulingsPayOutInFull(uint128 amount, uint256 ruling) public {
        Terms memory terms = tokenTerms();
        terms.amount = uint128(bound(amount, FEE, type(uint128).max - FEE));
        ruling = bound(ruling, 0, 2);
        bringTo(terms, Status.Paid);
        uint256 sellerBefore = token.balanceOf(seller);
        judge(open(terms), ruling);
        uint128 share = ruling == 0 ? terms.amount / 2 : ruling == 1 ? terms.amount : 0;
        execute(terms, share);
        assertEq(token.balanceOf(buyer), share);
        assertEq(
            share + token.balanceOf(seller) - sellerBefore
                + escrow.balanceOf(address(token), feeRecipient),
            uint256(terms.amount) + FEE
        );
    }

    function testFuzzCourtGetsItsCostAndTheCallerTheRest(uint64 cost, uint64 sent) public {
        court = new Court(cost);
        useCourt(court);
        Terms memory terms = paid();
        vm.deal(buyer, sent);
        vm.prank(buyer);
        (bool success,) =
            address(adapter).call{value: sent}(abi.encodeCall(adapter.openDispute, (terms)));
        assertTrue(success == (sent >= cost));
        assertEq(address(court).balance, success ? cost : 0);
        assertEq(buyer.balance + address(court).balance, sent);
        assertEq(address(adapter).balance, 0);
    }
}
