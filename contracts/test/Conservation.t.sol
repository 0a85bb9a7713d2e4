// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Role, State, Status, Terms} from "../src/Terms.sol";
import {TradepostEscrow} from "../src/TradepostEscrow.sol";
import {EscrowTest} from "./EscrowTest.sol";
import {BlacklistToken} from "./Hostile.sol";
import {Test} from "./Test.sol";

/// @notice Does random things to many escrows at once, and keeps its own books of what they ought to
/// have moved. It is sellers, buyers and the arbitrator; one token refuses some of them at times. Each
/// seller has few lanes, so that they are used again and again.
contract Crowd is EscrowTest {
    uint256 private constant LANES = 3;

    uint256[3] private keys = [SELLER_KEY, BUYER_KEY, STRANGER_KEY];

    Terms[] private trades;
    mapping(bytes32 => Status) public ended;
    mapping(bytes32 => bool) private wasLocked;
    mapping(bytes32 => bool) private wasPaid;

    /// @notice What lies in escrows that have not ended, by coin.
    mapping(address => uint256) public held;
    /// @notice What each has in the contract outside of escrows, by coin, and all of them together.
    mapping(address => mapping(address => uint256)) public owedTo;
    mapping(address => uint256) public owed;
    /// @notice True once anything happened that must never happen.
    bool public broken;

    BlacklistToken internal coin;

    constructor() {
        setUp();
        coin = new BlacklistToken();
        for (uint256 i = 0; i < keys.length; ++i) {
            address account = vm.addr(keys[i]);
            vm.deal(account, 1_000_000 ether);
            for (uint256 c = 1; c < 3; ++c) {
                BlacklistToken one = BlacklistToken(coins()[c]);
                one.mint(account, type(uint120).max);
                vm.prank(account);
                one.approve(address(escrow), type(uint256).max);
            }
        }
    }

    function escrowOf() external view returns (TradepostEscrow) {
        return escrow;
    }

    function coins() public view returns (address[3] memory) {
        return [address(0), address(coin), address(token)];
    }

    function people() public view returns (address[4] memory) {
        return [vm.addr(keys[0]), vm.addr(keys[1]), vm.addr(keys[2]), feeRecipient];
    }

    // ------------------------------------------------------------------ locks and deposits

    function lockOne(uint128 amount, uint128 fee, uint8 who, uint8 what, uint8 how) external {
        Terms memory terms = termsIn(coins()[what % 3]);
        terms.seller = vm.addr(keys[who % 3]);
        terms.buyer = vm.addr(keys[(uint256(who) + 1) % 3]);
        terms.amount = uint128(bound(amount, 1, 1_000e6));
        terms.fee = uint128(bound(fee, 0, terms.amount));
        terms.fundBy = uint40(block.timestamp + uint256(how) * 5);
        terms.lane = (how / 3) % LANES;
        bytes32 id = escrow.escrowId(terms);
        uint256 total = uint256(terms.amount) + terms.fee;
        bool fromDeposit = how % 3 == 0;
        bool success;
        if (fromDeposit) {
            bytes memory signature = signedLock(keys[who % 3], "LockFromDeposit", terms);
            (success,) =
                address(escrow).call(abi.encodeCall(escrow.lockFromDeposit, (terms, signature)));
        } else if (how % 3 == 1) {
            bytes memory signature = signedLock(keys[who % 3], "Lock", terms);
            (success,) = address(escrow).call(abi.encodeCall(escrow.lockBySig, (terms, signature)));
        } else {
            vm.prank(terms.seller);
            (success,) = address(escrow).call{value: terms.token == address(0) ? total : 0}(
                abi.encodeCall(escrow.lock, (terms))
            );
        }
        if (!success) return;
        if (wasLocked[id]) broken = true;
        wasLocked[id] = true;
        trades.push(terms);
        held[terms.token] += total;
        if (fromDeposit) changeOwed(terms.token, terms.seller, -int256(total));
    }

    function depositOne(uint128 amount, uint8 who, uint8 what) external {
        address token_ = coins()[what % 3];
        amount = uint128(bound(amount, 1, 5_000e6));
        address account = vm.addr(keys[who % 3]);
        vm.prank(account);
        escrow.deposit{value: token_ == address(0) ? amount : 0}(token_, account, amount);
        changeOwed(token_, account, int256(uint256(amount)));
    }

    function draw(uint128 amount, uint8 who, uint8 what) external {
        (address token_, address account) = (coins()[what % 3], people()[who % 4]);
        uint256 drawn = bound(amount, 0, escrow.balanceOf(token_, account));
        vm.prank(account);
        try escrow.withdraw(token_, drawn, address(0xca5e)) {
            changeOwed(token_, account, -int256(drawn));
        } catch {}
    }

    function pass(uint32 time) external {
        vm.warp(block.timestamp + bound(time, 1, 4 hours));
    }

    function blacklist(uint8 who, bool yes) external {
        coin.blacklist(vm.addr(keys[who % 3]), yes);
    }

    // ------------------------------------------------------------------ steps and ends

    function releaseOne(uint256 pick) external {
        Terms memory terms = picked(pick);
        Books memory before = books(terms);
        if (succeeds(release(terms))) {
            finish(terms, Status.Released, terms.amount, terms.fee, before);
        }
    }

    function refundOne(uint256 pick) external {
        Terms memory terms = picked(pick);
        Books memory before = books(terms);
        vm.prank(terms.buyer);
        if (succeeds(abi.encodeCall(escrow.refund, (terms)))) {
            finish(terms, Status.Refunded, 0, 0, before);
        }
    }

    function markOnePaid(uint256 pick) external {
        Terms memory terms = picked(pick);
        vm.prank(terms.buyer);
        if (succeeds(abi.encodeCall(escrow.markPaid, (terms)))) {
            wasPaid[escrow.escrowId(terms)] = true;
        }
    }

    function requestOneCancel(uint256 pick) external {
        Terms memory terms = picked(pick);
        vm.prank(terms.seller);
        succeeds(abi.encodeCall(escrow.requestCancel, (terms)));
    }

    function cancelOne(uint256 pick) external {
        Terms memory terms = picked(pick);
        State memory state = escrow.stateOf(terms);
        Books memory before = books(terms);
        if (succeeds(abi.encodeCall(escrow.cancel, (terms)))) {
            // Only from an unanswered request, only after its window, and never once it was paid.
            if (state.status != Status.CancelRequested || block.timestamp <= state.time) {
                broken = true;
            }
            if (wasPaid[escrow.escrowId(terms)]) broken = true;
            finish(terms, Status.Refunded, 0, 0, before);
        }
    }

    function settleOne(uint256 pick, uint128 share) external {
        Terms memory terms = picked(pick);
        share = uint128(bound(share, 0, terms.amount));
        uint256 fee = uint256(terms.fee) * share / terms.amount;
        Books memory before = books(terms);
        if (succeeds(settlement(terms, share))) finish(terms, Status.Split, share, fee, before);
    }

    /// @notice Two releases, a refund by a stranger, and a release that was there before, in one.
    function batchSome(uint256 first, uint256 second) external {
        Terms[2] memory chosen = [picked(first), picked(second)];
        bool[2] memory open = [isOpen(chosen[0]), isOpen(chosen[1])];
        // Of different people, so that what the contract owes the buyers tells who was paid.
        if (chosen[0].buyer == chosen[1].buyer) return;
        bytes[] memory calls = new bytes[](4);
        calls[0] = release(chosen[0]);
        calls[1] = abi.encodeCall(
            escrow.refundBySig, (chosen[1], signed(ARBITRATOR_KEY, "Refund", chosen[1]))
        );
        calls[2] = release(chosen[1]);
        calls[3] = calls[0];
        escrow.batch(5_000_000, calls);
        for (uint256 i = 0; i < 2; ++i) {
            if (!open[i]) continue;
            settleBooks(chosen[i], Status.Released, chosen[i].amount, chosen[i].fee);
        }
    }

    /// @notice Whoever is not asked tries to move coins, with every signature but the right ones.
    function forgeOne(uint256 pick, uint8 how) external {
        Terms memory terms = picked(pick);
        bytes32 id = escrow.escrowId(terms);
        bytes memory data;
        if (how % 5 == 0) {
            bytes memory wrong = signed(ARBITRATOR_KEY, "Release", terms);
            data = abi.encodeCall(escrow.releaseBySig, (terms, wrong));
        } else if (how % 5 == 1) {
            bytes memory wrong = signed(ARBITRATOR_KEY, "Refund", terms);
            data = abi.encodeCall(escrow.refundBySig, (terms, wrong));
        } else if (how % 5 == 2) {
            bytes memory wrong = sign(ARBITRATOR_KEY, settlementDigest(id, 0));
            data = abi.encodeCall(escrow.settle, (terms, 0, FOREVER, Role.Seller, wrong, wrong));
        } else if (how % 5 == 3) {
            data = abi.encodeCall(escrow.withdraw, (terms.token, 1, address(this)));
        } else {
            bytes memory wrong = signedLock(ARBITRATOR_KEY, "LockFromDeposit", terms);
            data = abi.encodeCall(escrow.lockFromDeposit, (terms, wrong));
        }
        if (succeeds(data)) broken = true;
    }

    // ------------------------------------------------------------------ the books

    struct Books {
        uint256 buyer;
        uint256 seller;
        bool fromDeposit;
        bool open;
    }

    function books(Terms memory terms) private view returns (Books memory) {
        return Books({
            buyer: balance(terms.token, terms.buyer),
            seller: balance(terms.token, terms.seller),
            fromDeposit: escrow.stateOf(terms).fromDeposit,
            open: isOpen(terms)
        });
    }

    /// @dev The books of an end: what the buyer was to get he has or is owed, the fee is owed, the
    /// rest is the seller's, where it came from.
    function finish(
        Terms memory terms,
        Status status,
        uint256 toBuyer,
        uint256 fee,
        Books memory before
    ) private {
        if (!before.open) broken = true;
        bytes32 id = escrow.escrowId(terms);
        if (ended[id] != Status.None) broken = true;
        ended[id] = status;
        uint256 total = uint256(terms.amount) + terms.fee;
        uint256 toSeller = total - toBuyer - fee;
        held[terms.token] -= total;
        changeOwed(terms.token, feeRecipient, int256(fee));
        arrival(terms, terms.buyer, toBuyer, balance(terms.token, terms.buyer) - before.buyer);
        uint256 arrived = balance(terms.token, terms.seller) - before.seller;
        if (before.fromDeposit && arrived != 0) broken = true;
        arrival(terms, terms.seller, toSeller, arrived);
    }

    /// @dev An end within a batch, where balances outside are not looked at one by one: what the contract
    /// says it owes the buyer tells whether he was paid.
    function settleBooks(Terms memory terms, Status status, uint256 toBuyer, uint256 fee) private {
        bytes32 id = escrow.escrowId(terms);
        if (ended[id] != Status.None || isOpen(terms)) broken = true;
        ended[id] = status;
        held[terms.token] -= toBuyer + fee;
        changeOwed(terms.token, feeRecipient, int256(fee));
        uint256 more = escrow.balanceOf(terms.token, terms.buyer) - owedTo[terms.token][terms.buyer];
        if (more != 0 && more != toBuyer) broken = true;
        changeOwed(terms.token, terms.buyer, int256(more));
    }

    function arrival(Terms memory terms, address who, uint256 due, uint256 arrived) private {
        if (arrived != due && arrived != 0) broken = true;
        changeOwed(terms.token, who, int256(due - arrived));
    }

    function changeOwed(address token_, address who, int256 change) private {
        owedTo[token_][who] = uint256(int256(owedTo[token_][who]) + change);
        owed[token_] = uint256(int256(owed[token_]) + change);
    }

    // ------------------------------------------------------------------ calls

    function succeeds(bytes memory data) private returns (bool success) {
        (success,) = address(escrow).call(data);
    }

    function release(Terms memory terms) private view returns (bytes memory) {
        bytes memory signature = signed(keyOf(terms.seller), "Release", terms);
        return abi.encodeCall(escrow.releaseBySig, (terms, signature));
    }

    function settlement(Terms memory terms, uint128 share) private view returns (bytes memory) {
        bytes32 digest = settlementDigest(escrow.escrowId(terms), share);
        bytes memory first = sign(keyOf(terms.buyer), digest);
        bytes memory second = sign(ARBITRATOR_KEY, digest);
        return abi.encodeCall(escrow.settle, (terms, share, FOREVER, Role.Seller, first, second));
    }

    function keyOf(address account) private view returns (uint256) {
        for (uint256 i = 0; i < keys.length; ++i) {
            if (vm.addr(keys[i]) == account) return keys[i];
        }
        return 0;
    }

    function isOpen(Terms memory terms) private view returns (bool) {
        Status status = statusOf(terms);
        return status != Status.None && status <= Status.Paid;
    }

    function picked(uint256 pick) private view returns (Terms memory) {
        vm.assume(trades.length != 0);
        return trades[pick % trades.length];
    }

    /// @notice Whether every escrow that ended still stands where it ended or is forgotten, and every other
    /// one is open.
    function endsStand() external view returns (bool) {
        for (uint256 i = 0; i < trades.length; ++i) {
            Status now_ = statusOf(trades[i]);
            Status end = ended[escrow.escrowId(trades[i])];
            bool stands = end == Status.None
                ? isOpen(trades[i])
                : now_ == end || (now_ == Status.None && block.timestamp > trades[i].fundBy);
            if (!stands) return false;
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
        bytes4[] memory selectors = new bytes4[](13);
        selectors[0] = Crowd.lockOne.selector;
        selectors[1] = Crowd.depositOne.selector;
        selectors[2] = Crowd.draw.selector;
        selectors[3] = Crowd.pass.selector;
        selectors[4] = Crowd.blacklist.selector;
        selectors[5] = Crowd.releaseOne.selector;
        selectors[6] = Crowd.refundOne.selector;
        selectors[7] = Crowd.markOnePaid.selector;
        selectors[8] = Crowd.requestOneCancel.selector;
        selectors[9] = Crowd.cancelOne.selector;
        selectors[10] = Crowd.settleOne.selector;
        selectors[11] = Crowd.batchSome.selector;
        selectors[12] = Crowd.forgeOne.selector;
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
        address[3] memory coins = crowd.coins();
        for (uint256 i = 0; i < coins.length; ++i) {
            uint256 has = coins[i] == address(0)
                ? address(escrow).balance
                : BlacklistToken(coins[i]).balanceOf(address(escrow));
            assertEq(has, crowd.held(coins[i]) + crowd.owed(coins[i]));
        }
    }

    /// @notice What the contract says each has is what the books say.
    function invariant_balancesAreWhatIsOwed() public view {
        address[3] memory coins = crowd.coins();
        address[4] memory people = crowd.people();
        for (uint256 i = 0; i < coins.length; ++i) {
            for (uint256 j = 0; j < people.length; ++j) {
                assertEq(escrow.balanceOf(coins[i], people[j]), crowd.owedTo(coins[i], people[j]));
            }
        }
    }

    /// @notice Ended escrows stay ended, none is locked or ends twice, nobody gets another share than his,
    /// nobody else moves a coin, and what was paid is not cancelled.
    function invariant_endsAreFinal() public view {
        assertTrue(!crowd.broken());
        assertTrue(crowd.endsStand());
    }

    /// @notice Whatever happened, everybody draws all that he has.
    function invariant_everybodyCanDraw() public {
        address[3] memory coins = crowd.coins();
        address[4] memory people = crowd.people();
        for (uint256 i = 0; i < coins.length; ++i) {
            for (uint256 j = 0; j < people.length; ++j) {
                uint256 amount = escrow.balanceOf(coins[i], people[j]);
                if (amount == 0) continue;
                vm.prank(people[j]);
                escrow.withdraw(coins[i], amount, address(0xca5e));
            }
        }
    }
}
