// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {
    ArbitrationPanel,
    Bench,
    Phase,
    Ruling,
    Vote
} from "../src/arbitration/ArbitrationPanel.sol";
import {ContractArbitrator} from "../src/arbitration/ContractArbitrator.sol";
import {ITradepostEscrow} from "../src/ITradepostEscrow.sol";
import {Role, Status, Terms} from "../src/Terms.sol";
import {Wallet1271} from "./Hostile.sol";
import {PanelTest} from "./PanelTest.sol";

/// @notice Each way through a panel, from the lock to the payout.
contract PanelLifeTest is PanelTest {
    function testRulingPaysOutOnceTheWindowHasPassed(bool native) public {
        Terms memory terms = native ? nativeTerms() : tokenTerms();
        bytes32 id = lock(terms);
        uint256 sellerBefore = balance(terms.token, seller);
        Vote[] memory brought = votes(terms, RULED, 1);
        vm.expectEmit(address(panel));
        emit ArbitrationPanel.Ruled(id, 1, RULED, NOW + APPEAL_WINDOW);
        vm.prank(stranger);
        panel.rule(terms, RULED, 1, brought);

        Ruling memory ruling = panel.rulingOf(id);
        assertEq(uint256(ruling.phase), uint256(Phase.Ruled));
        assertEq(ruling.until, NOW + APPEAL_WINDOW);
        assertEq(ruling.buyerAmount, RULED);
        assertStatus(terms, Status.Locked);

        vm.warp(NOW + APPEAL_WINDOW + 1);
        execute(terms, RULED);
        assertStatus(terms, Status.Split);
        assertEq(balance(terms.token, buyer), RULED);
        assertEq(escrow.balanceOf(terms.token, feeRecipient), 350_000);
        assertEq(balance(terms.token, seller) - sellerBefore, AMOUNT + FEE - RULED - 350_000);
        assertEq(balance(terms.token, address(panel)), 0);
    }

    function testSecondBenchRulesAnAppealForGood() public {
        Terms memory terms = ruled();
        bytes32 id = escrow.escrowId(terms);
        vm.warp(NOW + APPEAL_WINDOW);
        vm.expectEmit(address(panel));
        emit ArbitrationPanel.Appealed(id, seller, NOW + APPEAL_WINDOW + REHEARING_WINDOW);
        vm.prank(seller);
        panel.appeal(terms, Role.Seller, "");

        vm.warp(NOW + APPEAL_WINDOW + REHEARING_WINDOW);
        Vote[] memory brought = votes(terms, REHEARD, 2);
        vm.expectEmit(address(panel));
        emit ArbitrationPanel.Ruled(id, 2, REHEARD, 0);
        panel.rule(terms, REHEARD, 2, brought);
        execute(terms, REHEARD);
        assertEq(token.balanceOf(buyer), REHEARD);
    }

    function testFirstRulingStandsWhenTheSecondBenchIsSilent() public {
        Terms memory terms = appealed();
        vm.warp(NOW + REHEARING_WINDOW);
        bytes memory signature = settlementOf(BUYER_KEY, terms, RULED);
        expectNotFinal(NOW + REHEARING_WINDOW);
        panel.execute(terms, FOREVER, Role.Buyer, signature);
        vm.warp(NOW + REHEARING_WINDOW + 1);
        panel.execute(terms, FOREVER, Role.Buyer, signature);
        assertEq(token.balanceOf(buyer), RULED);
    }

    function testSilentPanelLeavesTheEscrowToTheTraders() public {
        Terms memory terms = locked();
        vm.warp(block.timestamp + 365 days);
        settleHalf(terms);
        assertStatus(terms, Status.Split);
    }

    function testTradersSettleAgainstEveryRuling() public {
        Terms memory terms = appealed();
        panel.rule(terms, REHEARD, 2, votes(terms, REHEARD, 2));
        settleHalf(terms);
        assertEq(token.balanceOf(buyer), AMOUNT / 2);
    }

    function testEitherTraderCarriesTheRulingOut() public {
        Terms memory terms = ruled();
        vm.warp(NOW + APPEAL_WINDOW + 1);
        panel.execute(terms, FOREVER, Role.Seller, settlementOf(SELLER_KEY, terms, RULED));
        assertEq(token.balanceOf(buyer), RULED);
    }

    function testWholeAndNothingCanBeRuled() public {
        uint128[2] memory amounts = [AMOUNT, 0];
        for (uint256 i = 0; i < 2; ++i) {
            Terms memory terms = tokenTerms();
            terms.lane += i;
            vm.warp(NOW);
            lock(terms);
            panel.rule(terms, amounts[i], 1, votes(terms, amounts[i], 1));
            vm.warp(NOW + APPEAL_WINDOW + 1);
            execute(terms, amounts[i]);
        }
        assertEq(token.balanceOf(buyer), AMOUNT);
    }

    /// @notice A ruling can come in each status in which the escrow can still be ended.
    function testOpenEscrowsAreRuled() public {
        Status[2] memory open = [Status.CancelRequested, Status.Paid];
        for (uint256 i = 0; i < 2; ++i) {
            Terms memory terms = tokenTerms();
            terms.lane += i;
            terms.fundBy = type(uint40).max;
            bringTo(terms, open[i]);
            panel.rule(terms, RULED, 1, votes(terms, RULED, 1));
        }
    }

    // ------------------------------------------------------------------ who takes part, and how

    function testMemberVotesByCalling() public {
        Terms memory terms = locked();
        Vote[] memory brought = votes(terms, RULED, 1);
        brought[1].signature = "";
        vm.prank(member(1, 1));
        panel.rule(terms, RULED, 1, brought);
        assertEq(panel.rulingOf(escrow.escrowId(terms)).buyerAmount, RULED);
    }

    function testMoreVotesThanNeededAreTaken() public {
        Terms memory terms = locked();
        Vote[] memory brought = new Vote[](3);
        for (uint256 i = 0; i < 3; ++i) {
            brought[i] = vote(terms, RULED, 1, i);
        }
        panel.rule(terms, RULED, 1, brought);
    }

    function testContractWalletIsAMember() public {
        Bench memory only;
        only.members = new address[](1);
        only.members[0] = address(new Wallet1271(member(1, 0)));
        only.threshold = 1;
        panel = newPanel(only, benchOf(2));
        arbitrator = address(panel);
        Terms memory terms = locked();
        Vote[] memory brought = new Vote[](1);
        brought[0] = vote(terms, RULED, 1, 1);
        brought[0].seat = 0;
        expectBadSignature(only.members[0], rulingDigest(escrow.escrowId(terms), RULED, 1));
        panel.rule(terms, RULED, 1, brought);
        brought[0] = vote(terms, RULED, 1, 0);
        panel.rule(terms, RULED, 1, brought);
    }

    function testEitherTraderAppeals() public {
        Terms memory terms = ruled();
        vm.prank(buyer);
        panel.appeal(terms, Role.Buyer, "");
        assertEq(uint256(panel.rulingOf(escrow.escrowId(terms)).phase), uint256(Phase.Appealed));
    }

    function testAppealBySignature() public {
        Terms memory terms = ruled();
        bytes memory signature = sign(BUYER_KEY, appealDigest(escrow.escrowId(terms), RULED));
        vm.expectEmit(address(panel));
        emit ArbitrationPanel.Appealed(escrow.escrowId(terms), buyer, NOW + REHEARING_WINDOW);
        vm.prank(stranger);
        panel.appeal(terms, Role.Buyer, signature);
    }

    function testContractWalletsTradeUnderAPanel() public {
        Terms memory terms = tokenTerms();
        terms.buyer = address(new Wallet1271(buyer));
        bytes32 id = lock(terms);
        panel.rule(terms, RULED, 1, votes(terms, RULED, 1));
        panel.appeal(terms, Role.Buyer, sign(BUYER_KEY, appealDigest(id, RULED)));
        panel.rule(terms, REHEARD, 2, votes(terms, REHEARD, 2));
        execute(terms, REHEARD);
        assertEq(token.balanceOf(terms.buyer), REHEARD);
    }

    // ------------------------------------------------------------------ what can be read

    function testAnyoneReadsWhoRules() public view {
        assertEq(address(panel.escrow()), address(escrow));
        assertEq(panel.appealWindow(), APPEAL_WINDOW);
        assertEq(panel.rehearingWindow(), REHEARING_WINDOW);
        for (uint8 round = 1; round < 3; ++round) {
            Bench memory bench = panel.bench(round);
            assertEq(bench.threshold, uint256(round) + 1);
            assertEq(bench.members.length, keys[round].length);
            for (uint256 i = 0; i < bench.members.length; ++i) {
                assertEq(bench.members[i], member(round, i));
            }
        }
    }

    function testCodeIsTheSameWhoeverSits() public {
        Bench memory first = benchOf(1);
        first.members[0] = address(1);
        ArbitrationPanel other = newPanel(first, benchOf(2));
        assertEq(address(other).codehash, address(panel).codehash);
    }

    function testDomainIsShown() public view {
        (
            bytes1 fields,
            string memory name,
            string memory version,
            uint256 chain,
            address verifier,
            bytes32 salt,
            uint256[] memory extensions
        ) = panel.eip712Domain();
        assertEq(uint8(fields), 0x0f);
        assertEq(keccak256(bytes(name)), keccak256("Tradepost Panel"));
        assertEq(keccak256(bytes(version)), keccak256("1"));
        assertEq(chain, block.chainid);
        assertEq(verifier, address(panel));
        assertEq(salt, 0);
        assertEq(extensions.length, 0);
    }

    // ------------------------------------------------------------------ construction

    function testUnsoundBenchesAreRefused() public {
        Bench memory bench = benchOf(1);
        (bench.members[0], bench.members[1]) = (bench.members[1], bench.members[0]);
        expectMembersRefused(bench, bench.members[0], bench.members[1]);
        bench.members[1] = bench.members[0];
        expectMembersRefused(bench, bench.members[0], bench.members[0]);
        bench.members[0] = address(0);
        expectMembersRefused(bench, address(0), address(0));

        uint256[4] memory thresholds = [uint256(0), 1, 4, type(uint256).max];
        for (uint256 i = 0; i < 4; ++i) {
            bench = benchOf(1);
            bench.threshold = thresholds[i];
            expectRefusal(ArbitrationPanel.BadThreshold.selector, thresholds[i], 3);
            newPanel(bench, benchOf(2));
        }
        bench.members = new address[](0);
        bench.threshold = 0;
        expectRefusal(ArbitrationPanel.BadThreshold.selector, 0, 0);
        newPanel(bench, benchOf(2));
    }

    function expectMembersRefused(Bench memory bench, address previous, address next) private {
        expectRefusal(
            ArbitrationPanel.MembersNotAscending.selector, uint160(previous), uint160(next)
        );
        newPanel(benchOf(1), bench);
    }

    function testSecondBenchMustBeLarger() public {
        Bench memory four = benchOf(2);
        four.members = new address[](4);
        for (uint160 i = 0; i < 4; ++i) {
            four.members[i] = address(i + 1);
        }
        Bench memory three = benchOf(1);
        three.threshold = 3;
        // More members, the same threshold.
        expectRefusal(ArbitrationPanel.SecondBenchNotLarger.selector, 4, 3);
        newPanel(three, four);
        // A higher threshold, as many members.
        expectRefusal(ArbitrationPanel.SecondBenchNotLarger.selector, 3, 3);
        newPanel(benchOf(1), three);
        newPanel(benchOf(1), four);
    }

    function testWindowsOutOfBoundsAreRefused() public {
        uint32[3] memory windows = [uint32(0), 1 days - 1, 90 days + 1];
        Bench memory first = benchOf(1);
        Bench memory second = benchOf(2);
        for (uint256 i = 0; i < 3; ++i) {
            bytes memory refusal = abi.encodeWithSelector(
                ArbitrationPanel.BadWindow.selector, windows[i], 1 days, 90 days
            );
            vm.expectRevert(refusal);
            newPanel(escrow, first, second, windows[i], 1 days);
            vm.expectRevert(refusal);
            newPanel(escrow, first, second, 90 days, windows[i]);
        }
        newPanel(escrow, first, second, 1 days, 90 days);
    }

    function testEscrowWithoutCodeIsRefused() public {
        Bench memory first = benchOf(1);
        Bench memory second = benchOf(2);
        vm.expectRevert(
            abi.encodeWithSelector(ContractArbitrator.NoContract.selector, address(0xdead))
        );
        newPanel(ITradepostEscrow(address(0xdead)), first, second, 1 days, 1 days);
    }
}
