// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ITradepostEscrow} from "../src/ITradepostEscrow.sol";
import {Role, State, Status, Terms} from "../src/Terms.sol";
import {EscrowTest} from "./EscrowTest.sol";

/// @notice Each way through an escrow's life, and who gets what at its end.
contract LifeTest is EscrowTest {
    function testLockTakesAmountAndFee() public {
        Terms memory terms = tokenTerms();
        vm.expectEmit(address(escrow));
        emit ITradepostEscrow.Locked(escrow.escrowId(terms), seller, buyer);
        bytes32 id = lock(terms);
        assertEq(id, escrow.escrowId(terms));
        assertEq(token.balanceOf(address(escrow)), AMOUNT + FEE);
        State memory state = escrow.stateOf(terms);
        assertEq(uint256(state.status), uint256(Status.Locked));
        assertEq(state.time, NOW);
        assertTrue(!state.fromDeposit);
    }

    function testReleaseGivesBuyerAmountAndCreditsFee(bool native) public {
        Terms memory terms = native ? nativeTerms() : tokenTerms();
        bytes32 id = lock(terms);
        vm.expectEmit(address(escrow));
        emit ITradepostEscrow.Released(id);
        vm.prank(seller);
        escrow.release(terms);
        assertStatus(terms, Status.Released);
        assertEq(balance(terms.token, buyer), AMOUNT);
        assertEq(escrow.balanceOf(terms.token, feeRecipient), FEE);
        assertEq(balance(terms.token, address(escrow)), FEE);
    }

    function testRefundGivesSellerEverything(bool native) public {
        Terms memory terms = native ? nativeTerms() : tokenTerms();
        uint256 before = balance(terms.token, seller);
        bytes32 id = lock(terms);
        vm.expectEmit(address(escrow));
        emit ITradepostEscrow.Refunded(id);
        vm.prank(buyer);
        escrow.refund(terms);
        assertStatus(terms, Status.Refunded);
        assertEq(balance(terms.token, seller), before);
        assertEq(escrow.balanceOf(terms.token, feeRecipient), 0);
    }

    function testReleaseBySignature() public {
        Terms memory terms = tokenTerms();
        lock(terms);
        vm.prank(stranger);
        escrow.releaseBySig(terms, signed(SELLER_KEY, "Release", terms));
        assertEq(token.balanceOf(buyer), AMOUNT);
    }

    function testRefundBySignature() public {
        Terms memory terms = tokenTerms();
        lock(terms);
        vm.prank(stranger);
        escrow.refundBySig(terms, signed(BUYER_KEY, "Refund", terms));
        assertStatus(terms, Status.Refunded);
    }

    function testPaidBySignatureEndsThePowerToCancel() public {
        Terms memory terms = tokenTerms();
        bytes32 id = lock(terms);
        requestCancel(terms);
        bytes memory signature = signed(BUYER_KEY, "Paid", terms);
        vm.expectEmit(address(escrow));
        emit ITradepostEscrow.Paid(id);
        vm.prank(stranger);
        escrow.markPaidBySig(terms, signature);
        vm.warp(block.timestamp + 365 days);
        expectWrongStatus(terms);
        escrow.cancel(terms);
    }

    function testCancelAfterBothWindows() public {
        Terms memory terms = tokenTerms();
        uint256 before = token.balanceOf(seller);
        bytes32 id = lock(terms);
        vm.warp(NOW + terms.paymentWindow + 1);
        uint40 cancelAt = NOW + terms.paymentWindow + 1 + terms.challengeWindow;
        bytes memory signature = signed(SELLER_KEY, "Cancel", terms);
        vm.expectEmit(address(escrow));
        emit ITradepostEscrow.CancelRequested(id, cancelAt);
        vm.prank(stranger);
        escrow.requestCancelBySig(terms, signature);
        assertEq(escrow.stateOf(terms).time, cancelAt);
        vm.warp(uint256(cancelAt) + 1);
        vm.prank(stranger);
        escrow.cancel(terms);
        assertStatus(terms, Status.Refunded);
        assertEq(token.balanceOf(seller), before);
    }

    function testEachPairOfRolesSettles() public {
        uint256[3] memory keys = [SELLER_KEY, BUYER_KEY, ARBITRATOR_KEY];
        for (uint8 a = 0; a < 2; ++a) {
            for (uint8 b = a + 1; b < 3; ++b) {
                Terms memory terms = tokenTerms();
                terms.lane = uint256(a) * 3 + b;
                bytes32 id = lock(terms);
                bytes32 digest = settlementDigest(id, 30e6);
                bytes memory signatureA = sign(keys[a], digest);
                bytes memory signatureB = sign(keys[b], digest);
                uint256 buyerBefore = token.balanceOf(buyer);
                uint256 sellerBefore = token.balanceOf(seller);
                uint256 feesBefore = escrow.balanceOf(address(token), feeRecipient);
                vm.expectEmit(address(escrow));
                emit ITradepostEscrow.Settled(id, 30e6);
                escrow.settle(terms, 30e6, FOREVER, Role(3 - a - b), signatureA, signatureB);
                assertStatus(terms, Status.Split);
                assertEq(token.balanceOf(buyer) - buyerBefore, 30e6);
                assertEq(escrow.balanceOf(address(token), feeRecipient) - feesBefore, 150_000);
                assertEq(token.balanceOf(seller) - sellerBefore, AMOUNT + FEE - 30e6 - 150_000);
            }
        }
    }

    function testSettlementByTheCallerHimself() public {
        Terms memory terms = tokenTerms();
        bytes32 digest = settlementDigest(lock(terms), AMOUNT);
        vm.prank(arbitrator);
        bytes memory buyers = sign(BUYER_KEY, digest);
        escrow.settle(terms, AMOUNT, FOREVER, Role.Seller, buyers, "");
        assertEq(token.balanceOf(buyer), AMOUNT);
    }

    function testFeeRecipientDrawsTheFees() public {
        Terms memory terms = tokenTerms();
        bringTo(terms, Status.Released);
        vm.expectEmit(address(escrow));
        emit ITradepostEscrow.Withdrawn(address(token), feeRecipient, address(0xca5e), FEE);
        vm.prank(feeRecipient);
        escrow.withdraw(address(token), FEE, address(0xca5e));
        assertEq(token.balanceOf(address(0xca5e)), FEE);
        vm.expectRevert(
            abi.encodeWithSelector(
                ITradepostEscrow.BalanceTooLow.selector, address(token), feeRecipient, 0, 1
            )
        );
        vm.prank(feeRecipient);
        escrow.withdraw(address(token), 1, feeRecipient);
    }

    /// @notice The whole table of states and functions: what is not permitted is refused.
    function testEveryStatusAndFunction() public {
        for (uint8 s = 0; s <= uint8(Status.Split); ++s) {
            Status status = Status(s);
            bool open = s >= 1 && s <= 3;
            bool unpaid = status == Status.Locked || status == Status.CancelRequested;
            for (uint256 f = 0; f < 9; ++f) {
                Terms memory terms = tokenTerms();
                terms.lane = uint256(s) * 100 + f;
                terms.fundBy = FOREVER;
                bringTo(terms, status);
                vm.warp(block.timestamp + 60 days);
                bool permitted = f == 0
                    ? status == Status.None
                    : f == 1
                        ? status == Status.Locked
                        : f == 2 ? unpaid : f == 3 ? status == Status.CancelRequested : open;
                bytes memory data = callData(f, terms);
                if (!permitted) f == 0 ? expectLaneTaken(terms) : expectWrongStatus(terms);
                vm.prank(f == 2 || f == 5 ? buyer : seller);
                (bool success,) = address(escrow).call(data);
                // Under expectRevert forge itself checks the refusal, and lets the call succeed.
                assertTrue(success);
            }
        }
    }

    function callData(uint256 f, Terms memory terms) private view returns (bytes memory) {
        bytes32 digest = settlementDigest(escrow.escrowId(terms), 1);
        if (f == 0) return abi.encodeCall(escrow.lock, (terms));
        if (f == 1) return abi.encodeCall(escrow.requestCancel, (terms));
        if (f == 2) return abi.encodeCall(escrow.markPaid, (terms));
        if (f == 3) return abi.encodeCall(escrow.cancel, (terms));
        if (f == 4) return abi.encodeCall(escrow.release, (terms));
        if (f == 5) return abi.encodeCall(escrow.refund, (terms));
        if (f == 6) {
            return
                abi.encodeCall(escrow.releaseBySig, (terms, signed(SELLER_KEY, "Release", terms)));
        }
        if (f == 7) {
            return abi.encodeCall(escrow.refundBySig, (terms, signed(BUYER_KEY, "Refund", terms)));
        }
        return abi.encodeCall(
            escrow.settle,
            (terms, 1, FOREVER, Role.Buyer, sign(SELLER_KEY, digest), sign(ARBITRATOR_KEY, digest))
        );
    }

    // ------------------------------------------------------------------ time

    function testWindowsIncludeTheirLastSecond() public {
        Terms memory terms = tokenTerms();
        vm.warp(terms.fundBy);
        lock(terms);
        uint256 until = uint256(terms.fundBy) + terms.paymentWindow;
        vm.warp(until);
        vm.expectRevert(
            abi.encodeWithSelector(ITradepostEscrow.PaymentWindowOpen.selector, until, until)
        );
        vm.prank(seller);
        escrow.requestCancel(terms);
        vm.warp(until + 1);
        vm.prank(seller);
        escrow.requestCancel(terms);
        uint256 cancelAt = until + 1 + terms.challengeWindow;
        vm.warp(cancelAt);
        vm.expectRevert(
            abi.encodeWithSelector(
                ITradepostEscrow.ChallengeWindowOpen.selector, cancelAt, cancelAt
            )
        );
        escrow.cancel(terms);
        vm.warp(cancelAt + 1);
        escrow.cancel(terms);
    }

    function testLateLockIsRefused() public {
        Terms memory terms = tokenTerms();
        vm.warp(uint256(terms.fundBy) + 1);
        vm.expectRevert(
            abi.encodeWithSelector(
                ITradepostEscrow.TooLateToLock.selector, terms.fundBy, uint256(terms.fundBy) + 1
            )
        );
        lock(terms);
    }

    function testPaidIsTakenAfterTheWindowUntilTheCancel() public {
        Terms memory terms = tokenTerms();
        lock(terms);
        requestCancel(terms);
        vm.warp(block.timestamp + 30 days);
        vm.prank(buyer);
        escrow.markPaid(terms);
        assertStatus(terms, Status.Paid);
    }

    // ------------------------------------------------------------------ fuzz

    /// @notice Whatever the share, nothing is lost and nothing appears.
    function testSettlementConserves(uint128 amount, uint128 fee, uint128 share) public {
        Terms memory terms = tokenTerms();
        terms.amount = uint128(bound(amount, 1, type(uint128).max / 2));
        terms.fee = uint128(bound(fee, 0, terms.amount));
        share = uint128(bound(share, 0, terms.amount));
        uint256 before = token.balanceOf(seller);
        bytes32 digest = settlementDigest(lock(terms), share);
        escrow.settle(
            terms,
            share,
            FOREVER,
            Role.Seller,
            sign(BUYER_KEY, digest),
            sign(ARBITRATOR_KEY, digest)
        );
        uint256 credited = escrow.balanceOf(address(token), feeRecipient);
        assertEq(token.balanceOf(buyer), share);
        assertEq(credited, uint256(terms.fee) * share / terms.amount);
        assertEq(token.balanceOf(seller), before - share - credited);
        assertEq(token.balanceOf(address(escrow)), credited);
    }

    /// @notice Two terms have one id only if they are the same in every word.
    function testEveryWordIsInTheId(uint8 word, uint256 flip) public view {
        Terms memory terms = tokenTerms();
        bytes memory encoded = abi.encodeCall(escrow.escrowId, (terms));
        bytes32 id = escrow.escrowId(terms);
        word = uint8(bound(word, 0, 10));
        vm.assume(flip != 0);
        assembly {
            let at := add(add(encoded, 0x24), mul(word, 0x20))
            mstore(at, xor(mload(at), flip))
        }
        (bool success, bytes memory answer) = address(escrow).staticcall(encoded);
        assertTrue(!success || abi.decode(answer, (bytes32)) != id);
    }
}
