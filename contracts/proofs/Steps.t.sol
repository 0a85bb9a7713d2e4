// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ITradepostEscrow} from "../src/ITradepostEscrow.sol";
import {Role, State, Status, Terms} from "../src/Terms.sol";
import {Proof} from "./Proof.sol";

/// @notice What one call of each function, by anyone, with any numbers and any signature, makes of every
/// lane of the seller, be it the one that the call names or another, and of everybody's balance. A call
/// that reverts changes nothing, so those that succeed are looked at.
contract StepsProof is Proof {
    struct Seen {
        address who;
        address coin;
        uint256 lane;
        bytes32 id;
        State state;
        address token;
        address account;
        uint256 balance;
    }

    function check_lock(address caller, uint256 value) public {
        Seen memory before = any();
        Terms memory terms = anyTerms();
        bool success = callAs(caller, value, abi.encodeCall(ITradepostEscrow.lock, (terms)));
        if (!success) return;
        onlyLocks(before, terms, false);
        grows(before);
    }

    function check_lockFromDeposit(address caller) public {
        Seen memory before = any();
        Terms memory terms = anyTerms();
        bytes memory data = abi.encodeCall(ITradepostEscrow.lockFromDeposit, (terms, ""));
        if (!callAs(caller, data)) return;
        onlyLocks(before, terms, true);
        if (before.account != SELLER) grows(before);
    }

    function check_release(address caller) public {
        step(caller, abi.encodeCall(ITradepostEscrow.release, (anyTerms())));
    }

    function check_releaseBySig(address caller) public {
        bytes memory signature = anySignature("signature");
        step(caller, abi.encodeCall(ITradepostEscrow.releaseBySig, (anyTerms(), signature)));
    }

    function check_releaseAll(address caller) public {
        Terms[] memory terms = new Terms[](1);
        terms[0] = anyTerms();
        bytes memory signature = anySignature("signature");
        step(caller, abi.encodeCall(ITradepostEscrow.releaseAll, (terms, signature)));
    }

    function check_requestCancel(address caller) public {
        step(caller, abi.encodeCall(ITradepostEscrow.requestCancel, (anyTerms())));
    }

    function check_requestCancelBySig(address caller) public {
        bytes memory signature = anySignature("signature");
        step(caller, abi.encodeCall(ITradepostEscrow.requestCancelBySig, (anyTerms(), signature)));
    }

    function check_markPaid(address caller) public {
        step(caller, abi.encodeCall(ITradepostEscrow.markPaid, (anyTerms())));
    }

    function check_markPaidBySig(address caller) public {
        bytes memory signature = anySignature("signature");
        step(caller, abi.encodeCall(ITradepostEscrow.markPaidBySig, (anyTerms(), signature)));
    }

    function check_refund(address caller) public {
        step(caller, abi.encodeCall(ITradepostEscrow.refund, (anyTerms())));
    }

    function check_refundBySig(address caller) public {
        bytes memory signature = anySignature("signature");
        step(caller, abi.encodeCall(ITradepostEscrow.refundBySig, (anyTerms(), signature)));
    }

    /// @dev With one signature and its caller: PowersProof has the others.
    function check_settle(address caller, uint128 share, uint40 until, uint8 absent) public {
        vm.assume(absent < 3);
        Seen memory before = any();
        bytes memory data = abi.encodeCall(
            ITradepostEscrow.settle,
            (anyTerms(), share, until, Role(absent), "", anySignature("two"))
        );
        if (!callAs(caller, data)) return;
        follows(before);
    }

    /// @dev Apart from the lanes, to have fewer paths; without a fee, since SharesProof has its share.
    function check_settleLowersNoBalance(uint128 share) public {
        Seen memory before = any();
        Terms memory terms = anyTerms();
        terms.fee = 0;
        bytes memory data = abi.encodeCall(
            ITradepostEscrow.settle,
            (terms, share, type(uint40).max, Role.Arbitrator, "", anySignature("two"))
        );
        if (callAs(SELLER, data)) grows(before);
    }

    function check_cancel(address caller) public {
        step(caller, abi.encodeCall(ITradepostEscrow.cancel, (anyTerms())));
    }

    function check_deposit(address caller, uint256 value, address account, uint128 amount) public {
        Seen memory before = any();
        callAs(
            caller, value, abi.encodeCall(ITradepostEscrow.deposit, (address(0), account, amount))
        );
        same(before);
        grows(before);
    }

    function check_withdraw(address caller, address to, uint256 amount) public {
        Seen memory before = any();
        callAs(caller, abi.encodeCall(ITradepostEscrow.withdraw, (address(0), amount, to)));
        same(before);
        if (before.account != caller) grows(before);
    }

    function check_withdrawBySig(address caller, address to, uint256 amount, uint40 until) public {
        Seen memory before = any();
        bytes memory data = abi.encodeCall(
            ITradepostEscrow.withdrawBySig,
            (SELLER, address(0), amount, to, until, anySignature("signature"))
        );
        if (!callAs(caller, data)) return;
        same(before);
        if (before.account != SELLER) grows(before);
    }

    // ------------------------------------------------------------------ what has to hold

    /// @dev Any lane of the seller and the balance of anybody, as they are before the call. Lanes of others
    /// and of other tokens are other words of the same mapping: a solver takes much longer with all.
    function any() private returns (Seen memory seen) {
        (seen.who, seen.coin) = (SELLER, address(0));
        seen.lane = svm.createUint(256, "anyLane");
        (seen.id, seen.state) = escrow.laneOf(seen.who, seen.coin, seen.lane);
        seen.account = svm.createAddress("account");
        seen.balance = escrow.balanceOf(seen.token, seen.account);
    }

    function step(address caller, bytes memory data) private {
        Seen memory before = any();
        if (!callAs(caller, data)) return;
        follows(before);
        grows(before);
    }

    /// @dev No edge leads out of an end, none back, and none from Paid to CancelRequested: once paid,
    /// never cancelled. Whose lane it is and which escrow it holds stays, and so does where its coins
    /// came from, as long as it is open.
    function follows(Seen memory before) private view {
        (bytes32 id, State memory to) = escrow.laneOf(before.who, before.coin, before.lane);
        State memory from = before.state;
        assert(id == before.id);
        if (from.status == to.status) {
            assert(from.time == to.time && from.fromDeposit == to.fromDeposit);
            return;
        }
        assert(isOpen(from.status) && to.status > from.status);
        if (isOpen(to.status)) assert(from.fromDeposit == to.fromDeposit);
        else assert(!to.fromDeposit);
    }

    function same(Seen memory before) private view {
        (bytes32 id, State memory to) = escrow.laneOf(before.who, before.coin, before.lane);
        State memory from = before.state;
        assert(id == before.id && from.status == to.status);
        assert(from.time == to.time && from.fromDeposit == to.fromDeposit);
    }

    /// @dev A lock changes its own lane alone, and that only if it is free: if it was never used, or holds
    /// an escrow that ended, whose `fundBy` is over and so lower than that of the next.
    function onlyLocks(Seen memory before, Terms memory terms, bool mark) private view {
        if (before.lane != terms.lane) {
            return same(before);
        }
        State memory from = before.state;
        bool free = from.status == Status.None && before.id == 0 && from.time == 0;
        bool over = hasEnded(from.status) && from.time < terms.fundBy;
        // A word that was never written is all zero: no lock leaves None, and no step leads back.
        assert(from.status == Status.None ? free : over && block.timestamp > from.time);
        (bytes32 id, State memory to) = escrow.laneOf(before.who, before.coin, before.lane);
        assert(to.status == Status.Locked && to.time == block.timestamp && to.fromDeposit == mark);
        assert(id == idOf(terms) >> 48 << 48);
    }

    function grows(Seen memory before) private view {
        assert(escrow.balanceOf(before.token, before.account) >= before.balance);
    }
}
