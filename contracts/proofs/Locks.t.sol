// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ITradepostEscrow} from "../src/ITradepostEscrow.sol";
import {Status, Terms} from "../src/Terms.sol";
import {Proof} from "./Proof.sol";

/// @notice A token that does whatever it likes when it is asked for coins, and remembers what
/// it was asked for.
contract AnyCoin {
    uint256 private held;
    uint256 private later;
    address public from;
    uint256 public value;
    uint256 public before;
    bytes32 public purpose;

    function have(uint256 now_, uint256 later_) external {
        (held, later) = (now_, later_);
    }

    function balanceOf(address) external view returns (uint256) {
        return held;
    }

    function transferFrom(address from_, address, uint256 value_) external returns (bool) {
        (from, value, held) = (from_, value_, later);
        return true;
    }

    function receiveWithAuthorization(
        address from_,
        address,
        uint256 value_,
        uint256,
        uint256 before_,
        bytes32 nonce,
        uint8,
        bytes32,
        bytes32
    ) external {
        (from, value, before, purpose, held) = (from_, value_, before_, nonce, later);
    }
}

/// @notice Locks of tokens: only with the seller's will for these very terms, and only of all the coins.
contract LocksProof is Proof {
    AnyCoin private coin;
    uint256 private had;
    uint256 private has;

    function setUp() public override {
        super.setUp();
        coin = new AnyCoin();
        (had, has) = (svm.createUint(256, "had"), svm.createUint(256, "has"));
        coin.have(had, has);
    }

    function check_lockOfATokenIsTheSellersAndWhole(address caller) public {
        Terms memory terms = tokenTerms();
        if (!callAs(caller, abi.encodeCall(ITradepostEscrow.lock, (terms)))) return;
        assert(caller == SELLER);
        whole(terms);
    }

    function check_lockBySigIsTheSellersAndWhole(address caller) public {
        Terms memory terms = tokenTerms();
        bytes memory signature = anySignature("signature");
        bytes memory data = abi.encodeCall(ITradepostEscrow.lockBySig, (terms, signature));
        if (!callAs(caller, data)) return;
        assert(signerOf(lockDigest("Lock", terms), signature) == SELLER);
        whole(terms);
    }

    function check_anAuthorizationIsForTheseTermsAndWhole(address caller) public {
        Terms memory terms = tokenTerms();
        bytes memory signature = anySignature("signature");
        bytes memory data =
            abi.encodeCall(ITradepostEscrow.lockWithAuthorization, (terms, signature));
        if (!callAs(caller, data)) return;
        assert(coin.purpose() == idOf(terms) && coin.before() == uint256(terms.fundBy) + 1);
        whole(terms);
    }

    function check_depositOfATokenIsTheCallersAndWhole(
        address caller,
        address account,
        uint128 amount
    ) public {
        uint256 balance = escrow.balanceOf(address(coin), account);
        bytes memory data =
            abi.encodeCall(ITradepostEscrow.deposit, (address(coin), account, amount));
        if (!callAs(caller, data)) return;
        assert(coin.from() == caller && coin.value() == amount && amount != 0);
        assert(has > had && has - had == amount);
        assert(escrow.balanceOf(address(coin), account) == balance + amount);
    }

    function check_reach_lockBySig(address caller) public {
        bytes memory signature = anySignature("signature");
        bytes memory data = abi.encodeCall(ITradepostEscrow.lockBySig, (tokenTerms(), signature));
        assert(!callAs(caller, data));
    }

    function check_reach_lockWithAuthorization(address caller) public {
        bytes memory signature = anySignature("signature");
        assert(
            !callAs(
                caller,
                abi.encodeCall(ITradepostEscrow.lockWithAuthorization, (tokenTerms(), signature))
            )
        );
    }

    function tokenTerms() private returns (Terms memory terms) {
        terms = anyTerms();
        terms.token = address(coin);
    }

    function whole(Terms memory terms) private view {
        uint256 total = uint256(terms.amount) + terms.fee;
        assert(statusOf(terms) == Status.Locked);
        assert(coin.from() == SELLER && coin.value() == total);
        assert(has > had && has - had == total);
    }
}
