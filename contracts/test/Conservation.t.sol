// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Role, State, Status, Terms} from "../src/Terms.sol";
import {TradepostEscrow} from "../src/TradepostEscrow.sol";
import {EscrowTest} from "./EscrowTest.sol";
import {BlacklistToken} from "./Hostile.sol";
import {Test} from "./Test.sol";

/// @notice Does random things to many escrows at once, and keeps its own books of what they ought to
/// have moved. It is the sellers, the buyers and the arbitrator; some buyers are refused by the token.
contract Crowd is EscrowTest {
    Terms[] private trades;
    mapping(bytes32 => Status) public ended;

    /// @notice What lies in escrows that have not ended, by coin.
    mapping(address => uint256) public held;
    /// @notice What was credited and not yet drawn, by coin.
    mapping(address => uint256) public owed;
    /// @notice True once anything happened that must never happen.
    bool public broken;

    BlacklistToken internal coin;

    constructor() {
        setUp();
        coin = new BlacklistToken();
        fund(address(coin));
    }

    function escrowOf() external view returns (TradepostEscrow) {
        return escrow;
    }

    function coins() public view returns (address[2] memory) {
        return [address(0), address(coin)];
    }

    function lockOne(uint128 amount, uint128 fee, bool native) external {
        Terms memory terms = termsIn(native ? address(0) : address(coin));
        terms.amount = uint128(bound(amount, 1, 1_000e6));
        terms.fee = uint128(bound(fee, 0, terms.amount));
        terms.fundBy = type(uint40).max;
        terms.lane = trades.length;
        lock(terms);
        trades.push(terms);
        held[terms.token] += uint256(terms.amount) + terms.fee;
    }

    function pass(uint32 time) external {
        vm.warp(block.timestamp + bound(time, 1, 4 hours));
    }

    function blacklist(bool yes) external {
        coin.blacklist(buyer, yes);
    }

    function releaseOne(uint256 pick) external {
        Terms memory terms = picked(pick);
        bytes memory signature = signed(SELLER_KEY, "Release", terms);
        (uint256 buyerBefore, uint256 sellerBefore) = balances(terms);
        try escrow.releaseBySig(terms, signature) {
            finish(terms, Status.Released, terms.amount, terms.fee, buyerBefore, sellerBefore);
        } catch {}
    }

    function refundOne(uint256 pick) external {
        Terms memory terms = picked(pick);
        (uint256 buyerBefore, uint256 sellerBefore) = balances(terms);
        vm.prank(buyer);
        try escrow.refund(terms) {
            finish(terms, Status.Refunded, 0, 0, buyerBefore, sellerBefore);
        } catch {}
    }

    function markOnePaid(uint256 pick) external {
        Terms memory terms = picked(pick);
        vm.prank(buyer);
        try escrow.markPaid(terms) {} catch {}
    }

    function requestOneCancel(uint256 pick) external {
        Terms memory terms = picked(pick);
        vm.prank(seller);
        try escrow.requestCancel(terms) {} catch {}
    }

    function cancelOne(uint256 pick) external {
        Terms memory terms = picked(pick);
        (uint256 buyerBefore, uint256 sellerBefore) = balances(terms);
        State memory state = escrow.stateOf(escrow.escrowId(terms));
        try escrow.cancel(terms) {
            // Only from an unanswered request, and only after its window.
            if (state.status != Status.CancelRequested || block.timestamp <= state.cancelAt) {
                broken = true;
            }
            finish(terms, Status.Refunded, 0, 0, buyerBefore, sellerBefore);
        } catch {}
    }

    function settleOne(uint256 pick, uint128 share) external {
        Terms memory terms = picked(pick);
        share = uint128(bound(share, 0, terms.amount));
        bytes32 digest = settlementDigest(escrow.escrowId(terms), share);
        bytes memory first = sign(BUYER_KEY, digest);
        bytes memory second = sign(ARBITRATOR_KEY, digest);
        uint256 fee = uint256(terms.fee) * share / terms.amount;
        (uint256 buyerBefore, uint256 sellerBefore) = balances(terms);
        try escrow.settle(terms, share, Role.Buyer, first, Role.Arbitrator, second) {
            finish(terms, Status.Split, share, fee, buyerBefore, sellerBefore);
        } catch {}
    }

    function draw(bool native, bool fees) external {
        address token_ = native ? address(0) : address(coin);
        address who = fees ? feeRecipient : buyer;
        vm.prank(who);
        try escrow.withdraw(token_, address(0xca5e)) returns (uint256 amount) {
            owed[token_] -= amount;
        } catch {}
    }

    /// @dev The books of an end: what the buyer was to get he has or is owed, the fee is owed, the
    /// rest is the seller's.
    function finish(
        Terms memory terms,
        Status status,
        uint256 toBuyer,
        uint256 fee,
        uint256 buyerBefore,
        uint256 sellerBefore
    ) private {
        bytes32 id = escrow.escrowId(terms);
        if (ended[id] != Status.None) broken = true;
        ended[id] = status;
        uint256 total = uint256(terms.amount) + terms.fee;
        (uint256 buyerAfter, uint256 sellerAfter) = balances(terms);
        uint256 arrived = buyerAfter - buyerBefore;
        if (arrived != toBuyer && arrived != 0) broken = true;
        if (sellerAfter - sellerBefore != total - toBuyer - fee) broken = true;
        held[terms.token] -= total;
        owed[terms.token] += toBuyer - arrived + fee;
    }

    function balances(Terms memory terms) private view returns (uint256, uint256) {
        return (balance(terms.token, buyer), balance(terms.token, seller));
    }

    function picked(uint256 pick) private view returns (Terms memory) {
        vm.assume(trades.length != 0);
        return trades[pick % trades.length];
    }

    /// @notice Whether every escrow that ended still stands where it ended.
    function endsStand() external view returns (bool) {
        for (uint256 i = 0; i < trades.length; ++i) {
            bytes32 id = escrow.escrowId(trades[i]);
            Status now_ = escrow.stateOf(id).status;
            if (ended[id] != Status.None ? now_ != ended[id] : now_ > Status.Paid) return false;
        }
        return true;
    }
}

