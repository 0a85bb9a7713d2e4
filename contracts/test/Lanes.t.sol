// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ITradepostEscrow} from "../src/ITradepostEscrow.sol";
import {State, Status, Terms} from "../src/Terms.sol";
import {EscrowTest} from "./EscrowTest.sol";
import {YesToken} from "./Hostile.sol";

/// @notice A lane holds one escrow at a time, and never the same one twice.
contract LanesTest is EscrowTest {
    function next(Terms memory terms) private view returns (Terms memory) {
        terms.fundBy = uint40(block.timestamp + 30 minutes);
        return terms;
    }

    function testAnOpenEscrowKeepsItsLaneForAsLongAsItTakes() public {
        for (uint8 s = uint8(Status.Locked); s <= uint8(Status.Paid); ++s) {
            vm.warp(NOW);
            Terms memory terms = tokenTerms();
            terms.lane = s;
            bringTo(terms, Status(s));
            vm.warp(NOW + 3650 days);
            expectLaneTaken(terms);
            lock(next(terms));
        }
    }

    function testALaneIsFreeOnceItsEscrowEndedAndItsFundByPassed() public {
        for (uint8 s = uint8(Status.Released); s <= uint8(Status.Split); ++s) {
            vm.warp(NOW);
            Terms memory former = tokenTerms();
            former.lane = s;
            bringTo(former, Status(s));
            vm.warp(former.fundBy);
            Terms memory terms = tokenTerms();
            terms.lane = s;
            terms.fundBy = former.fundBy + 1;
            expectLaneTaken(terms);
            lock(terms);
            vm.warp(former.fundBy + 1);
            lock(terms);
            assertStatus(terms, Status.Locked);
            // The former one is forgotten, and nothing can be done with it.
            assertStatus(former, Status.None);
            expectWrongStatus(former);
            vm.prank(seller);
            escrow.release(former);
        }
    }

    /// @notice A signature for a former escrow of the lane is worth nothing for the present one.
    function testASignatureForTheFormerEscrowDoesNotMoveTheNext() public {
        Terms memory former = tokenTerms();
        bringTo(former, Status.Released);
        bytes memory release = signed(SELLER_KEY, "Release", former);
        bytes memory refund = signed(BUYER_KEY, "Refund", former);
        vm.warp(former.fundBy + 1);
        Terms memory terms = next(tokenTerms());
        lock(terms);
        bytes32 digest = instructionDigest("Release", escrow.escrowId(terms));
        expectBadSignature(seller, digest);
        escrow.releaseBySig(terms, release);
        expectWrongStatus(former);
        escrow.releaseBySig(former, release);
        expectWrongStatus(former);
        escrow.refundBySig(former, refund);
        assertStatus(terms, Status.Locked);
    }

    function testLanesOfTwoSellersAreTwo() public {
        Terms memory terms = tokenTerms();
        lock(terms);
        Terms memory others = tokenTerms();
        (others.seller, others.buyer) = (buyer, seller);
        token.mint(buyer, AMOUNT + FEE);
        vm.prank(buyer);
        token.approve(address(escrow), AMOUNT + FEE);
        lock(others);
        assertStatus(terms, Status.Locked);
        assertStatus(others, Status.Locked);
    }

    /// @notice A token that takes anybody's word for its owner's fills lanes for itself, and no others.
    function testALyingTokenFillsNoLaneOfAnotherToken() public {
        YesToken liar = new YesToken();
        Terms memory squatting = termsIn(address(liar));
        (squatting.buyer, squatting.fundBy) = (stranger, FOREVER);
        vm.prank(stranger);
        escrow.lockWithAuthorization(squatting, new bytes(65));
        assertStatus(squatting, Status.Locked);
        Terms memory terms = tokenTerms();
        assertEq(terms.lane, squatting.lane);
        lock(terms);
        assertStatus(terms, Status.Locked);
        assertStatus(squatting, Status.Locked);
    }

    function testALaneTellsWhatItHolds() public {
        (bytes32 idBits, State memory state) = escrow.laneOf(seller, address(token), 7);
        assertEq(idBits, bytes32(0));
        assertEq(uint256(state.status), uint256(Status.None));
        Terms memory terms = tokenTerms();
        terms.lane = 7;
        bytes32 id = lock(terms);
        (idBits, state) = escrow.laneOf(seller, address(token), 7);
        assertEq(idBits, bytes32(uint256(id) >> 48 << 48));
        assertEq(uint256(state.status), uint256(Status.Locked));
        assertEq(state.time, NOW);
        vm.prank(seller);
        escrow.release(terms);
        (, state) = escrow.laneOf(seller, address(token), 7);
        assertEq(uint256(state.status), uint256(Status.Released));
        assertEq(state.time, terms.fundBy);
    }

    /// @notice However one lane is used over time, no id is ever locked twice in it.
    function testNoIdIsLockedTwice(uint32[8] calldata pauses, uint32[8] calldata windows) public {
        uint256 lastFundBy;
        for (uint256 i = 0; i < pauses.length; ++i) {
            vm.warp(block.timestamp + pauses[i] % 2 hours);
            Terms memory terms = tokenTerms();
            terms.fundBy = uint40(block.timestamp + windows[i] % 2 hours);
            vm.prank(seller);
            try escrow.lock(terms) {
                assertTrue(terms.fundBy > lastFundBy);
                lastFundBy = terms.fundBy;
                vm.prank(seller);
                escrow.release(terms);
            } catch {
                assertTrue(block.timestamp <= lastFundBy);
            }
        }
    }
}
