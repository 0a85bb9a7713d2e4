// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ITradepostEscrow} from "../src/ITradepostEscrow.sol";
import {Role, Terms} from "../src/Terms.sol";
import {Proof} from "./Proof.sol";

/// @notice Where the coins go: to the last unit, and only to those whose coins they are.
contract SharesProof is Proof {
    function setUp() public override {
        super.setUp();
        fund();
    }

    struct Coins {
        uint256 contracts;
        uint256 sellers;
        uint256 sellersBalance;
        uint256 buyers;
        uint256 buyersBalance;
        uint256 fees;
    }

    function check_lockTakesAmountAndFee(uint256 value) public {
        Terms memory terms = anyTerms();
        Coins memory before = coins();
        bool success = callAs(SELLER, value, abi.encodeCall(ITradepostEscrow.lock, (terms)));
        uint256 taken = success ? uint256(terms.amount) + terms.fee : 0;
        assert(address(escrow).balance == before.contracts + taken);
    }

    function check_lockFromDepositTakesAmountAndFeeFromTheBalance() public {
        Terms memory terms = anyTerms();
        Coins memory before = coins();
        bool success = callAs(SELLER, abi.encodeCall(ITradepostEscrow.lockFromDeposit, (terms, "")));
        uint256 taken = success ? uint256(terms.amount) + terms.fee : 0;
        assert(address(escrow).balance == before.contracts);
        assert(escrow.balanceOf(address(0), SELLER) == before.sellersBalance - taken);
    }

    function check_depositIsWhatCame(address account, uint128 amount, uint256 value) public {
        uint256 had = address(escrow).balance;
        uint256 before = escrow.balanceOf(address(0), account);
        bytes memory data = abi.encodeCall(ITradepostEscrow.deposit, (address(0), account, amount));
        uint256 came = callAs(SELLER, value, data) ? value : 0;
        assert(escrow.balanceOf(address(0), account) == before + came);
        assert(address(escrow).balance == had + came);
    }

    function check_releasePaysAmountAndCreditsFee() public {
        Terms memory terms = anyTerms();
        Coins memory before = coins();
        if (!callAs(SELLER, abi.encodeCall(ITradepostEscrow.release, (terms)))) return;
        paid(before, terms.amount, 0, terms.fee);
    }

    function check_refundGivesEverythingBackToWhereItCameFrom() public {
        Terms memory terms = anyTerms();
        bool fromDeposit = escrow.stateOf(terms).fromDeposit;
        Coins memory before = coins();
        if (!callAs(BUYER, abi.encodeCall(ITradepostEscrow.refund, (terms)))) return;
        paid(before, 0, totalOf(terms), 0);
        if (fromDeposit) assert(address(escrow).balance == before.contracts);
    }

    function check_cancelGivesEverythingBack(address caller) public {
        Terms memory terms = anyTerms();
        Coins memory before = coins();
        if (!callAs(caller, abi.encodeCall(ITradepostEscrow.cancel, (terms)))) return;
        paid(before, 0, totalOf(terms), 0);
    }

    /// @dev Without a fee: no solver multiplies and divides in good time. That the fee's share is at most the
    /// fee follows from share <= amount: rounded down, fee * share / amount <= fee * amount / amount.
    function check_settlementsSharesAreTheWhole(uint128 share) public {
        Terms memory terms = anyTerms();
        terms.fee = 0;
        Coins memory before = coins();
        if (!settle(terms, share)) return;
        assert(share <= terms.amount);
        paid(before, share, terms.amount - share, 0);
    }

    /// @dev By the seller and the buyer: who is absent changes nothing after the signatures are looked at.
    function settle(Terms memory terms, uint128 share) private returns (bool) {
        bytes memory data = abi.encodeCall(
            ITradepostEscrow.settle,
            (terms, share, type(uint40).max, Role.Arbitrator, "", anySignature("buyers"))
        );
        return callAs(SELLER, data);
    }

    function check_withdrawTakesOnlyTheCallersBalance(address caller, uint256 amount, address other)
        public
    {
        vm.assume(other != caller && caller != BUYER);
        uint256 had = address(escrow).balance;
        uint256 mine = escrow.balanceOf(address(0), caller);
        uint256 others = escrow.balanceOf(address(0), other);
        uint256 buyers = BUYER.balance;
        bytes memory data = abi.encodeCall(ITradepostEscrow.withdraw, (address(0), amount, BUYER));
        uint256 drawn = callAs(caller, data) ? amount : 0;
        assert(drawn <= mine && BUYER.balance == buyers + drawn);
        assert(address(escrow).balance == had - drawn);
        assert(escrow.balanceOf(address(0), caller) == mine - drawn);
        assert(escrow.balanceOf(address(0), other) == others);
    }

    function totalOf(Terms memory terms) private pure returns (uint256) {
        return uint256(terms.amount) + terms.fee;
    }

    function coins() private view returns (Coins memory) {
        return Coins({
            contracts: address(escrow).balance,
            sellers: SELLER.balance,
            sellersBalance: escrow.balanceOf(address(0), SELLER),
            buyers: BUYER.balance,
            buyersBalance: escrow.balanceOf(address(0), BUYER),
            fees: escrow.balanceOf(address(0), FEE_RECIPIENT)
        });
    }

    /// @dev A person gets coins, or a balance where they could not be sent: halmos tries both. The
    /// contract has less by what was sent and by nothing else.
    function paid(Coins memory before, uint256 buyers, uint256 sellers, uint256 fees) private view {
        Coins memory now_ = coins();
        unchecked {
            uint256 toBuyer = now_.buyers - before.buyers;
            uint256 toSeller = now_.sellers - before.sellers;
            assert(toBuyer + now_.buyersBalance - before.buyersBalance == buyers);
            assert(toSeller + now_.sellersBalance - before.sellersBalance == sellers);
            assert(now_.fees - before.fees == fees);
            assert(before.contracts - now_.contracts == toBuyer + toSeller);
        }
    }
}