/// @notice What holds after whatever the crowd does.
contract ConservationTest is Test {
    Crowd private crowd;
    TradepostEscrow private escrow;

    function setUp() public {
        crowd = new Crowd();
        escrow = crowd.escrowOf();
    }

    /// @notice The functions that forge may call at random.
    function targetSelectors() public view returns (FuzzSelector[] memory targets) {
        bytes4[] memory selectors = new bytes4[](10);
        selectors[0] = Crowd.lockOne.selector;
        selectors[1] = Crowd.pass.selector;
        selectors[2] = Crowd.blacklist.selector;
        selectors[3] = Crowd.releaseOne.selector;
        selectors[4] = Crowd.refundOne.selector;
        selectors[5] = Crowd.markOnePaid.selector;
        selectors[6] = Crowd.requestOneCancel.selector;
        selectors[7] = Crowd.cancelOne.selector;
        selectors[8] = Crowd.settleOne.selector;
        selectors[9] = Crowd.draw.selector;
        targets = new FuzzSelector[](1);
        targets[0] = FuzzSelector(address(crowd), selectors);
    }

    function targetContracts() public view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(crowd);
    }

    struct FuzzSelector {
        address addr;
        bytes4[] selectors;
    }

    /// @notice Conservation and solvency: the contract has what is held and what is owed, to the unit.
    function invariant_balanceIsHeldAndOwed() public view {
        address[2] memory coins = crowd.coins();
        for (uint256 i = 0; i < coins.length; ++i) {
            uint256 has = coins[i] == address(0)
                ? address(escrow).balance
                : BlacklistToken(coins[i]).balanceOf(address(escrow));
            assertEq(has, crowd.held(coins[i]) + crowd.owed(coins[i]));
        }
    }

    /// @notice What the contract says it owes is what the books say.
    function invariant_creditsAreWhatIsOwed() public view {
        address[2] memory coins = crowd.coins();
        for (uint256 i = 0; i < coins.length; ++i) {
            uint256 credits = escrow.balanceOf(coins[i], address(0xfee))
                + escrow.balanceOf(coins[i], vm.addr(0xb0be6));
            assertEq(credits, crowd.owed(coins[i]));
        }
    }

    /// @notice Ended escrows stay ended, none ends twice, nobody gets another share than his.
    function invariant_endsAreFinal() public view {
        assertTrue(!crowd.broken());
        assertTrue(crowd.endsStand());
    }
}
