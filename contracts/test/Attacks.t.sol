// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ITradepostEscrow} from "../src/ITradepostEscrow.sol";
import {Role, Status, Terms} from "../src/Terms.sol";
import {TradepostEscrow} from "../src/TradepostEscrow.sol";
import {EscrowTest} from "./EscrowTest.sol";
import {AnyLengthWallet, MuteDelegate, Wallet1271} from "./Hostile.sol";

/// @notice Attacks by words: forged, replayed, foreign signatures; terms nobody should lock.
contract AttacksTest is EscrowTest {
    // ------------------------------------------------------------------ who may call

    function testStrangerCannotAct() public {
        Terms memory terms = tokenTerms();
        lock(terms);
        address[3] memory others = [stranger, arbitrator, feeRecipient];
        for (uint256 i = 0; i < 3; ++i) {
            assertSellerOnly(terms, others[i]);
            assertBuyerOnly(terms, others[i]);
        }
        assertSellerOnly(terms, buyer);
        assertBuyerOnly(terms, seller);
    }

    function assertSellerOnly(Terms memory terms, address caller) private {
        bytes memory refusal =
            abi.encodeWithSelector(ITradepostEscrow.NotSeller.selector, caller, seller);
        vm.startPrank(caller);
        vm.expectRevert(refusal);
        escrow.lock(terms);
        vm.expectRevert(refusal);
        escrow.release(terms);
        vm.expectRevert(refusal);
        escrow.requestCancel(terms);
        vm.stopPrank();
    }

    function assertBuyerOnly(Terms memory terms, address caller) private {
        bytes memory refusal =
            abi.encodeWithSelector(ITradepostEscrow.NotBuyer.selector, caller, buyer);
        vm.startPrank(caller);
        vm.expectRevert(refusal);
        escrow.markPaid(terms);
        vm.expectRevert(refusal);
        escrow.refund(terms);
        vm.stopPrank();
    }

    // ------------------------------------------------------------------ signatures

    function testSignatureOfAnotherKeyIsRefused() public {
        Terms memory terms = tokenTerms();
        bytes32 id = lock(terms);
        uint256[3] memory keys = [BUYER_KEY, ARBITRATOR_KEY, STRANGER_KEY];
        for (uint256 i = 0; i < 3; ++i) {
            bytes memory signature = signed(keys[i], "Release", terms);
            expectBadSignature(seller, instructionDigest("Release", id));
            escrow.releaseBySig(terms, signature);
        }
    }

    function testSignatureOfAnotherInstructionIsRefused() public {
        Terms memory terms = tokenTerms();
        bytes32 id = lock(terms);
        bytes memory cancel = signed(SELLER_KEY, "Cancel", terms);
        expectBadSignature(seller, instructionDigest("Release", id));
        escrow.releaseBySig(terms, cancel);
        bytes memory paid = signed(BUYER_KEY, "Paid", terms);
        expectBadSignature(buyer, instructionDigest("Refund", id));
        escrow.refundBySig(terms, paid);
        bytes memory refund = signed(BUYER_KEY, "Refund", terms);
        expectBadSignature(buyer, instructionDigest("Paid", id));
        escrow.markPaidBySig(terms, refund);
    }

    function testSignatureOfAnotherTradeIsRefused() public {
        Terms memory terms = tokenTerms();
        lock(terms);
        bytes memory signature = signed(SELLER_KEY, "Release", terms);
        terms.lane += 1;
        bytes32 id = lock(terms);
        expectBadSignature(seller, instructionDigest("Release", id));
        escrow.releaseBySig(terms, signature);
    }

    function testSignatureOfAnotherContractIsRefused() public {
        Terms memory terms = tokenTerms();
        bytes memory signature = signed(SELLER_KEY, "Release", terms);
        escrow = TradepostEscrow(deploy("TradepostEscrow", ""));
        vm.prank(seller);
        token.approve(address(escrow), type(uint256).max);
        bytes32 id = lock(terms);
        expectBadSignature(seller, instructionDigest("Release", id));
        escrow.releaseBySig(terms, signature);
    }

    function testSignatureFromBeforeAForkOfTheChainIsRefused() public {
        Terms memory terms = tokenTerms();
        lock(terms);
        bytes memory signature = signed(SELLER_KEY, "Release", terms);
        vm.chainId(31_338);
        // The forked chain holds the locked escrow under its old id, which nothing there leads to.
        bytes32 digest = instructionDigest("Release", escrow.escrowId(terms));
        expectBadSignature(seller, digest);
        escrow.releaseBySig(terms, signature);
    }

    function testMalleableSignatureIsRefused() public {
        Terms memory terms = tokenTerms();
        bytes32 digest = instructionDigest("Release", lock(terms));
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(SELLER_KEY, digest);
        uint256 order = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141;
        bytes memory mirrored =
            abi.encodePacked(r, bytes32(order - uint256(s)), v == 27 ? uint8(28) : uint8(27));
        expectBadSignature(seller, digest);
        escrow.releaseBySig(terms, mirrored);
    }

    function testMalformedSignatureIsRefused() public {
        Terms memory terms = tokenTerms();
        bytes32 digest = instructionDigest("Release", lock(terms));
        bytes memory signature = sign(SELLER_KEY, digest);
        bytes[4] memory forms =
            [bytes(""), new bytes(65), abi.encodePacked(signature, uint8(0)), new bytes(64)];
        for (uint256 i = 0; i < 4; ++i) {
            expectBadSignature(seller, digest);
            escrow.releaseBySig(terms, forms[i]);
        }
    }

    function testReleaseTwiceIsRefused() public {
        Terms memory terms = tokenTerms();
        lock(terms);
        bytes memory signature = signed(SELLER_KEY, "Release", terms);
        escrow.releaseBySig(terms, signature);
        expectWrongStatus(terms);
        escrow.releaseBySig(terms, signature);
    }

    /// @notice A used id stays used, so that an old signature never meets new coins.
    function testRelockIsRefusedAfterEveryEnd() public {
        for (uint8 s = uint8(Status.Locked); s <= uint8(Status.Split); ++s) {
            Terms memory terms = tokenTerms();
            terms.lane = s;
            terms.fundBy = NOW + 20 days;
            bringTo(terms, Status(s));
            expectLaneTaken(terms);
            lock(terms);
            vm.warp(terms.fundBy + 1);
            vm.expectRevert(
                abi.encodeWithSelector(
                    ITradepostEscrow.TooLateToLock.selector, terms.fundBy, terms.fundBy + 1
                )
            );
            lock(terms);
            vm.warp(NOW);
        }
    }

    // ------------------------------------------------------------------ settlements

    function testOneRoleCannotSettleAlone() public {
        Terms memory terms = tokenTerms();
        bytes32 digest = settlementDigest(lock(terms), AMOUNT);
        uint256[3] memory keys = [SELLER_KEY, BUYER_KEY, ARBITRATOR_KEY];
        for (uint8 role = 0; role < 3; ++role) {
            bytes memory one = sign(keys[role], digest);
            for (uint8 absent = 0; absent < 3; ++absent) {
                vm.expectPartialRevert(ITradepostEscrow.BadSignature.selector);
                escrow.settle(terms, AMOUNT, FOREVER, Role(absent), one, one);
                // Nor with an empty signature, which is the caller's own.
                vm.prank(vm.addr(keys[role]));
                vm.expectPartialRevert(ITradepostEscrow.BadSignature.selector);
                escrow.settle(terms, AMOUNT, FOREVER, Role(absent), "", one);
                vm.prank(vm.addr(keys[role]));
                vm.expectPartialRevert(ITradepostEscrow.BadSignature.selector);
                escrow.settle(terms, AMOUNT, FOREVER, Role(absent), one, "");
            }
        }
    }

    function testSettlementAfterItsTimeIsRefused() public {
        Terms memory terms = tokenTerms();
        bytes32 digest = settlementDigest(lock(terms), AMOUNT, NOW + 60);
        bytes memory buyers = sign(BUYER_KEY, digest);
        bytes memory sellers = sign(SELLER_KEY, digest);
        vm.warp(NOW + 61);
        vm.expectRevert(
            abi.encodeWithSelector(ITradepostEscrow.SignatureTooLate.selector, NOW + 60, NOW + 61)
        );
        escrow.settle(terms, AMOUNT, NOW + 60, Role.Arbitrator, sellers, buyers);
        // Its time is part of what was signed.
        vm.expectPartialRevert(ITradepostEscrow.BadSignature.selector);
        escrow.settle(terms, AMOUNT, NOW + 61, Role.Arbitrator, sellers, buyers);
        vm.warp(NOW + 60);
        escrow.settle(terms, AMOUNT, NOW + 60, Role.Arbitrator, sellers, buyers);
    }

    function testSettlementUnderAForeignRoleIsRefused() public {
        Terms memory terms = tokenTerms();
        bytes32 digest = settlementDigest(lock(terms), AMOUNT);
        bytes memory buyers = sign(BUYER_KEY, digest);
        expectBadSignature(arbitrator, digest);
        escrow.settle(terms, AMOUNT, FOREVER, Role.Seller, buyers, buyers);
    }

    function testSettlementOfAnotherShareIsRefused() public {
        Terms memory terms = tokenTerms();
        bytes32 id = lock(terms);
        bytes32 agreed = settlementDigest(id, 1);
        bytes memory buyers = sign(BUYER_KEY, agreed);
        bytes memory arbitrators = sign(ARBITRATOR_KEY, agreed);
        expectBadSignature(buyer, settlementDigest(id, 2));
        escrow.settle(terms, 2, FOREVER, Role.Seller, buyers, arbitrators);
    }

    function testEmptySignatureStandsForNobodyElse() public {
        Terms memory terms = tokenTerms();
        bytes32 digest = settlementDigest(lock(terms), AMOUNT);
        bytes memory buyers = sign(BUYER_KEY, digest);
        expectBadSignature(arbitrator, digest);
        vm.prank(buyer);
        escrow.settle(terms, AMOUNT, FOREVER, Role.Seller, buyers, "");
    }

    function testShareAboveTheAmountIsRefused() public {
        Terms memory terms = tokenTerms();
        bytes32 digest = settlementDigest(lock(terms), AMOUNT + 1);
        bytes memory buyers = sign(BUYER_KEY, digest);
        bytes memory sellers = sign(SELLER_KEY, digest);
        vm.expectRevert(
            abi.encodeWithSelector(ITradepostEscrow.ShareTooLarge.selector, AMOUNT + 1, AMOUNT)
        );
        escrow.settle(terms, AMOUNT + 1, FOREVER, Role.Arbitrator, sellers, buyers);
    }

    // ------------------------------------------------------------------ time

    /// @notice The relayer is censored for all of the shortest challenge window. The buyer needs nobody: he
    /// marks it himself, within the window or after it, as long as nobody has called `cancel`.
    function testACensoredRelayerDoesNotCostThePaidBuyer(bool late) public {
        Terms memory terms = tokenTerms();
        terms.challengeWindow = 10 minutes;
        lock(terms);
        requestCancel(terms);
        vm.warp(block.timestamp + (late ? 10 minutes + 1 : 10 minutes));
        if (!late) {
            vm.expectPartialRevert(ITradepostEscrow.ChallengeWindowOpen.selector);
            escrow.cancel(terms);
        }
        vm.prank(buyer);
        escrow.markPaid(terms);
        vm.warp(block.timestamp + 30 days);
        expectWrongStatus(terms);
        escrow.cancel(terms);
    }

    /// @notice A proposer moves the time of his block by some seconds. However it drifts from block to block,
    /// a seller never has his coins back before both windows have passed.
    function testDriftingTimeDoesNotShortenTheWindows(uint8[12] calldata drifts) public {
        Terms memory terms = tokenTerms();
        (terms.paymentWindow, terms.challengeWindow) = (1 minutes, 10 minutes);
        lock(terms);
        uint256 requested;
        for (uint256 i = 0; i < drifts.length; ++i) {
            vm.warp(block.timestamp + 1 + drifts[i]);
            if (requested == 0) {
                vm.prank(seller);
                try escrow.requestCancel(terms) {
                    requested = block.timestamp;
                    assertTrue(requested > uint256(NOW) + terms.paymentWindow);
                } catch {}
            } else {
                try escrow.cancel(terms) {
                    assertTrue(block.timestamp > requested + terms.challengeWindow);
                    return;
                } catch {}
            }
        }
    }

    // ------------------------------------------------------------------ wallets

    function testContractWalletSigns() public {
        Terms memory terms = tokenTerms();
        terms.buyer = address(new Wallet1271(buyer));
        bytes32 id = lock(terms);
        bytes32 digest = instructionDigest("Refund", id);
        bytes memory strangers = sign(STRANGER_KEY, digest);
        expectBadSignature(terms.buyer, digest);
        escrow.refundBySig(terms, strangers);
        escrow.refundBySig(terms, sign(BUYER_KEY, digest));
        assertStatus(terms, Status.Refunded);
    }

    /// @notice A wallet's signature has the length that the wallet wants, also none at all of a key's.
    function testSignaturesOfAnyLength(uint8 length) public {
        Terms memory terms = tokenTerms();
        terms.buyer = address(new AnyLengthWallet(uint256(length) + 1));
        lock(terms);
        bytes memory signature = new bytes(uint256(length) + 1);
        expectBadSignature(terms.buyer, instructionDigest("Refund", escrow.escrowId(terms)));
        escrow.refundBySig(terms, abi.encodePacked(signature, hex"00"));
        escrow.refundBySig(terms, signature);
        assertStatus(terms, Status.Refunded);
    }

    /// @notice Seller, buyer and arbitrator may all be contracts at once.
    function testContractWalletsInEveryRole() public {
        Terms memory terms = tokenTerms();
        terms.seller = address(new Wallet1271(seller));
        terms.buyer = address(new Wallet1271(buyer));
        terms.arbitrator = address(new Wallet1271(arbitrator));
        token.mint(terms.seller, AMOUNT + FEE);
        vm.prank(terms.seller);
        token.approve(address(escrow), AMOUNT + FEE);
        escrow.lockBySig(terms, signedLock(SELLER_KEY, "Lock", terms));
        escrow.markPaidBySig(terms, signed(BUYER_KEY, "Paid", terms));
        bytes32 digest = settlementDigest(escrow.escrowId(terms), AMOUNT);
        bytes memory buyers = sign(BUYER_KEY, digest);
        bytes memory arbitrators = sign(ARBITRATOR_KEY, digest);
        escrow.settle(terms, AMOUNT, FOREVER, Role.Seller, buyers, arbitrators);
        assertEq(token.balanceOf(terms.buyer), AMOUNT);
    }

    /// @notice An account that delegates by EIP-7702 keeps its key and its direct call.
    function testDelegatingAccountSignsWithItsKeyAndCalls() public {
        address delegate = address(new MuteDelegate());
        vm.etch(seller, abi.encodePacked(hex"ef0100", delegate));
        Terms memory terms = tokenTerms();
        lock(terms);
        escrow.releaseBySig(terms, signed(SELLER_KEY, "Release", terms));
        terms.lane += 1;
        lock(terms);
        vm.prank(seller);
        escrow.release(terms);
        assertEq(token.balanceOf(buyer), 2 * uint256(AMOUNT));
    }

    // ------------------------------------------------------------------ terms

    function testEqualOrMissingPartiesAreRefused() public {
        address[3][5] memory bad = [
            [seller, seller, arbitrator],
            [seller, buyer, seller],
            [seller, buyer, buyer],
            [seller, address(0), arbitrator],
            [seller, buyer, address(0)]
        ];
        for (uint256 i = 0; i < bad.length; ++i) {
            Terms memory terms = tokenTerms();
            (terms.seller, terms.buyer, terms.arbitrator) = (bad[i][0], bad[i][1], bad[i][2]);
            vm.expectRevert(
                abi.encodeWithSelector(
                    ITradepostEscrow.BadParties.selector,
                    terms.seller,
                    terms.buyer,
                    terms.arbitrator
                )
            );
            lock(terms);
        }
    }

    function testAmountsOutOfBoundsAreRefused() public {
        Terms memory terms = tokenTerms();
        terms.amount = 0;
        terms.fee = 0;
        vm.expectRevert(abi.encodeWithSelector(ITradepostEscrow.BadAmount.selector, 0, 0));
        lock(terms);
        terms.amount = 5;
        terms.fee = 6;
        vm.expectRevert(abi.encodeWithSelector(ITradepostEscrow.BadAmount.selector, 5, 6));
        lock(terms);
        terms.fee = 5;
        terms.feeRecipient = address(0);
        vm.expectRevert(abi.encodeWithSelector(ITradepostEscrow.NoFeeRecipient.selector, 5));
        lock(terms);
        terms.fee = 0;
        lock(terms);
    }

    function testWindowsOutOfBoundsAreRefused() public {
        Terms memory terms = tokenTerms();
        uint32[2] memory payment = [uint32(0), 30 days + 1];
        uint32[2] memory challenge = [uint32(10 minutes - 1), 7 days + 1];
        for (uint256 i = 0; i < 2; ++i) {
            terms = tokenTerms();
            terms.paymentWindow = payment[i];
            vm.expectRevert(
                abi.encodeWithSelector(
                    ITradepostEscrow.BadPaymentWindow.selector, payment[i], 1, 30 days
                )
            );
            lock(terms);
            terms = tokenTerms();
            terms.challengeWindow = challenge[i];
            vm.expectRevert(
                abi.encodeWithSelector(
                    ITradepostEscrow.BadChallengeWindow.selector, challenge[i], 10 minutes, 7 days
                )
            );
            lock(terms);
        }
    }

    /// @notice Bits beyond a word's type would make a second id for the same terms.
    function testDirtyWordsCannotBeLocked(uint8 word) public {
        word = uint8(bound(word, 0, 9)); // the lane uses its whole word
        Terms memory terms = nativeTerms();
        bytes memory data = abi.encodeCall(escrow.lock, (terms));
        assembly {
            let at := add(add(data, 0x24), mul(word, 0x20))
            mstore(at, or(mload(at), shl(255, 1)))
        }
        vm.prank(seller);
        (bool success,) = address(escrow).call{value: AMOUNT + FEE}(data);
        assertTrue(!success);
    }

    /// @notice What wallets and explorers are told to sign under is what is checked, on a fork too.
    function testTheDomainThatIsToldIsTheOneThatIsChecked(uint64 chain) public {
        vm.chainId(chain);
        (
            bytes1 fields,
            string memory name,
            string memory version,
            uint256 chainId,
            address verifier,
            bytes32 salt,
            uint256[] memory extensions
        ) = escrow.eip712Domain();
        assertEq(bytes32(fields), bytes32(bytes1(0x0f)));
        assertEq(keccak256(bytes(name)), keccak256("Tradepost Escrow"));
        assertEq(keccak256(bytes(version)), keccak256("2"));
        assertEq(chainId, chain);
        assertEq(verifier, address(escrow));
        assertEq(salt, bytes32(0));
        assertEq(extensions.length, 0);
        bytes32 id = escrow.escrowId(tokenTerms());
        assertEq(id, digestOf(termsHash(tokenTerms())));
    }
}
