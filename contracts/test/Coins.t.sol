// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";

import {DevToken} from "../src/dev/DevToken.sol";
import {ITradepostEscrow} from "../src/ITradepostEscrow.sol";
import {Payouts} from "../src/Payouts.sol";
import {Role, Status, Terms} from "../src/Terms.sol";
import {EscrowTest} from "./EscrowTest.sol";
import {
    BlacklistToken,
    FalseReturningToken,
    FeeOnTransferToken,
    HookToken,
    HostileRecipient,
    LyingToken,
    NonReturningToken,
    RebasingToken,
    RobbingToken,
    ShortBalanceToken,
    WrappingToken
} from "./Hostile.sol";

/// @notice Attacks by coins and by those who take them.
contract CoinsTest is EscrowTest {
    // ------------------------------------------------------------------ at the door

    function testWrongNativeValueIsRefused() public {
        Terms memory terms = nativeTerms();
        uint256 total = AMOUNT + FEE;
        uint256[3] memory values = [0, total - 1, total + 1];
        for (uint256 i = 0; i < 3; ++i) {
            vm.expectRevert(
                abi.encodeWithSelector(ITradepostEscrow.WrongValue.selector, total, values[i])
            );
            vm.prank(seller);
            escrow.lock{value: values[i]}(terms);
        }
    }

    function testNativeCoinsWithATokenAreRefused() public {
        vm.expectRevert(abi.encodeWithSelector(ITradepostEscrow.WrongValue.selector, 0, 1));
        vm.prank(seller);
        escrow.lock{value: 1}(tokenTerms());
    }

    function testCoinsSentWithoutALockAreRefused() public {
        vm.prank(seller);
        (bool success,) = address(escrow).call{value: 1}("");
        assertTrue(!success);
    }

    function testTokenWithoutCodeIsRefused() public {
        vm.expectRevert(abi.encodeWithSelector(ITradepostEscrow.NoToken.selector, address(0xdead)));
        lock(termsIn(address(0xdead)));
    }

    function testFeeOnTransferTokenIsRefused() public {
        address coin = address(new FeeOnTransferToken());
        fund(coin);
        uint256 total = AMOUNT + FEE;
        expectWrongArrival(coin, total, total - total / 100);
        lock(termsIn(coin));
    }

    function testLyingTokenIsRefused() public {
        address coin = address(new LyingToken());
        fund(coin);
        expectWrongArrival(coin, AMOUNT + FEE, 0);
        lock(termsIn(coin));
    }

    function expectWrongArrival(address coin, uint256 expected, uint256 arrived) private {
        vm.expectRevert(
            abi.encodeWithSelector(
                ITradepostEscrow.WrongAmountArrived.selector, coin, expected, arrived
            )
        );
    }

    function testATokenThatRobsTheContractIsTold() public {
        RobbingToken coin = new RobbingToken();
        coin.mint(address(escrow), 10);
        Terms memory terms = termsIn(address(coin));
        vm.expectRevert(
            abi.encodeWithSelector(
                ITradepostEscrow.WrongAmountArrived.selector, address(coin), AMOUNT + FEE, 0
            )
        );
        vm.prank(seller);
        escrow.lock(terms);
    }

    function testABalanceThatWrapsAroundIsNoIncome() public {
        WrappingToken coin = new WrappingToken();
        Terms memory terms = termsIn(address(coin));
        vm.expectRevert(
            abi.encodeWithSelector(
                ITradepostEscrow.WrongAmountArrived.selector, address(coin), AMOUNT + FEE, 0
            )
        );
        vm.prank(seller);
        escrow.lock(terms);
    }

    function testABalanceInLessThanAWordIsNone() public {
        ShortBalanceToken coin = new ShortBalanceToken();
        Terms memory terms = termsIn(address(coin));
        vm.expectRevert(abi.encodeWithSelector(ITradepostEscrow.NoToken.selector, address(coin)));
        vm.prank(seller);
        escrow.lock(terms);
    }

    function testFalseReturningTokenIsRefusedAtTheDoorAndCreditedOnTheWayOut() public {
        FalseReturningToken coin = new FalseReturningToken();
        fund(address(coin));
        coin.refuse(true);
        vm.expectRevert(
            abi.encodeWithSelector(SafeERC20.SafeERC20FailedOperation.selector, address(coin))
        );
        lock(termsIn(address(coin)));
        coin.refuse(false);
        Terms memory terms = termsIn(address(coin));
        lock(terms);
        coin.refuse(true);
        vm.prank(seller);
        escrow.release(terms);
        assertEq(escrow.balanceOf(address(coin), buyer), AMOUNT);
    }

    function testNonReturningTokenWorks() public {
        NonReturningToken coin = new NonReturningToken();
        coin.mint(seller, type(uint128).max);
        vm.prank(seller);
        coin.approve(address(escrow), type(uint256).max);
        Terms memory terms = termsIn(address(coin));
        bringTo(terms, Status.Released);
        assertEq(coin.balanceOf(buyer), AMOUNT);
        vm.prank(feeRecipient);
        escrow.withdraw(address(coin), FEE, feeRecipient);
        assertEq(coin.balanceOf(feeRecipient), FEE);
    }

    /// @notice A token that has destroyed itself answers nothing, like one that returns nothing.
    function testVanishedTokenIsNotTakenForPaid() public {
        Terms memory terms = tokenTerms();
        lock(terms);
        vm.etch(address(token), "");
        vm.prank(seller);
        escrow.release(terms);
        assertEq(escrow.balanceOf(address(token), buyer), AMOUNT);
    }

    /// @notice A token that shrinks leaves too little of itself: who comes last is credited, and the coins
    /// of every other token are untouched.
    function testRebasingTokenHarmsNoOtherToken() public {
        RebasingToken coin = new RebasingToken();
        fund(address(coin));
        Terms memory first = termsIn(address(coin));
        Terms memory second = termsIn(address(coin));
        second.lane += 1;
        Terms memory other = tokenTerms();
        other.lane += 2;
        lock(first);
        lock(second);
        lock(other);
        coin.rebase(50);
        vm.prank(seller);
        escrow.release(first);
        assertEq(coin.balanceOf(buyer), AMOUNT);
        vm.prank(seller);
        escrow.release(second);
        assertEq(escrow.balanceOf(address(coin), buyer), AMOUNT);
        vm.expectPartialRevert(ITradepostEscrow.WithdrawalFailed.selector);
        vm.prank(buyer);
        escrow.withdraw(address(coin), AMOUNT, buyer);
        vm.prank(seller);
        escrow.release(other);
        assertEq(token.balanceOf(buyer), AMOUNT);
        // What was lost comes back when the token grows again.
        coin.rebase(20_000);
        vm.prank(buyer);
        escrow.withdraw(address(coin), AMOUNT, buyer);
    }

    function testATokenThatIsAnAccountIsRefused() public {
        Terms memory terms = termsIn(stranger);
        vm.expectRevert(abi.encodeWithSelector(ITradepostEscrow.NoToken.selector, stranger));
        lock(terms);
    }

    // ------------------------------------------------------------------ amounts

    /// @notice One unit is an amount like any other; what cannot be divided stays with the seller.
    function testDust() public {
        Terms memory terms = tokenTerms();
        (terms.amount, terms.fee) = (3, 1);
        uint256 before = token.balanceOf(seller);
        bytes32 digest = settlementDigest(lock(terms), 2);
        bytes memory sellers = sign(SELLER_KEY, digest);
        bytes memory buyers = sign(BUYER_KEY, digest);
        escrow.settle(terms, 2, FOREVER, Role.Arbitrator, sellers, buyers);
        assertEq(token.balanceOf(buyer), 2);
        assertEq(escrow.balanceOf(address(token), feeRecipient), 0);
        assertEq(token.balanceOf(seller), before - 2);
    }

    function testASettlementForNothingIsARefund() public {
        Terms memory terms = tokenTerms();
        uint256 before = token.balanceOf(seller);
        bytes32 digest = settlementDigest(lock(terms), 0);
        bytes memory sellers = sign(SELLER_KEY, digest);
        bytes memory buyers = sign(BUYER_KEY, digest);
        escrow.settle(terms, 0, FOREVER, Role.Arbitrator, sellers, buyers);
        assertEq(token.balanceOf(seller), before);
        assertEq(token.balanceOf(buyer), 0);
    }

    /// @notice The largest amounts that terms can say: no sum and no product overflows.
    function testSharesOfTheLargestAmountsDoNotOverflow(uint128 share) public {
        DevToken coin = new DevToken();
        coin.mint(seller, type(uint256).max);
        vm.prank(seller);
        coin.approve(address(escrow), type(uint256).max);
        Terms memory terms = termsIn(address(coin));
        (terms.amount, terms.fee) = (type(uint128).max, type(uint128).max);
        bytes32 digest = settlementDigest(lock(terms), share);
        bytes memory sellers = sign(SELLER_KEY, digest);
        bytes memory buyers = sign(BUYER_KEY, digest);
        escrow.settle(terms, share, FOREVER, Role.Arbitrator, sellers, buyers);
        assertEq(coin.balanceOf(buyer), share);
        assertEq(escrow.balanceOf(address(coin), feeRecipient), share);
        assertEq(coin.balanceOf(address(escrow)), share);
    }

    // ------------------------------------------------------------------ recipients

    function testBlacklistedBuyerIsCreditedAndDrawsElsewhere() public {
        BlacklistToken coin = new BlacklistToken();
        fund(address(coin));
        Terms memory terms = termsIn(address(coin));
        lock(terms);
        coin.blacklist(buyer, true);
        vm.expectEmit(address(escrow));
        emit ITradepostEscrow.Credited(address(coin), buyer, AMOUNT);
        vm.prank(seller);
        escrow.release(terms);
        vm.expectRevert(
            abi.encodeWithSelector(
                ITradepostEscrow.WithdrawalFailed.selector, address(coin), buyer, AMOUNT
            )
        );
        vm.prank(buyer);
        escrow.withdraw(address(coin), AMOUNT, buyer);
        vm.prank(buyer);
        escrow.withdraw(address(coin), AMOUNT, address(0xca5e));
        assertEq(coin.balanceOf(address(0xca5e)), AMOUNT);
    }

    /// @notice In a settlement, one who cannot be paid does not keep the other from his share.
    function testBlacklistedBuyerDoesNotBlockTheSeller() public {
        BlacklistToken coin = new BlacklistToken();
        fund(address(coin));
        Terms memory terms = termsIn(address(coin));
        uint256 before = coin.balanceOf(seller);
        lock(terms);
        coin.blacklist(buyer, true);
        settleHalf(terms);
        assertEq(escrow.balanceOf(address(coin), buyer), AMOUNT / 2);
        assertEq(coin.balanceOf(seller), before - AMOUNT / 2 - FEE / 2);
    }

    function testHostileNativeRecipientsAreCredited() public {
        HostileRecipient.Mood[3] memory moods = [
            HostileRecipient.Mood.Revert,
            HostileRecipient.Mood.BurnGas,
            HostileRecipient.Mood.ReturnBomb
        ];
        for (uint256 i = 0; i < moods.length; ++i) {
            HostileRecipient recipient = new HostileRecipient();
            recipient.be(moods[i]);
            Terms memory terms = nativeTerms();
            terms.buyer = address(recipient);
            terms.lane = i;
            lock(terms);
            uint256 gasBefore = gasleft();
            vm.prank(seller);
            escrow.release(terms);
            assertTrue(gasBefore - gasleft() < 500_000);
            assertEq(escrow.balanceOf(address(0), address(recipient)), AMOUNT);
            recipient.be(HostileRecipient.Mood.Accept);
            recipient.run(
                address(escrow),
                abi.encodeCall(escrow.withdraw, (address(0), AMOUNT, address(0xca5e)))
            );
        }
        assertEq(address(0xca5e).balance, 3 * uint256(AMOUNT));
    }

    /// @notice A relayer who gives too little gas cannot turn a good payout into a credit: whatever
    /// he gives, the buyer has his coins or nothing has happened.
    function testRelayerCannotMakeAPayoutFailByLittleGas(uint256 gasGiven) public {
        Terms memory terms = nativeTerms();
        HostileRecipient recipient = new HostileRecipient();
        // A wallet that does some work when it is paid.
        recipient.reenterWith(address(token), abi.encodeCall(token.mint, (stranger, 1)));
        terms.buyer = address(recipient);
        lock(terms);
        bytes memory signature = signed(SELLER_KEY, "Release", terms);
        gasGiven = bound(gasGiven, 30_000, 600_000);
        (bool success,) = address(escrow).call{gas: gasGiven}(
            abi.encodeCall(escrow.releaseBySig, (terms, signature))
        );
        assertEq(escrow.balanceOf(address(0), address(recipient)), 0);
        assertEq(address(recipient).balance, success ? AMOUNT : 0);
        assertEq(
            uint256(escrow.stateOf(terms).status),
            uint256(success ? Status.Released : Status.Locked)
        );
    }

    function testRefusalUnderLittleGasIsNotBelieved() public {
        HostileRecipient recipient = new HostileRecipient();
        recipient.be(HostileRecipient.Mood.Revert);
        Terms memory terms = nativeTerms();
        terms.buyer = address(recipient);
        lock(terms);
        bytes memory signature = signed(SELLER_KEY, "Release", terms);
        (bool success, bytes memory answer) = address(escrow).call{gas: 200_000}(
            abi.encodeCall(escrow.releaseBySig, (terms, signature))
        );
        assertTrue(!success);
        assertEq(bytes32(bytes4(answer)), bytes32(Payouts.PayoutNeedsGas.selector));
    }

    // ------------------------------------------------------------------ re-entrance

    /// @notice A recipient may call back: each escrow has its final state before coins are sent, so he
    /// gets what is his, once.
    function testPaidRecipientWhoReentersGetsWhatIsHisOnce() public {
        HostileRecipient recipient = new HostileRecipient();
        Terms memory other = nativeTerms();
        other.buyer = address(recipient);
        lock(other);
        Terms memory terms = nativeTerms();
        terms.buyer = address(recipient);
        for (uint256 i = 0; i < 4; ++i) {
            terms.lane = 1_000 + i;
            lock(terms);
            recipient.reenterWith(address(escrow), reentrance(i, terms, other));
            uint256 before = address(recipient).balance;
            vm.prank(seller);
            escrow.release(terms);
            // Only the last call is about coins that are his.
            bool his = i == 3;
            assertTrue(recipient.reentered() == his);
            assertEq(address(recipient).balance - before, his ? 2 * uint256(AMOUNT) : AMOUNT);
        }
        assertStatus(other, Status.Released);
        assertEq(address(escrow).balance, 5 * uint256(FEE));
        assertEq(escrow.balanceOf(address(0), feeRecipient), 5 * uint256(FEE));
    }

    function reentrance(uint256 i, Terms memory terms, Terms memory other)
        private
        view
        returns (bytes memory)
    {
        if (i == 0) {
            return
                abi.encodeCall(escrow.releaseBySig, (terms, signed(SELLER_KEY, "Release", terms)));
        }
        if (i == 1) return abi.encodeCall(escrow.refund, (terms));
        if (i == 2) return abi.encodeCall(escrow.withdraw, (address(0), 1, terms.buyer));
        return abi.encodeCall(escrow.releaseBySig, (other, signed(SELLER_KEY, "Release", other)));
    }

    /// @notice imBTC and Lendf.Me, 2020: the sender's hook of a token called back in the middle of a
    /// deposit, and one deposit was counted twice.
    function testSellersHookCannotLockTwiceWithOneTransfer() public {
        HookToken coin = new HookToken();
        HostileRecipient contractSeller = new HostileRecipient();
        coin.mint(address(contractSeller), 10 * uint256(AMOUNT));
        contractSeller.run(
            address(coin), abi.encodeCall(coin.approve, (address(escrow), type(uint256).max))
        );
        Terms memory outer = termsIn(address(coin));
        outer.seller = address(contractSeller);
        Terms memory inner = termsIn(address(coin));
        inner.seller = address(contractSeller);
        inner.lane += 1;
        bytes memory lockInner = abi.encodeCall(escrow.lock, (inner));
        coin.callDuringTransfer(
            address(contractSeller),
            abi.encodeCall(contractSeller.run, (address(escrow), lockInner))
        );
        lock(outer);
        assertTrue(!coin.succeeded());
        assertStatus(outer, Status.Locked);
        assertStatus(inner, Status.None);
        assertEq(coin.balanceOf(address(escrow)), AMOUNT + FEE);
        // Outside of another lock the same call is a good one.
        contractSeller.run(address(escrow), lockInner);
        assertStatus(inner, Status.Locked);
    }

    function testHookOfATokenCannotEndAnEscrowTwice() public {
        HookToken coin = new HookToken();
        fund(address(coin));
        Terms memory terms = termsIn(address(coin));
        lock(terms);
        coin.callDuringTransfer(
            address(escrow),
            abi.encodeCall(escrow.refundBySig, (terms, signed(BUYER_KEY, "Refund", terms)))
        );
        vm.prank(seller);
        escrow.release(terms);
        assertTrue(!coin.succeeded());
        assertStatus(terms, Status.Released);
        assertEq(coin.balanceOf(address(escrow)), FEE);
    }
}
