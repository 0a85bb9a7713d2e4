// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ITradepostEscrow} from "../src/ITradepostEscrow.sol";
import {Role, State, Status} from "../src/Terms.sol";
import {Proof} from "./Proof.sol";

/// @notice What one call of each function, by anyone, with any numbers and any signature, makes of every
/// escrow, be it the one that the call names or another.
contract StepsProof is Proof {
    function check_lock(address caller, uint256 value, bytes32 id) public {
        State memory from = escrow.stateOf(id);
        callAs(caller, value, abi.encodeCall(ITradepostEscrow.lock, (anyTerms())));
        follows(id, from);
    }

    function check_release(address caller, bytes32 id) public {
        step(caller, id, abi.encodeCall(ITradepostEscrow.release, (anyTerms())));
    }

    function check_releaseBySig(address caller, bytes32 id) public {
        bytes memory signature = anySignature("signature");
        step(caller, id, abi.encodeCall(ITradepostEscrow.releaseBySig, (anyTerms(), signature)));
    }

    function check_requestCancel(address caller, bytes32 id) public {
        step(caller, id, abi.encodeCall(ITradepostEscrow.requestCancel, (anyTerms())));
    }

    function check_requestCancelBySig(address caller, bytes32 id) public {
        bytes memory signature = anySignature("signature");
        step(
            caller, id, abi.encodeCall(ITradepostEscrow.requestCancelBySig, (anyTerms(), signature))
        );
    }

    function check_markPaid(address caller, bytes32 id) public {
        step(caller, id, abi.encodeCall(ITradepostEscrow.markPaid, (anyTerms())));
    }

    function check_markPaidBySig(address caller, bytes32 id) public {
        bytes memory signature = anySignature("signature");
        step(caller, id, abi.encodeCall(ITradepostEscrow.markPaidBySig, (anyTerms(), signature)));
    }

    function check_refund(address caller, bytes32 id) public {
        step(caller, id, abi.encodeCall(ITradepostEscrow.refund, (anyTerms())));
    }

    function check_refundBySig(address caller, bytes32 id) public {
        bytes memory signature = anySignature("signature");
        step(caller, id, abi.encodeCall(ITradepostEscrow.refundBySig, (anyTerms(), signature)));
    }

    function check_settle(address caller, bytes32 id, uint128 share, uint8 a, uint8 b) public {
        vm.assume(a < 3 && b < 3);
        (bytes memory one, bytes memory two) = (anySignature("one"), anySignature("two"));
        step(
            caller,
            id,
            abi.encodeCall(ITradepostEscrow.settle, (anyTerms(), share, Role(a), one, Role(b), two))
        );
    }

    function check_cancel(address caller, bytes32 id) public {
        step(caller, id, abi.encodeCall(ITradepostEscrow.cancel, (anyTerms())));
    }

    function check_withdraw(address caller, address to, bytes32 id) public {
        State memory from = escrow.stateOf(id);
        callAs(caller, abi.encodeCall(ITradepostEscrow.withdraw, (address(0), to)));
        assert(escrow.stateOf(id).status == from.status);
    }

    function step(address caller, bytes32 id, bytes memory data) private {
        State memory from = escrow.stateOf(id);
        callAs(caller, data);
        follows(id, from);
    }

    /// @dev No edge leads out of an end, none back, and none from Paid to CancelRequested: once paid,
    /// never cancelled. The times are written once.
    function follows(bytes32 id, State memory from) private view {
        State memory to = escrow.stateOf(id);
        if (from.status == to.status) {
            assert(from.lockedAt == to.lockedAt && from.cancelAt == to.cancelAt);
            return;
        }
        assert(from.status <= Status.Paid && to.status > from.status);
        if (from.status == Status.None) assert(to.status == Status.Locked);
        else assert(from.lockedAt == to.lockedAt);
        if (to.status != Status.Locked && to.status != Status.CancelRequested) {
            assert(from.cancelAt == to.cancelAt);
        }
    }
}
