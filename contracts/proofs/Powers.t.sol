// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ITradepostEscrow} from "../src/ITradepostEscrow.sol";
import {Role, State, Status, Terms} from "../src/Terms.sol";
import {Proof} from "./Proof.sol";

/// @notice Who has which power, and when: whatever succeeds was that person's right at that time.
contract PowersProof is Proof {
    function check_onlyTheSellerLocksAndOnlySoundTerms(
        address caller,
        uint256 value,
        Terms memory terms
    ) public {
        terms.token = address(0);
        vm.assume(caller != address(escrow));
        State memory from = escrow.stateOf(escrow.escrowId(terms));
        if (!callAs(caller, value, abi.encodeCall(ITradepostEscrow.lock, (terms)))) return;
        assert(caller == terms.seller);
        assert(terms.buyer != address(0) && terms.arbitrator != address(0));
        assert(terms.seller != terms.buyer && terms.seller != terms.arbitrator);
        assert(terms.buyer != terms.arbitrator);
        assert(terms.amount != 0 && terms.fee <= terms.amount);
        assert(terms.fee == 0 || terms.feeRecipient != address(0));
        assert(terms.paymentWindow >= 1 && terms.paymentWindow <= 30 days);
        assert(terms.challengeWindow >= 10 minutes && terms.challengeWindow <= 7 days);
        assert(block.timestamp <= terms.fundBy);
        assert(value == uint256(terms.amount) + terms.fee);
        assert(from.status == Status.None);
        State memory to = escrow.stateOf(escrow.escrowId(terms));
        assert(to.status == Status.Locked && to.lockedAt == block.timestamp && to.cancelAt == 0);
    }

    function check_onlyTheSellerReleases(address caller) public {
        Terms memory terms = anyTerms();
        bytes32 id = escrow.escrowId(terms);
        bool open = isOpen(id);
        if (!callAs(caller, abi.encodeCall(ITradepostEscrow.release, (terms)))) return;
        assert(caller == SELLER && open && statusOf(id) == Status.Released);
    }

    function check_onlyTheSellersSignatureReleases(address caller) public {
        Terms memory terms = anyTerms();
        bytes32 id = escrow.escrowId(terms);
        bytes memory signature = anySignature("signature");
        bool open = isOpen(id);
        bytes memory data = abi.encodeCall(ITradepostEscrow.releaseBySig, (terms, signature));
        if (!callAs(caller, data)) return;
        assert(signerOf(instruction("Release", terms), signature) == SELLER);
        assert(open && statusOf(id) == Status.Released);
    }

    function check_onlyTheBuyerRefunds(address caller) public {
        Terms memory terms = anyTerms();
        bytes32 id = escrow.escrowId(terms);
        bool open = isOpen(id);
        if (!callAs(caller, abi.encodeCall(ITradepostEscrow.refund, (terms)))) return;
        assert(caller == BUYER && open && statusOf(id) == Status.Refunded);
    }

    function check_onlyTheBuyersSignatureRefunds(address caller) public {
        Terms memory terms = anyTerms();
        bytes32 id = escrow.escrowId(terms);
        bytes memory signature = anySignature("signature");
        bool open = isOpen(id);
        bytes memory data = abi.encodeCall(ITradepostEscrow.refundBySig, (terms, signature));
        if (!callAs(caller, data)) return;
        assert(signerOf(instruction("Refund", terms), signature) == BUYER);
        assert(open && statusOf(id) == Status.Refunded);
    }

    function check_onlyTheBuyerMarksPaid(address caller) public {
        Terms memory terms = anyTerms();
        bytes32 id = escrow.escrowId(terms);
        Status from = statusOf(id);
        if (!callAs(caller, abi.encodeCall(ITradepostEscrow.markPaid, (terms)))) return;
        assert(caller == BUYER && statusOf(id) == Status.Paid);
        assert(from == Status.Locked || from == Status.CancelRequested);
    }

    function check_onlyTheBuyersSignatureMarksPaid(address caller) public {
        Terms memory terms = anyTerms();
        bytes32 id = escrow.escrowId(terms);
        bytes memory signature = anySignature("signature");
        Status from = statusOf(id);
        bytes memory data = abi.encodeCall(ITradepostEscrow.markPaidBySig, (terms, signature));
        if (!callAs(caller, data)) return;
        assert(signerOf(instruction("Paid", terms), signature) == BUYER);
        assert(statusOf(id) == Status.Paid);
        assert(from == Status.Locked || from == Status.CancelRequested);
    }

    function check_onlyTheSellerAsksToCancelAndOnlyAfterThePaymentWindow(address caller) public {
        Terms memory terms = anyTerms();
        State memory from = escrow.stateOf(escrow.escrowId(terms));
        if (!callAs(caller, abi.encodeCall(ITradepostEscrow.requestCancel, (terms)))) return;
        assert(caller == SELLER);
        asksInTime(terms, from);
    }

    function check_onlyTheSellersSignatureAsksToCancel(address caller) public {
        Terms memory terms = anyTerms();
        bytes memory signature = anySignature("signature");
        State memory from = escrow.stateOf(escrow.escrowId(terms));
        bytes memory data = abi.encodeCall(ITradepostEscrow.requestCancelBySig, (terms, signature));
        if (!callAs(caller, data)) return;
        assert(signerOf(instruction("Cancel", terms), signature) == SELLER);
        asksInTime(terms, from);
    }

    function check_cancelOnlyAfterARequestAndItsChallengeWindow(address caller) public {
        Terms memory terms = anyTerms();
        bytes32 id = escrow.escrowId(terms);
        State memory from = escrow.stateOf(id);
        if (!callAs(caller, abi.encodeCall(ITradepostEscrow.cancel, (terms)))) return;
        assert(from.status == Status.CancelRequested && block.timestamp > from.cancelAt);
        assert(statusOf(id) == Status.Refunded);
    }

    function check_onlyTwoOfThreeSettle(address caller, uint128 share, uint8 a, uint8 b) public {
        vm.assume(a < 3 && b < 3);
        Terms memory terms = anyTerms();
        (bytes memory one, bytes memory two) = (anySignature("one"), anySignature("two"));
        bool open = isOpen(escrow.escrowId(terms));
        if (!settle(caller, terms, share, Role(a), one, Role(b), two)) return;
        assert(a != b && open && share <= terms.amount);
        assert(signerOf(settlement(terms, share), one) == accountOf(Role(a)));
        assert(signerOf(settlement(terms, share), two) == accountOf(Role(b)));
        assert(statusOf(escrow.escrowId(terms)) == Status.Split);
    }

    function check_anEmptySignatureIsTheCallersOwnAndNobodyIsTwo(
        address caller,
        uint128 share,
        uint8 a,
        uint8 b
    ) public {
        vm.assume(a < 3 && b < 3);
        Terms memory terms = anyTerms();
        bytes memory two = anySignature("two");
        if (settle(caller, terms, share, Role(a), "", Role(b), two)) {
            assert(a != b && caller == accountOf(Role(a)));
            assert(signerOf(settlement(terms, share), two) == accountOf(Role(b)));
        }
        assert(!settle(caller, terms, share, Role(a), "", Role(b), ""));
    }

    function settle(
        address caller,
        Terms memory terms,
        uint128 share,
        Role a,
        bytes memory one,
        Role b,
        bytes memory two
    ) private returns (bool) {
        return callAs(
            caller, abi.encodeCall(ITradepostEscrow.settle, (terms, share, a, one, b, two))
        );
    }

    function asksInTime(Terms memory terms, State memory from) private view {
        assert(from.status == Status.Locked);
        assert(block.timestamp > uint256(from.lockedAt) + terms.paymentWindow);
        State memory to = escrow.stateOf(escrow.escrowId(terms));
        assert(to.status == Status.CancelRequested);
        // From a slot that `lock` has written, which leaves cancelAt zero; 40 bits do not run over.
        if (from.cancelAt == 0 && block.timestamp < 2 ** 39) {
            assert(to.cancelAt == block.timestamp + terms.challengeWindow);
        }
    }

    function statusOf(bytes32 id) private view returns (Status) {
        return escrow.stateOf(id).status;
    }

    function isOpen(bytes32 id) private view returns (bool) {
        Status status = statusOf(id);
        return status != Status.None && status <= Status.Paid;
    }
}
