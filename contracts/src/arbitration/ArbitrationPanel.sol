// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {MessageHashUtils} from "@openzeppelin/contracts/utils/cryptography/MessageHashUtils.sol";

import {ITradepostEscrow} from "../ITradepostEscrow.sol";
import {Signatures} from "../Signatures.sol";
import {Role, Terms} from "../Terms.sol";
import {TypedData} from "../TypedData.sol";
import {ContractArbitrator} from "./ContractArbitrator.sol";

/// @notice Who rules in one round.
/// @param members In ascending order, so that nobody sits twice. Their places are the seats.
/// @param threshold How many of them have to agree: more than half, so that two rulings can only
/// contradict each other where a member signed both.
struct Bench {
    address[] members;
    uint256 threshold;
}

/// @notice A member's word for a ruling.
/// @param seat The member's place on the bench of the round, counted from 0.
/// @param signature Of `Ruling(escrowId, buyerAmount, round)`; empty where the member is the caller.
struct Vote {
    uint256 seat;
    bytes signature;
}

/// @notice How far a ruling has come.
enum Phase {
    None,
    Ruled,
    Appealed,
    Reheard
}

/// @notice What the panel keeps of an escrow: one storage slot.
/// @param phase How far it has come.
/// @param until The last chain time to appeal (Ruled) or to rule again (Appealed). The ruling is
/// final afterwards; that of a second round (Reheard) is at once, which 0 stands for.
/// @param buyerAmount What the buyer is to get, by the latest ruling.
struct Ruling {
    Phase phase;
    uint40 until;
    uint128 buyerAmount;
}

