// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ITradepostEscrow} from "../src/ITradepostEscrow.sol";
import {Role, Terms} from "../src/Terms.sol";
import {Proof} from "./Proof.sol";

/// @notice What has to be possible: if no call could succeed, every other proof would hold and say
/// nothing. Each of these says "impossible", and analyse.py wants a counterexample of each.
contract ReachProof is Proof {
    function setUp() public override {
        super.setUp();
        fund();
    }

    function check_reach_lock(uint256 value) public {
        Terms memory terms = anyTerms();
        callAs(SELLER, value, abi.encodeCall(ITradepostEscrow.lock, (terms)));
        assert(value == 0 || escrow.stateOf(terms).time != block.timestamp);
    }

    function check_reach_lockFromDeposit() public {
        Terms memory terms = anyTerms();
        assert(!callAs(SELLER, abi.encodeCall(ITradepostEscrow.lockFromDeposit, (terms, ""))));
    }

    function check_reach_lockInAUsedLane() public {
        Terms memory terms = anyTerms();
        (bytes32 before,) = escrow.laneOf(SELLER, address(0), terms.lane);
        bool success = callAs(SELLER, abi.encodeCall(ITradepostEscrow.lockFromDeposit, (terms, "")));
        assert(before == 0 || !success);
    }

    function check_reach_deposit(uint256 value) public {
        bytes memory data = abi.encodeCall(ITradepostEscrow.deposit, (address(0), BUYER, 5));
        assert(!callAs(SELLER, value, data));
    }

    function check_reach_releaseThatPays() public {
        pays(SELLER, abi.encodeCall(ITradepostEscrow.release, (anyTerms())), BUYER);
    }

    function check_reach_releaseBySigThatPays(address caller) public {
        bytes memory signature = anySignature("signature");
        pays(caller, abi.encodeCall(ITradepostEscrow.releaseBySig, (anyTerms(), signature)), BUYER);
    }

    function check_reach_releaseThatCredits() public {
        uint256 before = escrow.balanceOf(address(0), BUYER);
        callAs(SELLER, abi.encodeCall(ITradepostEscrow.release, (anyTerms())));
        assert(escrow.balanceOf(address(0), BUYER) == before);
    }

    function check_reach_releaseAllThatPays(address caller) public {
        Terms[] memory every = new Terms[](1);
        every[0] = anyTerms();
        bytes memory signature = anySignature("signature");
        pays(caller, abi.encodeCall(ITradepostEscrow.releaseAll, (every, signature)), BUYER);
    }

    function check_reach_batchThatPays() public {
        bytes[] memory calls = new bytes[](1);
        calls[0] = abi.encodeCall(ITradepostEscrow.release, (anyTerms()));
        pays(SELLER, abi.encodeCall(escrow.batch, (1_000_000, calls)), BUYER);
    }

    function check_reach_refundIntoTheBalance() public {
        Terms memory terms = anyTerms();
        bool fromDeposit = escrow.stateOf(terms).fromDeposit;
        bool success = callAs(BUYER, abi.encodeCall(ITradepostEscrow.refund, (terms)));
        assert(!fromDeposit || !success);
    }

    function check_reach_withdrawBySigThatPays(address caller) public {
        bytes memory data = abi.encodeCall(
            ITradepostEscrow.withdrawBySig,
            (SELLER, address(0), 5, BUYER, type(uint40).max, anySignature("signature"))
        );
        pays(caller, data, BUYER);
    }

    function check_reach_refundThatPays() public {
        pays(BUYER, abi.encodeCall(ITradepostEscrow.refund, (anyTerms())), SELLER);
    }

    function check_reach_refundBySigThatPays(address caller) public {
        bytes memory signature = anySignature("signature");
        pays(caller, abi.encodeCall(ITradepostEscrow.refundBySig, (anyTerms(), signature)), SELLER);
    }

    function check_reach_cancelThatPays(address caller) public {
        pays(caller, abi.encodeCall(ITradepostEscrow.cancel, (anyTerms())), SELLER);
    }

    function check_reach_settlementThatPays() public {
        Terms memory terms = anyTerms();
        // Solvers find no numbers to multiply and divide in good time.
        (terms.amount, terms.fee) = (10, 0);
        bytes memory two = anySignature("two");
        bytes memory data = abi.encodeCall(
            ITradepostEscrow.settle, (terms, 7, type(uint40).max, Role.Seller, two, "")
        );
        pays(ARBITRATOR, data, BUYER);
    }

    function check_reach_requestCancel() public {
        Terms memory terms = anyTerms();
        bool success = callAs(SELLER, abi.encodeCall(ITradepostEscrow.requestCancel, (terms)));
        assert(!success);
    }

    function check_reach_requestCancelBySig(address caller) public {
        bytes memory signature = anySignature("signature");
        assert(
            !callAs(
                caller, abi.encodeCall(ITradepostEscrow.requestCancelBySig, (anyTerms(), signature))
            )
        );
    }

    function check_reach_markPaid() public {
        assert(!callAs(BUYER, abi.encodeCall(ITradepostEscrow.markPaid, (anyTerms()))));
    }

    function check_reach_markPaidBySig(address caller) public {
        bytes memory signature = anySignature("signature");
        assert(
            !callAs(caller, abi.encodeCall(ITradepostEscrow.markPaidBySig, (anyTerms(), signature)))
        );
    }

    function check_reach_withdrawThatPays(address caller) public {
        pays(caller, abi.encodeCall(ITradepostEscrow.withdraw, (address(0), 5, BUYER)), BUYER);
    }

    function pays(address caller, bytes memory data, address who) private {
        vm.assume(caller != who);
        uint256 before = who.balance;
        callAs(caller, data);
        assert(who.balance == before);
    }
}
