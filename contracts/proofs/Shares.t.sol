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
        uint256 sellersCredit;
        uint256 buyers;
        uint256 buyersCredit;
        uint256 fees;
    }

    function check_lockTakesAmountAndFee(uint256 value) public {
        Terms memory terms = anyTerms();
        Coins memory before = coins();
        bool success = callAs(SELLER, value, abi.encodeCall(ITradepostEscrow.lock, (terms)));
        uint256 taken = success ? uint256(terms.amount) + terms.fee : 0;
        assert(address(escrow).balance == before.contracts + taken);
    }

    function check_releasePaysAmountAndCreditsFee() public {
        Terms memory terms = anyTerms();
        Coins memory before = coins();
        if (!callAs(SELLER, abi.encodeCall(ITradepostEscrow.release, (terms)))) return;
        paid(before, terms.amount, 0, terms.fee);
    }

    function check_refundGivesEverythingBack() public {
        Terms memory terms = anyTerms();
        Coins memory before = coins();
        if (!callAs(BUYER, abi.encodeCall(ITradepostEscrow.refund, (terms)))) return;
        paid(before, 0, uint256(terms.amount) + terms.fee, 0);
    }

    function check_cancelGivesEverythingBack(address caller) public {
        Terms memory terms = anyTerms();
        Coins memory before = coins();
        if (!callAs(caller, abi.encodeCall(ITradepostEscrow.cancel, (terms)))) return;
        paid(before, 0, uint256(terms.amount) + terms.fee, 0);
    }

    /// @dev By the seller and the buyer: the roles change nothing after the signatures are looked at.
    function check_settlementsSharesAreTheWhole(uint128 share) public {
        Terms memory terms = anyTerms();
        Coins memory before = coins();
        bytes memory data = abi.encodeCall(
            ITradepostEscrow.settle,
            (terms, share, Role.Seller, "", Role.Buyer, anySignature("buyers"))
        );
        if (!callAs(SELLER, data)) return;
        uint256 fee = escrow.credits(address(0), FEE_RECIPIENT) - before.fees;
        paid(before, share, uint256(terms.amount) + terms.fee - share - fee, fee);
    }

    function check_withdrawTakesOnlyTheCallersCredit(address caller, address to, address other)
        public
    {
        vm.assume(to != address(escrow) && to != address(this) && other != caller);
        uint256 had = address(escrow).balance;
        uint256 credit = escrow.credits(address(0), caller);
        uint256 others = escrow.credits(address(0), other);
        bool success = callAs(caller, abi.encodeCall(ITradepostEscrow.withdraw, (address(0), to)));
        assert(address(escrow).balance == (success ? had - credit : had));
        assert(escrow.credits(address(0), caller) == (success ? 0 : credit));
        assert(escrow.credits(address(0), other) == others);
        if (success) assert(credit != 0);
    }

    function coins() private view returns (Coins memory) {
        return Coins({
            contracts: address(escrow).balance,
            sellers: SELLER.balance,
            sellersCredit: escrow.credits(address(0), SELLER),
            buyers: BUYER.balance,
            buyersCredit: escrow.credits(address(0), BUYER),
            fees: escrow.credits(address(0), FEE_RECIPIENT)
        });
    }

    /// @dev A person gets coins, or a credit where they could not be sent: halmos tries both. The
    /// contract has less by what was sent and by nothing else.
    function paid(Coins memory before, uint256 buyers, uint256 sellers, uint256 fees) private view {
        Coins memory now_ = coins();
        unchecked {
            uint256 toBuyer = now_.buyers - before.buyers;
            uint256 toSeller = now_.sellers - before.sellers;
            assert(toBuyer + now_.buyersCredit - before.buyersCredit == buyers);
            assert(toSeller + now_.sellersCredit - before.sellersCredit == sellers);
            assert(now_.fees - before.fees == fees);
            assert(before.contracts - now_.contracts == toBuyer + toSeller);
        }
    }
}
