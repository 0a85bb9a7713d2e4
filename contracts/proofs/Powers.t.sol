// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ITradepostEscrow} from "../src/ITradepostEscrow.sol";
import {Role, State, Status, Terms} from "../src/Terms.sol";
import {Proof} from "./Proof.sol";

/// @notice Who has which power, and when: whatever succeeds was that person's right at that time.
contract PowersProof is Proof {
    function check_onlyTheSellerReleases(address caller) public {
        Terms memory terms = anyTerms();
        Status from = statusOf(terms);
        if (!callAs(caller, abi.encodeCall(ITradepostEscrow.release, (terms)))) return;
        assert(caller == SELLER && isOpen(from) && statusOf(terms) == Status.Released);
    }

    function check_onlyTheSellersSignatureReleases(address caller) public {
        Terms memory terms = anyTerms();
        Status from = statusOf(terms);
        bytes memory signature = anySignature("signature");
        bytes memory data = abi.encodeCall(ITradepostEscrow.releaseBySig, (terms, signature));
        if (!callAs(caller, data)) return;
        assert(signerOf(instruction("Release", terms), signature) == SELLER);
        assert(isOpen(from) && statusOf(terms) == Status.Released);
    }

    function check_onlyTheSellersSignatureReleasesAmongMany(address caller) public {
        Terms[] memory every = new Terms[](1);
        every[0] = anyTerms();
        Status from = statusOf(every[0]);
        bytes memory signature = anySignature("signature");
        if (!callAs(caller, abi.encodeCall(ITradepostEscrow.releaseAll, (every, signature)))) {
            return;
        }
        if (statusOf(every[0]) == from) return;
        assert(signerOf(instruction("Release", every[0]), signature) == SELLER && isOpen(from));
    }

    function check_onlyTheBuyerRefunds(address caller) public {
        Terms memory terms = anyTerms();
        Status from = statusOf(terms);
        if (!callAs(caller, abi.encodeCall(ITradepostEscrow.refund, (terms)))) return;
        assert(caller == BUYER && isOpen(from) && statusOf(terms) == Status.Refunded);
    }

    function check_onlyTheBuyersSignatureRefunds(address caller) public {
        Terms memory terms = anyTerms();
        Status from = statusOf(terms);
        bytes memory signature = anySignature("signature");
        bytes memory data = abi.encodeCall(ITradepostEscrow.refundBySig, (terms, signature));
        if (!callAs(caller, data)) return;
        assert(signerOf(instruction("Refund", terms), signature) == BUYER);
        assert(isOpen(from) && statusOf(terms) == Status.Refunded);
    }

    function check_onlyTheBuyerMarksPaid(address caller) public {
        Terms memory terms = anyTerms();
        Status from = statusOf(terms);
        if (!callAs(caller, abi.encodeCall(ITradepostEscrow.markPaid, (terms)))) return;
        assert(caller == BUYER && statusOf(terms) == Status.Paid);
        assert(from == Status.Locked || from == Status.CancelRequested);
    }

    function check_onlyTheBuyersSignatureMarksPaid(address caller) public {
        Terms memory terms = anyTerms();
        bytes memory signature = anySignature("signature");
        Status from = statusOf(terms);
        bytes memory data = abi.encodeCall(ITradepostEscrow.markPaidBySig, (terms, signature));
        if (!callAs(caller, data)) return;
        assert(signerOf(instruction("Paid", terms), signature) == BUYER);
        assert(statusOf(terms) == Status.Paid);
        assert(from == Status.Locked || from == Status.CancelRequested);
    }

    function check_onlyTheSellerAsksToCancelAndOnlyAfterThePaymentWindow(address caller) public {
        Terms memory terms = anyTerms();
        State memory from = escrow.stateOf(terms);
        if (!callAs(caller, abi.encodeCall(ITradepostEscrow.requestCancel, (terms)))) return;
        assert(caller == SELLER);
        asksInTime(terms, from);
    }

    function check_onlyTheSellersSignatureAsksToCancel(address caller) public {
        Terms memory terms = anyTerms();
        bytes memory signature = anySignature("signature");
        State memory from = escrow.stateOf(terms);
        bytes memory data = abi.encodeCall(ITradepostEscrow.requestCancelBySig, (terms, signature));
        if (!callAs(caller, data)) return;
        assert(signerOf(instruction("Cancel", terms), signature) == SELLER);
        asksInTime(terms, from);
    }

    function check_cancelOnlyAfterARequestAndItsChallengeWindow(address caller) public {
        Terms memory terms = anyTerms();
        State memory from = escrow.stateOf(terms);
        if (!callAs(caller, abi.encodeCall(ITradepostEscrow.cancel, (terms)))) return;
        assert(from.status == Status.CancelRequested && block.timestamp > from.time);
        assert(statusOf(terms) == Status.Refunded);
    }

    function check_onlyTwoOfThreeSettleAndInTime(
        address caller,
        uint128 share,
        uint40 until,
        uint8 absent
    ) public {
        vm.assume(absent < 3);
        Terms memory terms = anyTerms();
        terms.fee = 0; // it doubles the paths, and changes nothing in who may
        (bytes memory one, bytes memory two) = (anySignature("one"), anySignature("two"));
        Status from = statusOf(terms);
        if (!settle(caller, terms, share, until, Role(absent), one, two)) return;
        (address first, address second) = others(absent);
        assert(isOpen(from) && share <= terms.amount && block.timestamp <= until);
        assert(signerOf(settlement(terms, share, until), one) == first);
        assert(signerOf(settlement(terms, share, until), two) == second);
        assert(statusOf(terms) == Status.Split);
    }

    function check_anEmptySignatureIsTheCallersOwnAndNobodyIsTwo(
        address caller,
        uint128 share,
        uint40 until,
        uint8 absent
    ) public {
        vm.assume(absent < 3);
        Terms memory terms = anyTerms();
        terms.fee = 0;
        bytes memory two = anySignature("two");
        (address first, address second) = others(absent);
        if (settle(caller, terms, share, until, Role(absent), "", two)) {
            assert(caller == first);
            assert(signerOf(settlement(terms, share, until), two) == second);
        }
        assert(!settle(caller, terms, share, until, Role(absent), "", ""));
    }

    function check_onlyTheAccountsSignatureWithdraws(address caller, uint256 amount, uint40 until)
        public
    {
        bytes memory signature = anySignature("signature");
        uint64 nonce = escrow.withdrawalNonce(address(0), SELLER);
        if (!callAs(
                caller,
                abi.encodeCall(
                    ITradepostEscrow.withdrawBySig,
                    (SELLER, address(0), amount, BUYER, until, signature)
                )
            )) return;
        bytes32 typeHash = keccak256(
            "Withdrawal(address account,address token,uint256 amount,address to,uint64 nonce,uint40 validUntil)"
        );
        bytes32 digest = digestOf(
            keccak256(abi.encode(typeHash, SELLER, address(0), amount, BUYER, nonce, until))
        );
        assert(signerOf(digest, signature) == SELLER && block.timestamp <= until);
        // A used signature is used up: the nonce is another now.
        assert(escrow.withdrawalNonce(address(0), SELLER) == nonce + 1 || nonce + 1 == 0);
    }

    function check_onlyTheSellersSignatureLocksHisBalance(address caller) public {
        Terms memory terms = anyTerms();
        bytes memory signature = anySignature("signature");
        bytes memory data = abi.encodeCall(ITradepostEscrow.lockFromDeposit, (terms, signature));
        if (!callAs(caller, data)) return;
        assert(signerOf(lockDigest("LockFromDeposit", terms), signature) == SELLER);
    }

    function check_inABatchEverybodyIsHimself(address caller, uint256 gasEach) public {
        Terms memory terms = anyTerms();
        Status from = statusOf(terms);
        bytes[] memory calls = new bytes[](1);
        calls[0] = abi.encodeCall(ITradepostEscrow.release, (terms));
        callAs(caller, abi.encodeCall(escrow.batch, (gasEach, calls)));
        if (statusOf(terms) == from) return;
        assert(caller == SELLER && isOpen(from) && statusOf(terms) == Status.Released);
    }

    function check_aBatchCarriesNoCoins(address caller, uint256 value) public {
        vm.assume(value != 0);
        bytes[] memory calls = new bytes[](1);
        calls[0] = abi.encodeCall(ITradepostEscrow.lock, (anyTerms()));
        assert(!callAs(caller, value, abi.encodeCall(escrow.batch, (1_000_000, calls))));
    }

    function settle(
        address caller,
        Terms memory terms,
        uint128 share,
        uint40 until,
        Role absent,
        bytes memory one,
        bytes memory two
    ) private returns (bool) {
        return callAs(
            caller, abi.encodeCall(ITradepostEscrow.settle, (terms, share, until, absent, one, two))
        );
    }

    function others(uint8 absent) private pure returns (address first, address second) {
        first = absent == uint8(Role.Seller) ? BUYER : SELLER;
        second = absent == uint8(Role.Arbitrator) ? BUYER : ARBITRATOR;
    }

    function asksInTime(Terms memory terms, State memory from) private view {
        assert(from.status == Status.Locked);
        assert(block.timestamp > uint256(from.time) + terms.paymentWindow);
        State memory to = escrow.stateOf(terms);
        assert(to.status == Status.CancelRequested && to.fromDeposit == from.fromDeposit);
        assert(to.time == block.timestamp + terms.challengeWindow);
    }
}
