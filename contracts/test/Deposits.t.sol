// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ITradepostEscrow} from "../src/ITradepostEscrow.sol";
import {Role, State, Status, Terms} from "../src/Terms.sol";
import {EscrowTest} from "./EscrowTest.sol";
import {BlacklistToken, FeeOnTransferToken, HostileRecipient} from "./Hostile.sol";

/// @notice Coins that lie ready for many trades, and how they come back.
contract DepositsTest is EscrowTest {
    uint128 private constant DEPOSIT = 1_000e6;

    function depositedTerms(bool native) private returns (Terms memory terms) {
        terms = native ? nativeTerms() : tokenTerms();
        depositOf(terms, DEPOSIT);
    }

    function lockFromDeposit(Terms memory terms) private {
        bytes memory signature = signedLock(SELLER_KEY, "LockFromDeposit", terms);
        vm.prank(stranger);
        escrow.lockFromDeposit(terms, signature);
    }

    function testADepositIsItsAccountsAlone(bool native) public {
        Terms memory terms = native ? nativeTerms() : tokenTerms();
        vm.expectEmit(address(escrow));
        emit ITradepostEscrow.Deposited(terms.token, seller, DEPOSIT);
        depositOf(terms, DEPOSIT);
        assertEq(escrow.balanceOf(terms.token, seller), DEPOSIT);
        vm.expectRevert(
            abi.encodeWithSelector(
                ITradepostEscrow.BalanceTooLow.selector, terms.token, stranger, 0, 1
            )
        );
        vm.prank(stranger);
        escrow.withdraw(terms.token, 1, stranger);
        vm.prank(seller);
        escrow.withdraw(terms.token, DEPOSIT, address(0xca5e));
        assertEq(balance(terms.token, address(0xca5e)), DEPOSIT);
        assertEq(escrow.balanceOf(terms.token, seller), 0);
    }

    function testOneDepositServesManyTrades(bool native) public {
        Terms memory terms = depositedTerms(native);
        for (uint256 i = 1; i <= 9; ++i) {
            terms.lane = i;
            vm.expectEmit(address(escrow));
            emit ITradepostEscrow.Locked(escrow.escrowId(terms), seller, buyer);
            lockFromDeposit(terms);
            State memory state = escrow.stateOf(terms);
            assertTrue(state.fromDeposit);
            assertEq(escrow.balanceOf(terms.token, seller), DEPOSIT - i * (AMOUNT + FEE));
        }
        terms.lane = 10;
        uint256 left = DEPOSIT - 9 * uint256(AMOUNT + FEE);
        bytes memory signature = signedLock(SELLER_KEY, "LockFromDeposit", terms);
        vm.expectRevert(
            abi.encodeWithSelector(
                ITradepostEscrow.BalanceTooLow.selector, terms.token, seller, left, AMOUNT + FEE
            )
        );
        escrow.lockFromDeposit(terms, signature);
        terms.lane = 1;
        escrow.releaseBySig(terms, signed(SELLER_KEY, "Release", terms));
        assertEq(balance(terms.token, buyer), AMOUNT);
    }

    function testTheSellerLocksFromHisDepositHimself() public {
        Terms memory terms = depositedTerms(false);
        vm.prank(seller);
        escrow.lockFromDeposit(terms, "");
        assertStatus(terms, Status.Locked);
    }

    /// @notice What comes back goes to where it came from: his next trades need it there.
    function testRefundReturnsToTheDeposit(bool native, bool bySignature) public {
        Terms memory terms = depositedTerms(native);
        uint256 outside = balance(terms.token, seller);
        lockFromDeposit(terms);
        if (bySignature) {
            escrow.refundBySig(terms, signed(BUYER_KEY, "Refund", terms));
        } else {
            vm.prank(buyer);
            escrow.refund(terms);
        }
        assertEq(escrow.balanceOf(terms.token, seller), DEPOSIT);
        assertEq(balance(terms.token, seller), outside);
    }

    function testCancelReturnsToTheDeposit() public {
        Terms memory terms = depositedTerms(false);
        lockFromDeposit(terms);
        requestCancel(terms);
        vm.warp(block.timestamp + terms.challengeWindow + 1);
        escrow.cancel(terms);
        assertEq(escrow.balanceOf(terms.token, seller), DEPOSIT);
    }

    function testTheSellersShareReturnsToTheDeposit() public {
        Terms memory terms = depositedTerms(false);
        lockFromDeposit(terms);
        vm.prank(buyer);
        escrow.markPaid(terms);
        assertTrue(escrow.stateOf(terms).fromDeposit);
        settleHalf(terms);
        assertEq(
            escrow.balanceOf(terms.token, seller), DEPOSIT - (AMOUNT + FEE) + AMOUNT / 2 + FEE / 2
        );
        assertEq(balance(terms.token, buyer), AMOUNT / 2);
    }

    /// @notice What lies ready is free at once. A lock that was signed and not brought is no promise.
    function testTheDepositIsFreeUntilTheLockIsOnTheChain() public {
        Terms memory terms = depositedTerms(false);
        bytes memory signature = signedLock(SELLER_KEY, "LockFromDeposit", terms);
        vm.prank(seller);
        escrow.withdraw(terms.token, DEPOSIT, seller);
        vm.expectRevert(
            abi.encodeWithSelector(
                ITradepostEscrow.BalanceTooLow.selector, terms.token, seller, 0, AMOUNT + FEE
            )
        );
        escrow.lockFromDeposit(terms, signature);
        assertStatus(terms, Status.None);
    }

    function testOneSignatureLocksOnce() public {
        Terms memory terms = depositedTerms(false);
        bytes memory signature = signedLock(SELLER_KEY, "LockFromDeposit", terms);
        escrow.lockFromDeposit(terms, signature);
        expectLaneTaken(terms);
        escrow.lockFromDeposit(terms, signature);
        vm.prank(buyer);
        escrow.refund(terms);
        expectLaneTaken(terms);
        escrow.lockFromDeposit(terms, signature);
        vm.warp(terms.fundBy + 1);
        vm.expectPartialRevert(ITradepostEscrow.TooLateToLock.selector);
        escrow.lockFromDeposit(terms, signature);
    }

    function testTheSignatureIsBoundToTheTermsAndTheSource() public {
        Terms memory terms = depositedTerms(false);
        bytes memory signature = signedLock(SELLER_KEY, "LockFromDeposit", terms);
        Terms memory other = tokenTerms();
        other.buyer = stranger;
        expectBadSignature(seller, lockDigest("LockFromDeposit", other));
        escrow.lockFromDeposit(other, signature);
        // That of a lock by allowance takes nothing from the deposit, and the other way round.
        bytes memory allowed = signedLock(SELLER_KEY, "Lock", terms);
        expectBadSignature(seller, lockDigest("LockFromDeposit", terms));
        escrow.lockFromDeposit(terms, allowed);
        expectBadSignature(seller, lockDigest("Lock", terms));
        escrow.lockBySig(terms, signature);
        // Nor do buyer, arbitrator or a stranger lock for him.
        bytes memory buyers = signedLock(BUYER_KEY, "LockFromDeposit", terms);
        expectBadSignature(seller, lockDigest("LockFromDeposit", terms));
        escrow.lockFromDeposit(terms, buyers);
        expectBadSignature(seller, lockDigest("LockFromDeposit", terms));
        vm.prank(stranger);
        escrow.lockFromDeposit(terms, "");
    }

    function testAFailedPayoutAndFeesServeAsADeposit() public {
        BlacklistToken coin = new BlacklistToken();
        fund(address(coin));
        Terms memory terms = termsIn(address(coin));
        lock(terms);
        coin.blacklist(buyer, true);
        vm.prank(seller);
        escrow.release(terms);
        Terms memory sale = termsIn(address(coin));
        (sale.seller, sale.buyer, sale.amount, sale.fee) = (buyer, stranger, AMOUNT, 0);
        vm.prank(buyer);
        escrow.lockFromDeposit(sale, "");
        vm.prank(buyer);
        escrow.release(sale);
        assertEq(coin.balanceOf(stranger), AMOUNT);
    }

    // ------------------------------------------------------------------ signed withdrawals

    function withdrawalDigest(uint256 amount, address to, uint64 nonce, uint40 validUntil)
        private
        view
        returns (bytes32)
    {
        return digestOf(
            keccak256(
                abi.encode(
                    keccak256(
                        "Withdrawal(address account,address token,uint256 amount,address to,uint64 nonce,uint40 validUntil)"
                    ),
                    seller,
                    address(token),
                    amount,
                    to,
                    nonce,
                    validUntil
                )
            )
        );
    }

    function testAnybodyBringsASignedWithdrawalOnce() public {
        depositedTerms(false);
        bytes memory signature = sign(SELLER_KEY, withdrawalDigest(1e6, address(0xca5e), 0, NOW));
        vm.prank(stranger);
        escrow.withdrawBySig(seller, address(token), 1e6, address(0xca5e), NOW, signature);
        assertEq(token.balanceOf(address(0xca5e)), 1e6);
        assertEq(escrow.withdrawalNonce(address(token), seller), 1);
        expectBadSignature(seller, withdrawalDigest(1e6, address(0xca5e), 1, NOW));
        escrow.withdrawBySig(seller, address(token), 1e6, address(0xca5e), NOW, signature);
    }

    function testASignedWithdrawalIsBoundToEveryWord() public {
        depositedTerms(false);
        bytes memory signature = sign(SELLER_KEY, withdrawalDigest(1e6, address(0xca5e), 0, NOW));
        address coin = address(token);
        vm.expectPartialRevert(ITradepostEscrow.BadSignature.selector);
        escrow.withdrawBySig(seller, coin, 2e6, address(0xca5e), NOW, signature);
        vm.expectPartialRevert(ITradepostEscrow.BadSignature.selector);
        escrow.withdrawBySig(seller, coin, 1e6, stranger, NOW, signature);
        vm.expectPartialRevert(ITradepostEscrow.BadSignature.selector);
        escrow.withdrawBySig(seller, address(0), 1e6, address(0xca5e), NOW, signature);
        vm.expectPartialRevert(ITradepostEscrow.BadSignature.selector);
        escrow.withdrawBySig(buyer, coin, 1e6, address(0xca5e), NOW, signature);
        vm.expectPartialRevert(ITradepostEscrow.BadSignature.selector);
        escrow.withdrawBySig(seller, coin, 1e6, address(0xca5e), NOW + 1, signature);
        vm.warp(NOW + 1);
        vm.expectRevert(
            abi.encodeWithSelector(ITradepostEscrow.SignatureTooLate.selector, NOW, NOW + 1)
        );
        escrow.withdrawBySig(seller, coin, 1e6, address(0xca5e), NOW, signature);
    }

    // ------------------------------------------------------------------ what is refused

    function testNothingIsNoDepositAndNoWithdrawal() public {
        vm.expectPartialRevert(ITradepostEscrow.NoAmount.selector);
        escrow.deposit(address(token), seller, 0);
        vm.expectPartialRevert(ITradepostEscrow.NoAmount.selector);
        escrow.withdraw(address(token), 0, seller);
        vm.expectPartialRevert(ITradepostEscrow.NoAmount.selector);
        escrow.depositWithAuthorization(address(token), seller, 0, NOW + 1, bytes32(0), "");
    }

    function testAWithdrawalIntoTheContractIsRefused() public {
        depositedTerms(false);
        vm.expectRevert(
            abi.encodeWithSelector(ITradepostEscrow.BadRecipient.selector, address(escrow))
        );
        vm.prank(seller);
        escrow.withdraw(address(token), 1, address(escrow));
    }

    function testAWithdrawalThatFailsLeavesTheBalance() public {
        depositedTerms(true);
        HostileRecipient recipient = new HostileRecipient();
        recipient.be(HostileRecipient.Mood.Revert);
        vm.expectRevert(
            abi.encodeWithSelector(
                ITradepostEscrow.WithdrawalFailed.selector, address(0), address(recipient), 1
            )
        );
        vm.prank(seller);
        escrow.withdraw(address(0), 1, address(recipient));
        assertEq(escrow.balanceOf(address(0), seller), DEPOSIT);
    }

    function testAWithdrawalCannotBeReentered() public {
        HostileRecipient recipient = new HostileRecipient();
        depositedTerms(true);
        vm.prank(seller);
        escrow.deposit{value: AMOUNT}(address(0), address(recipient), AMOUNT);
        bytes memory draw =
            abi.encodeCall(escrow.withdraw, (address(0), AMOUNT, address(recipient)));
        recipient.reenterWith(address(escrow), draw);
        recipient.run(address(escrow), draw);
        assertTrue(!recipient.reentered());
        assertEq(address(recipient).balance, AMOUNT);
        assertEq(address(escrow).balance, DEPOSIT);
    }

    function testADepositThatArrivesShortIsRefused() public {
        FeeOnTransferToken coin = new FeeOnTransferToken();
        fund(address(coin));
        vm.expectRevert(
            abi.encodeWithSelector(
                ITradepostEscrow.WrongAmountArrived.selector,
                address(coin),
                AMOUNT,
                AMOUNT * 99 / 100
            )
        );
        vm.prank(seller);
        escrow.deposit(address(coin), seller, AMOUNT);
    }

    function testNativeDepositsAreExact() public {
        vm.expectRevert(
            abi.encodeWithSelector(ITradepostEscrow.WrongValue.selector, AMOUNT, AMOUNT - 1)
        );
        vm.prank(seller);
        escrow.deposit{value: AMOUNT - 1}(address(0), seller, AMOUNT);
        vm.expectRevert(abi.encodeWithSelector(ITradepostEscrow.WrongValue.selector, 0, 1));
        vm.prank(seller);
        escrow.deposit{value: 1}(address(token), seller, AMOUNT);
    }

    // ------------------------------------------------------------------ fuzz

    /// @notice Whatever is deposited, locked, settled and drawn: to the unit.
    function testADepositConserves(uint128 amount, uint128 fee, uint128 share, uint128 spare)
        public
    {
        Terms memory terms = tokenTerms();
        terms.amount = uint128(bound(amount, 1, type(uint128).max / 4));
        terms.fee = uint128(bound(fee, 0, terms.amount));
        uint128 total = terms.amount + terms.fee;
        spare = uint128(bound(spare, 0, type(uint128).max / 4));
        share = uint128(bound(share, 0, terms.amount));
        depositOf(terms, total + spare);
        lockFromDeposit(terms);
        assertEq(escrow.balanceOf(address(token), seller), spare);
        bytes32 digest = settlementDigest(escrow.escrowId(terms), share);
        bytes memory buyers = sign(BUYER_KEY, digest);
        bytes memory sellers = sign(SELLER_KEY, digest);
        escrow.settle(terms, share, FOREVER, Role.Arbitrator, sellers, buyers);
        uint256 feeShare = uint256(terms.fee) * share / terms.amount;
        uint256 back = escrow.balanceOf(address(token), seller);
        assertEq(back, uint256(spare) + total - share - feeShare);
        assertEq(token.balanceOf(address(escrow)), back + feeShare);
        assertEq(token.balanceOf(buyer), share);
    }
}
