// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Batch} from "../src/Batch.sol";
import {ITradepostEscrow} from "../src/ITradepostEscrow.sol";
import {Role, Status, Terms} from "../src/Terms.sol";
import {EscrowTest} from "./EscrowTest.sol";
import {HostileRecipient, HookToken, LongReason} from "./Hostile.sol";

/// @notice Many calls in one transaction, each for itself.
contract BatchTest is EscrowTest {
    uint256 private constant GAS_EACH = 1_000_000;

    function release(Terms memory terms) private view returns (bytes memory) {
        return abi.encodeCall(escrow.releaseBySig, (terms, signed(SELLER_KEY, "Release", terms)));
    }

    function testEverySortOfCallInOneBatch() public {
        depositOf(tokenTerms(), 10 * (AMOUNT + FEE));
        Terms[4] memory trades;
        for (uint256 i = 0; i < trades.length; ++i) {
            trades[i] = tokenTerms();
            trades[i].lane = i;
            if (i != 0) lock(trades[i]);
        }
        bytes32 digest = settlementDigest(escrow.escrowId(trades[3]), 1);
        bytes memory locks = signedLock(SELLER_KEY, "LockFromDeposit", trades[0]);
        bytes memory refunds = signed(BUYER_KEY, "Refund", trades[2]);
        bytes[] memory calls = new bytes[](5);
        calls[0] = abi.encodeCall(escrow.lockFromDeposit, (trades[0], locks));
        calls[1] = release(trades[1]);
        calls[2] = abi.encodeCall(escrow.refundBySig, (trades[2], refunds));
        calls[3] = abi.encodeCall(
            escrow.settle,
            (
                trades[3],
                1,
                FOREVER,
                Role.Arbitrator,
                sign(SELLER_KEY, digest),
                sign(BUYER_KEY, digest)
            )
        );
        calls[4] = release(trades[0]);
        vm.prank(stranger);
        assertEq(escrow.batch(GAS_EACH, calls), 0);
        assertStatus(trades[0], Status.Released);
        assertStatus(trades[1], Status.Released);
        assertStatus(trades[2], Status.Refunded);
        assertStatus(trades[3], Status.Split);
    }

    function testABadItemStopsNoOtherAndTellsItsReason() public {
        Terms memory good = tokenTerms();
        bytes32 id = lock(good);
        Terms memory bad = tokenTerms();
        bad.lane += 1;
        bytes[] memory calls = new bytes[](4);
        calls[0] = release(bad);
        calls[1] = release(good);
        calls[2] = release(good);
        calls[3] = hex"deadbeef";
        bytes4 wrongStatus = ITradepostEscrow.WrongStatus.selector;
        vm.expectEmit(address(escrow));
        emit Batch.CallFailed(
            0, abi.encodeWithSelector(wrongStatus, escrow.escrowId(bad), Status.None)
        );
        vm.expectEmit(address(escrow));
        emit ITradepostEscrow.Released(id);
        vm.expectEmit(address(escrow));
        emit Batch.CallFailed(2, abi.encodeWithSelector(wrongStatus, id, Status.Released));
        vm.expectEmit(address(escrow));
        emit Batch.CallFailed(3, "");
        assertEq(escrow.batch(GAS_EACH, calls), 3);
        assertEq(token.balanceOf(buyer), AMOUNT);
    }

    /// @notice Of a reason that is too long the beginning is told.
    function testALongReasonIsCut() public {
        LongReason coin = new LongReason();
        bytes[] memory calls = new bytes[](1);
        calls[0] = abi.encodeCall(escrow.permit, (address(coin), seller, 1, 1, 27, 0, 0));
        bytes memory told = new bytes(1_024);
        for (uint256 i = 0; i < told.length; ++i) {
            told[i] = 0xff;
        }
        vm.expectEmit(address(escrow));
        emit Batch.CallFailed(0, told);
        assertEq(escrow.batch(GAS_EACH, calls), 1);
    }

    /// @notice In a batch everybody is who he is: the relayer does not act as the seller.
    function testABatchIsMadeByItsCaller() public {
        Terms memory terms = tokenTerms();
        lock(terms);
        bytes[] memory calls = new bytes[](1);
        calls[0] = abi.encodeCall(escrow.release, (terms));
        vm.prank(stranger);
        assertEq(escrow.batch(GAS_EACH, calls), 1);
        assertStatus(terms, Status.Locked);
        vm.prank(seller);
        assertEq(escrow.batch(GAS_EACH, calls), 0);
        assertStatus(terms, Status.Released);
    }

    /// @notice Opyn, 2021: one payment was counted at each call of a loop. A batch carries no coins.
    function testNoCoinsAreCountedTwice() public {
        bytes[] memory calls = new bytes[](2);
        for (uint256 i = 0; i < 2; ++i) {
            Terms memory terms = nativeTerms();
            terms.lane = i;
            calls[i] = abi.encodeCall(escrow.lock, (terms));
        }
        vm.deal(address(escrow), 10 ether);
        bytes memory data = abi.encodeCall(escrow.batch, (GAS_EACH, calls));
        vm.prank(seller);
        (bool success,) = address(escrow).call{value: AMOUNT + FEE}(data);
        assertTrue(!success);
        vm.prank(seller);
        assertEq(escrow.batch(GAS_EACH, calls), 2);
    }

    /// @notice Gas griefing and return bombs: a hostile item costs at most its share.
    function testAHostileItemTakesItsShareOfGasOnly() public {
        GasEater wallet = new GasEater();
        Terms memory hostile = tokenTerms();
        hostile.buyer = address(wallet);
        lock(hostile);
        Terms memory good = tokenTerms();
        good.lane += 1;
        lock(good);
        bytes[] memory calls = new bytes[](3);
        calls[0] = abi.encodeCall(escrow.refundBySig, (hostile, hex"00"));
        calls[1] = abi.encodeCall(escrow.refundBySig, (hostile, hex"01"));
        calls[2] = release(good);
        uint256 before = gasleft();
        assertEq(escrow.batch(400_000, calls), 2);
        assertTrue(before - gasleft() < 1_100_000);
        assertStatus(good, Status.Released);
    }

    /// @notice A batch with too little gas turns no payout into a credit.
    function testLittleGasMakesAnItemFailAndNoCredit(uint256 gasEach) public {
        HostileRecipient recipient = new HostileRecipient();
        recipient.reenterWith(address(token), abi.encodeCall(token.mint, (stranger, 1)));
        Terms memory terms = nativeTerms();
        terms.buyer = address(recipient);
        lock(terms);
        bytes[] memory calls = new bytes[](1);
        calls[0] = release(terms);
        uint256 failed = escrow.batch(bound(gasEach, 0, 600_000), calls);
        assertEq(escrow.balanceOf(address(0), address(recipient)), 0);
        assertEq(address(recipient).balance, failed == 0 ? AMOUNT : 0);
        assertStatus(terms, failed == 0 ? Status.Released : Status.Locked);
    }

    function testABatchInAHookLocksNothing() public {
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
        bytes[] memory calls = new bytes[](1);
        calls[0] = abi.encodeCall(escrow.lock, (inner));
        coin.callDuringTransfer(
            address(contractSeller),
            abi.encodeCall(
                contractSeller.run,
                (address(escrow), abi.encodeCall(escrow.batch, (GAS_EACH, calls)))
            )
        );
        lock(outer);
        assertTrue(coin.succeeded());
        assertStatus(outer, Status.Locked);
        assertStatus(inner, Status.None);
        assertEq(coin.balanceOf(address(escrow)), AMOUNT + FEE);
    }

    // ------------------------------------------------------------------ many releases

    function releasable(uint256 count) private returns (Terms[] memory trades) {
        trades = new Terms[](count);
        for (uint256 i = 0; i < count; ++i) {
            trades[i] = tokenTerms();
            trades[i].lane = i;
            lock(trades[i]);
        }
    }

    function releases(Terms[] memory trades) private view returns (bytes memory signatures) {
        for (uint256 i = 0; i < trades.length; ++i) {
            signatures = abi.encodePacked(signatures, signed(SELLER_KEY, "Release", trades[i]));
        }
    }

    function testManyReleases() public {
        Terms[] memory trades = releasable(10);
        bytes memory signatures = releases(trades);
        vm.prank(stranger);
        escrow.releaseAll(trades, signatures);
        assertEq(token.balanceOf(buyer), 10 * uint256(AMOUNT));
        assertEq(escrow.balanceOf(address(token), feeRecipient), 10 * uint256(FEE));
    }

    function testABadReleaseStopsNoOtherAndTellsItsReason() public {
        Terms[] memory trades = releasable(4);
        bytes memory signatures = releases(trades);
        // The second was released before, the third is signed by a stranger.
        vm.prank(seller);
        escrow.release(trades[1]);
        bytes32 digest = instructionDigest("Release", escrow.escrowId(trades[2]));
        bytes memory forged = sign(STRANGER_KEY, digest);
        for (uint256 i = 0; i < 65; ++i) {
            signatures[130 + i] = forged[i];
        }
        vm.expectEmit(address(escrow));
        emit Batch.CallFailed(
            1,
            abi.encodeWithSelector(
                ITradepostEscrow.WrongStatus.selector, escrow.escrowId(trades[1]), Status.Released
            )
        );
        vm.expectEmit(address(escrow));
        emit Batch.CallFailed(
            2, abi.encodeWithSelector(ITradepostEscrow.BadSignature.selector, seller, digest)
        );
        escrow.releaseAll(trades, signatures);
        assertStatus(trades[0], Status.Released);
        assertStatus(trades[2], Status.Locked);
        assertStatus(trades[3], Status.Released);
        assertEq(token.balanceOf(buyer), 3 * uint256(AMOUNT));
    }

    function testTheSameReleaseTwiceInOneCallPaysOnce() public {
        Terms[] memory one = releasable(1);
        Terms[] memory twice = new Terms[](2);
        (twice[0], twice[1]) = (one[0], one[0]);
        escrow.releaseAll(twice, releases(twice));
        assertEq(token.balanceOf(buyer), AMOUNT);
    }

    /// @notice A signature that reaches beyond its place would be another's bytes.
    function testEachReleaseHasItsOwnSignature(uint8 length) public {
        Terms[] memory trades = releasable(2);
        bytes memory signatures = releases(trades);
        vm.assume(length != 130);
        assembly ("memory-safe") {
            mstore(signatures, length)
        }
        if (length > 160) return; // beyond what was allocated
        vm.expectRevert(ITradepostEscrow.SignaturesMissing.selector);
        escrow.releaseAll(trades, signatures);
    }

    function testAHostileBuyerStopsNoRelease() public {
        HostileRecipient recipient = new HostileRecipient();
        recipient.be(HostileRecipient.Mood.BurnGas);
        Terms[] memory trades = releasable(2);
        trades[0] = nativeTerms();
        trades[0].lane = 7;
        trades[0].buyer = address(recipient);
        lock(trades[0]);
        bytes memory signatures = releases(trades);
        escrow.releaseAll{gas: 1_000_000}(trades, signatures);
        assertStatus(trades[1], Status.Released);
        assertEq(escrow.balanceOf(address(0), address(recipient)), AMOUNT);
    }
}

/// @notice A wallet that burns all gas, or reverts with a megabyte, when it is asked for its signature.
contract GasEater {
    function isValidSignature(bytes32, bytes calldata signature) external pure returns (bytes4) {
        if (signature[0] == 0x01) {
            assembly {
                revert(0, 20000)
            }
        }
        while (true) {}
        return 0x1626ba7e;
    }
}
