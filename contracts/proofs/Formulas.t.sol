// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ITradepostEscrow} from "../src/ITradepostEscrow.sol";
import {Lanes} from "../src/Lanes.sol";
import {State, Status, Terms} from "../src/Terms.sol";
import {isClean, wordsOf} from "../src/Words.sol";
import {Proof} from "./Proof.sol";

/// @notice What is written in few operations is what it says in many.
contract FormulasProof is Proof {
    using Lanes for uint256;

    /// @dev What the rules are about: any words of terms, what lies in their lane, and the seller's balance.
    struct Facts {
        address seller;
        State lane;
        uint256 balance;
    }

    /// @notice Whatever eleven words and whoever calls: a lock that succeeds keeps each of the rules that
    /// docs/contract.md lists. By a lock from a deposit of the caller's own, in any coin, since that calls
    /// no other contract.
    function check_onlySoundTermsAreLocked(address caller, uint256[11] memory w) public {
        Facts memory facts = factsOf(w);
        if (!lockFromDeposit(caller, w)) return;
        assert(caller == facts.seller);
        assert(areClean(w));
        assert(w[0] != 0 && w[1] != 0 && w[2] != 0);
        assert(w[0] != w[1] && w[1] != w[2] && w[0] != w[2]);
        assert(w[4] != 0 && w[5] <= w[4]);
        assert(w[5] == 0 || w[6] != 0);
        assert(w[8] >= 1 && w[8] <= 30 days);
        assert(w[9] >= 10 minutes && w[9] <= 7 days);
        assert(block.timestamp <= w[7]);
        assert(w[4] + w[5] <= facts.balance);
        assert(
            facts.lane.status == Status.None
                || (hasEnded(facts.lane.status) && block.timestamp > facts.lane.time)
        );
    }

    /// @notice The other way round: what keeps them all is locked.
    function check_allSoundTermsAreLocked(uint256[11] memory w) public {
        Facts memory facts = factsOf(w);
        vm.assume(areClean(w));
        vm.assume(w[0] != 0 && w[1] != 0 && w[2] != 0);
        vm.assume(w[0] != w[1] && w[1] != w[2] && w[0] != w[2]);
        vm.assume(w[4] != 0 && w[5] <= w[4]);
        vm.assume(w[5] == 0 || w[6] != 0);
        vm.assume(w[8] >= 1 && w[8] <= 30 days);
        vm.assume(w[9] >= 10 minutes && w[9] <= 7 days);
        vm.assume(block.timestamp <= w[7]);
        vm.assume(w[4] + w[5] <= facts.balance);
        vm.assume(hasEnded(facts.lane.status) && block.timestamp > facts.lane.time);
        assert(lockFromDeposit(facts.seller, w));
    }

    function factsOf(uint256[11] memory w) private view returns (Facts memory facts) {
        facts.seller = address(uint160(w[0]));
        (, facts.lane) = escrow.laneOf(facts.seller, address(uint160(w[3])), w[10]);
        facts.balance = escrow.balanceOf(address(uint160(w[3])), facts.seller);
    }

    function lockFromDeposit(address caller, uint256[11] memory w) private returns (bool) {
        bytes4 selector = ITradepostEscrow.lockFromDeposit.selector;
        return callAs(caller, abi.encodePacked(selector, w, uint256(0x180), uint256(0)));
    }

    function check_cleanIsWithinTheTypes(uint256[11] memory w) public view {
        (bool answered, bytes memory answer) =
            address(this).staticcall(abi.encodePacked(this.cleanTerms.selector, w));
        assert(answered && abi.decode(answer, (bool)) == areClean(w));
    }

    function cleanTerms(Terms calldata terms) external pure returns (bool) {
        return isClean(wordsOf(terms));
    }

    function check_wordsKeepWhatIsPacked(bytes32 id, uint8 status, uint40 time, bool mark)
        public
        pure
    {
        vm.assume(status < 7);
        uint256 word = Lanes.pack(id, status, time) | (mark ? Lanes.FROM_DEPOSIT : 0);
        assert(word.idBits() == id >> 48 << 48 && uint8(word.status()) == status);
        assert(word.time() == time && word.fromDeposit() == mark);
    }

    function check_movedKeepsWhoseItIs(uint256 word, uint8 status, uint40 time) public pure {
        vm.assume(status < 7);
        uint256 to = word.moved(Status(status), time);
        assert(to.idBits() == word.idBits() && to.fromDeposit() == word.fromDeposit());
        assert(uint8(to.status()) == status && to.time() == time);
    }

    function check_openIsLockedRequestedOrPaid(uint256 word, bytes32 id) public pure {
        bool same = word.idBits() == id >> 48 << 48;
        uint256 status = word % 128;
        assert(word.isOpen(id) == (same && status >= 1 && status <= 3));
    }

    function check_inIsThatEscrowInThatStatus(uint256 word, bytes32 id, uint8 wanted) public pure {
        vm.assume(wanted < 7);
        bool same = word.idBits() == id >> 48 << 48;
        assert(word.isIn(id, Status(wanted)) == (same && word % 128 == wanted));
    }

    function check_freeIsUnusedOrEndedAndPast(uint256 word, uint256 now_) public pure {
        bool ended = word % 128 > uint256(Status.Paid);
        assert(word.isFree(now_) == (word == 0 || (ended && now_ > word / 256 % 2 ** 40)));
    }

    function areClean(uint256[11] memory w) private pure returns (bool) {
        if (w[0] >= 2 ** 160 || w[1] >= 2 ** 160 || w[2] >= 2 ** 160) return false;
        if (w[3] >= 2 ** 160 || w[6] >= 2 ** 160) return false;
        if (w[4] >= 2 ** 128 || w[5] >= 2 ** 128 || w[7] >= 2 ** 40) return false;
        return w[8] < 2 ** 32 && w[9] < 2 ** 32;
    }
}