/// @title A panel of arbitrators, and a larger one for appeals
/// @notice Decides the escrows whose terms name it as the arbitrator. A first bench rules; within a
/// window either trader may appeal once, for nothing, and a larger bench rules anew and for good. If
/// it is silent the first ruling becomes final, so that an appeal delays and never blocks.
/// A final ruling is carried out with the signature of the trader whom it suits. The panel has no owner
/// and nobody changes members, thresholds or windows: another panel is another address, which traders
/// agree on in their terms or do not.
/// @dev Each function's note ends with how its effect is stopped and what is left afterwards. Windows
/// are inclusive, as those of the escrow. No call here keeps the traders from ending the escrow
/// themselves, before, during and after a ruling, and none is needed for that: a silent panel changes
/// nothing. No guard against re-entrance is needed: signatures are asked for in static calls, and
/// nothing is written after the escrow's `settle`, the one call that reaches strangers.
contract ArbitrationPanel is ContractArbitrator {
    using Signatures for address;

    string private constant NAME = "Tradepost Panel";
    string private constant VERSION = "1";
    bytes32 private constant NAME_HASH = keccak256("Tradepost Panel");
    bytes32 private constant VERSION_HASH = keccak256("1");
    bytes32 private constant RULING =
        keccak256("Ruling(bytes32 escrowId,uint128 buyerAmount,uint8 round)");
    bytes32 private constant APPEAL = keccak256("Appeal(bytes32 escrowId,uint128 buyerAmount)");

    /// @notice The shortest window: people have to read a ruling and make up their minds.
    uint32 public constant SHORTEST_WINDOW = 1 days;
    /// @notice The longest window: twice this is how long a loser can hold up a ruling.
    uint32 public constant LONGEST_WINDOW = 90 days;

    /// @notice Seconds after a first ruling in which a trader may appeal.
    uint32 public appealWindow;
    /// @notice Seconds after an appeal in which the second bench may rule.
    uint32 public rehearingWindow;

    mapping(uint8 round => Bench) private benches;
    mapping(bytes32 id => Ruling) private rulings;

    // ------------------------------------------------------------------ events

    /// @notice A bench gave `buyerAmount` of the escrow `id` to the buyer. It can be appealed up to and
    /// including the chain time `until`; 0 means that it is final.
    event Ruled(bytes32 indexed id, uint8 round, uint128 buyerAmount, uint40 until);
    /// @notice A trader appealed; the second bench may rule up to and including the chain time `until`.
    event Appealed(bytes32 indexed id, address indexed trader, uint40 until);

    // ------------------------------------------------------------------ errors

    /// @notice A member is missing, or the members are not in ascending order without doubles.
    error MembersNotAscending(address previous, address next);
    /// @notice The threshold is not more than half of the members, or more than all.
    error BadThreshold(uint256 threshold, uint256 members);
    /// @notice The second bench has to have more members and a higher threshold than the first.
    error SecondBenchNotLarger(uint256 members, uint256 threshold);
    /// @notice A window is shorter or longer than permitted.
    error BadWindow(uint32 window, uint32 shortest, uint32 longest);
    /// @notice The round is not open: what has happened to this escrow so far does not permit this.
    error WrongPhase(bytes32 id, Phase phase);
    /// @notice The window lasted up to and including `until`.
    error WindowClosed(uint256 until, uint256 chainTime);
    /// @notice The ruling can still change, up to and including `until`.
    error NotFinal(uint256 until, uint256 chainTime);
    /// @notice Fewer members agree than have to.
    error TooFewVotes(uint256 votes, uint256 threshold);
    /// @notice Votes come in the order of their seats, one for each: the same one twice is refused.
    error SeatsNotAscending(uint256 seat);
    /// @notice The bench has no such seat.
    error NoSuchSeat(uint8 round, uint256 seat);
    /// @notice A trader of the escrow cannot rule on it.
    error OwnCause(address member);

    // ------------------------------------------------------------------ construction

    /// @param first Rules first, for instance 2 of 3.
    /// @param second Rules on appeals: more members and a higher threshold, for instance 3 of 5. Members
    /// of the first bench may sit on it.
    constructor(
        ITradepostEscrow escrow_,
        Bench memory first,
        Bench memory second,
        uint32 appealWindow_,
        uint32 rehearingWindow_
    ) ContractArbitrator(escrow_) {
        _requireSound(first);
        _requireSound(second);
        if (second.members.length <= first.members.length || second.threshold <= first.threshold) {
            revert SecondBenchNotLarger(second.members.length, second.threshold);
        }
        _requireWindow(appealWindow_);
        _requireWindow(rehearingWindow_);
        (benches[1], benches[2]) = (first, second);
        (appealWindow, rehearingWindow) = (appealWindow_, rehearingWindow_);
    }

    // ------------------------------------------------------------------ anyone with votes

    /// @notice Brings a ruling: what of the amount the buyer is to get, as enough members say. The
    /// first complete one of a round stands, whatever members sign besides it.
    /// @dev A ruling needs the escrow to be open and this panel to be its arbitrator. Stop: an appeal
    /// stops a first ruling, within the window; nothing stops a second one. Left: a ruling to be carried
    /// out by `execute`; nothing has moved yet.
    /// @param round 1, or 2 after an appeal and within its window.
    /// @param votes At least as many as the threshold, in ascending order of their seats. All that are
    /// brought have to be good.
    function rule(Terms calldata terms, uint128 buyerAmount, uint8 round, Vote[] calldata votes)
        external
    {
        (bytes32 id,) = _open(terms);
        if (buyerAmount > terms.amount) {
            revert ITradepostEscrow.ShareTooLarge(buyerAmount, terms.amount);
        }
        Ruling memory ruling = rulings[id];
        if (round == 1 && ruling.phase == Phase.None) {
            // 40 bits of seconds last 34,000 years.
            ruling = Ruling(Phase.Ruled, uint40(block.timestamp + appealWindow), buyerAmount);
        } else if (round == 2 && ruling.phase == Phase.Appealed) {
            if (block.timestamp > ruling.until) revert WindowClosed(ruling.until, block.timestamp);
            ruling = Ruling(Phase.Reheard, 0, buyerAmount);
        } else {
            revert WrongPhase(id, ruling.phase);
        }
        bytes32 digest = _digest(keccak256(abi.encode(RULING, id, buyerAmount, round)));
        _requireVotes(terms, round, digest, votes);

        rulings[id] = ruling;
        emit Ruled(id, round, buyerAmount, ruling.until);
    }

    // ------------------------------------------------------------------ a trader

    /// @notice Asks the second bench to rule anew, by a trader or whoever brings his signature of
    /// `Appeal(escrowId, buyerAmount)` with the ruled amount: a signature means one ruling and cannot
    /// be used against another that its giver would have taken.
    /// @dev Stop: nothing takes an appeal back; a trader who regrets it settles with the other one. Left:
    /// a clock of `rehearingWindow` seconds, after which the first ruling is final.
    /// @param trader Seller or Buyer.
    /// @param signature Empty where the trader is the caller.
    function appeal(Terms calldata terms, Role trader, bytes calldata signature) external {
        (bytes32 id,) = _open(terms);
        Ruling memory ruling = rulings[id];
        if (ruling.phase != Phase.Ruled) revert WrongPhase(id, ruling.phase);
        if (block.timestamp > ruling.until) revert WindowClosed(ruling.until, block.timestamp);
        if (trader == Role.Arbitrator) revert NotTrader(address(this));
        address account = trader == Role.Seller ? terms.seller : terms.buyer;
        bytes32 digest = _digest(keccak256(abi.encode(APPEAL, id, ruling.buyerAmount)));
        _requireAgreed(account, digest, signature);

        ruling.phase = Phase.Appealed;
        ruling.until = uint40(block.timestamp + rehearingWindow);
        rulings[id] = ruling;
        emit Appealed(id, account, ruling.until);
    }

    // ------------------------------------------------------------------ anyone with a trader's signature

    /// @notice Settles the escrow as finally ruled.
    /// @dev Stop: nothing stops it once the ruling is final, but that the escrow has ended otherwise.
    /// Left: as `settle` of the escrow leaves it. A trader who is a contract has to speak EIP-1271.
    /// @param validUntil The last chain time of the trader's signature, as he signed it.
    /// @param trader Who of the two signed.
    /// @param traderSignature Of the escrow's `Settlement`, with exactly the ruled amount and `validUntil`.
    function execute(
        Terms calldata terms,
        uint40 validUntil,
        Role trader,
        bytes calldata traderSignature
    ) external {
        bytes32 id = escrow.escrowId(terms);
        Ruling memory ruling = rulings[id];
        if (ruling.phase == Phase.None) revert NotRuled(id);
        if (block.timestamp <= ruling.until) revert NotFinal(ruling.until, block.timestamp);
        _settle(terms, ruling.buyerAmount, validUntil, trader, traderSignature);
    }

    // ------------------------------------------------------------------ views

    /// @notice The members and the threshold of round 1 or 2.
    function bench(uint8 round) external view returns (Bench memory) {
        return benches[round];
    }

    /// @notice What has been ruled; it is final once the chain time is past `until`.
    function rulingOf(bytes32 id) external view returns (Ruling memory) {
        return rulings[id];
    }

    /// @notice The EIP-712 domain of votes and appeals, in the form of EIP-5267.
    function eip712Domain()
        external
        view
        returns (
            bytes1 fields,
            string memory name,
            string memory version,
            uint256 chainId,
            address verifyingContract,
            bytes32 salt,
            uint256[] memory extensions
        )
    {
        // 0x0f: name, version, chainId and verifyingContract are used; salt and extensions are not.
        return (hex"0f", NAME, VERSION, block.chainid, address(this), bytes32(0), new uint256[](0));
    }

    // ------------------------------------------------------------------ rules

    function _requireSound(Bench memory one) private pure {
        address previous;
        for (uint256 i = 0; i < one.members.length; ++i) {
            address next = one.members[i];
            if (next <= previous) revert MembersNotAscending(previous, next);
            previous = next;
        }
        uint256 members = one.members.length;
        if (one.threshold <= members / 2 || one.threshold > members) {
            revert BadThreshold(one.threshold, members);
        }
    }

    function _requireWindow(uint32 window) private pure {
        if (window < SHORTEST_WINDOW || window > LONGEST_WINDOW) {
            revert BadWindow(window, SHORTEST_WINDOW, LONGEST_WINDOW);
        }
    }

    function _requireVotes(Terms calldata terms, uint8 round, bytes32 digest, Vote[] calldata votes)
        private
        view
    {
        Bench storage sitting = benches[round];
        if (votes.length < sitting.threshold) {
            revert TooFewVotes(votes.length, sitting.threshold);
        }
        uint256 seats = sitting.members.length;
        uint256 lowest = 0;
        for (uint256 i = 0; i < votes.length; ++i) {
            uint256 seat = votes[i].seat;
            if (seat >= seats) revert NoSuchSeat(round, seat);
            if (seat < lowest) revert SeatsNotAscending(seat);
            lowest = seat + 1;
            address member = sitting.members[seat];
            if (member == terms.seller || member == terms.buyer) revert OwnCause(member);
            _requireAgreed(member, digest, votes[i].signature);
        }
    }

    function _requireAgreed(address account, bytes32 digest, bytes calldata signature)
        private
        view
    {
        bool agreed =
            signature.length == 0 ? msg.sender == account : account.isBy(digest, signature);
        if (!agreed) revert ITradepostEscrow.BadSignature(account, digest);
    }

    /// @dev Binds to this panel on this chain. The domain is hashed at every call as in the escrow.
    function _digest(bytes32 structHash) private view returns (bytes32) {
        bytes32 domain = keccak256(
            abi.encode(TypedData.DOMAIN, NAME_HASH, VERSION_HASH, block.chainid, address(this))
        );
        return MessageHashUtils.toTypedDataHash(domain, structHash);
    }
}
