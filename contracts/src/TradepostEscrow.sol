// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";

import {ITradepostEscrow} from "./ITradepostEscrow.sol";
import {Payouts} from "./Payouts.sol";
import {Signatures} from "./Signatures.sol";
import {Role, State, Status, Terms} from "./Terms.sol";
import {TypedData} from "./TypedData.sol";

/// @title The escrow of Tradepost, as ITradepostEscrow tells
/// @dev Every function that pays out writes the final status first and sends last; the guard is a
/// second wall behind that order. There is no `receive`: coins come in by `lock` alone.
contract TradepostEscrow is ITradepostEscrow, ReentrancyGuardTransient {
    using Signatures for address;
    using SafeERC20 for IERC20;

    /// @notice The shortest payment window. It only has to exist: what protects a buyer who has paid is
    /// the challenge window, which begins after it.
    uint32 public constant SHORTEST_PAYMENT_WINDOW = 1 seconds;
    /// @notice The longest payment window: the slowest rails take days, and a seller whose buyer
    /// vanished must not wait for ever.
    uint32 public constant LONGEST_PAYMENT_WINDOW = 30 days;
    /// @notice The shortest challenge window: time for an exchange or a watchtower to bring `Paid`
    /// through a congested chain.
    uint32 public constant SHORTEST_CHALLENGE_WINDOW = 10 minutes;
    /// @notice The longest challenge window: a buyer off-line for a week, and no longer.
    uint32 public constant LONGEST_CHALLENGE_WINDOW = 7 days;

    // The one slot of an escrow: status in bits 0-7, lockedAt in 8-47, cancelAt in 48-87. Packed by
    // hand so that each change is one write and no read-modify-write of single fields.
    uint256 private constant STATUS_MASK = 0xff;
    uint256 private constant LOCKED_AT_SHIFT = 8;
    uint256 private constant CANCEL_AT_SHIFT = 48;

    mapping(bytes32 id => uint256 packed) private states;

    /// @inheritdoc ITradepostEscrow
    mapping(address token => mapping(address account => uint256 amount)) public credits;

    // ------------------------------------------------------------------ the seller

    /// @inheritdoc ITradepostEscrow
    function lock(Terms calldata terms) external payable nonReentrant returns (bytes32 id) {
        _requireSeller(terms);
        _requireSound(terms);
        if (block.timestamp > terms.fundBy) {
            revert TooLateToLock(terms.fundBy, block.timestamp);
        }
        id = TypedData.escrowId(terms);
        uint256 packed = states[id];
        if (packed != 0) revert WrongStatus(id, _status(packed));
        states[id] = uint256(Status.Locked) | block.timestamp << LOCKED_AT_SHIFT;
        _take(terms.token, terms.seller, uint256(terms.amount) + terms.fee);
        emit Locked(id, terms.seller, terms.buyer);
    }

    /// @inheritdoc ITradepostEscrow
    function release(Terms calldata terms) external nonReentrant {
        _requireSeller(terms);
        _release(terms, TypedData.escrowId(terms));
    }

    /// @inheritdoc ITradepostEscrow
    function requestCancel(Terms calldata terms) external {
        _requireSeller(terms);
        _requestCancel(terms, TypedData.escrowId(terms));
    }

    // ------------------------------------------------------------------ the buyer

    /// @inheritdoc ITradepostEscrow
    function markPaid(Terms calldata terms) external {
        _requireBuyer(terms);
        _markPaid(TypedData.escrowId(terms));
    }

    /// @inheritdoc ITradepostEscrow
    function refund(Terms calldata terms) external nonReentrant {
        _requireBuyer(terms);
        bytes32 id = TypedData.escrowId(terms);
        _refund(terms, id, _openState(id));
    }

    // ------------------------------------------------------------------ anyone with a signature

    /// @inheritdoc ITradepostEscrow
    function releaseBySig(Terms calldata terms, bytes calldata sellerSignature)
        external
        nonReentrant
    {
        bytes32 id = TypedData.escrowId(terms);
        _requireSigned(terms.seller, TypedData.RELEASE, id, sellerSignature);
        _release(terms, id);
    }

    /// @inheritdoc ITradepostEscrow
    function requestCancelBySig(Terms calldata terms, bytes calldata sellerSignature) external {
        bytes32 id = TypedData.escrowId(terms);
        _requireSigned(terms.seller, TypedData.CANCEL, id, sellerSignature);
        _requestCancel(terms, id);
    }

    /// @inheritdoc ITradepostEscrow
    function markPaidBySig(Terms calldata terms, bytes calldata buyerSignature) external {
        bytes32 id = TypedData.escrowId(terms);
        _requireSigned(terms.buyer, TypedData.PAID, id, buyerSignature);
        _markPaid(id);
    }

    /// @inheritdoc ITradepostEscrow
    function refundBySig(Terms calldata terms, bytes calldata buyerSignature)
        external
        nonReentrant
    {
        bytes32 id = TypedData.escrowId(terms);
        _requireSigned(terms.buyer, TypedData.REFUND, id, buyerSignature);
        _refund(terms, id, _openState(id));
    }

    /// @inheritdoc ITradepostEscrow
    function settle(
        Terms calldata terms,
        uint128 buyerAmount,
        Role roleA,
        bytes calldata signatureA,
        Role roleB,
        bytes calldata signatureB
    ) external nonReentrant {
        if (roleA == roleB) revert SameRole(roleA);
        if (buyerAmount > terms.amount) revert ShareTooLarge(buyerAmount, terms.amount);
        bytes32 id = TypedData.escrowId(terms);
        uint256 packed = _openState(id);
        bytes32 digest = TypedData.settlement(id, buyerAmount);
        _requireAgreed(_account(terms, roleA), digest, signatureA);
        _requireAgreed(_account(terms, roleB), digest, signatureB);

        _store(id, packed, Status.Split);
        emit Settled(id, buyerAmount);
        // Rounded down: the fee recipient loses the fraction, the seller gains it as part of the rest.
        uint256 fee = uint256(terms.fee) * buyerAmount / terms.amount;
        _creditFee(terms, fee);
        _pay(terms.token, terms.buyer, buyerAmount);
        _pay(terms.token, terms.seller, uint256(terms.amount) + terms.fee - buyerAmount - fee);
    }

    // ------------------------------------------------------------------ anyone

    /// @inheritdoc ITradepostEscrow
    function cancel(Terms calldata terms) external nonReentrant {
        bytes32 id = TypedData.escrowId(terms);
        uint256 packed = states[id];
        if (_status(packed) != Status.CancelRequested) revert WrongStatus(id, _status(packed));
        uint256 cancelAt = uint40(packed >> CANCEL_AT_SHIFT);
        if (block.timestamp <= cancelAt) revert ChallengeWindowOpen(cancelAt, block.timestamp);
        _refund(terms, id, packed);
    }

    // ------------------------------------------------------------------ the credited

    /// @inheritdoc ITradepostEscrow
    function withdraw(address token, address to) external nonReentrant returns (uint256 amount) {
        amount = credits[token][msg.sender];
        if (amount == 0) revert NoCredit(token, msg.sender);
        credits[token][msg.sender] = 0;
        if (!Payouts.sendWithAllGas(token, to, amount)) {
            revert WithdrawalFailed(token, to, amount);
        }
        emit Withdrawn(token, msg.sender, to, amount);
    }

    // ------------------------------------------------------------------ views

    /// @inheritdoc ITradepostEscrow
    function stateOf(bytes32 id) external view returns (State memory) {
        uint256 packed = states[id];
        return State({
            status: _status(packed),
            lockedAt: uint40(packed >> LOCKED_AT_SHIFT),
            cancelAt: uint40(packed >> CANCEL_AT_SHIFT)
        });
    }

    /// @inheritdoc ITradepostEscrow
    function escrowId(Terms calldata terms) external view returns (bytes32) {
        return TypedData.escrowId(terms);
    }

    /// @inheritdoc ITradepostEscrow
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
        return (
            hex"0f",
            TypedData.NAME,
            TypedData.VERSION,
            block.chainid,
            address(this),
            bytes32(0),
            new uint256[](0)
        );
    }

    // ------------------------------------------------------------------ transitions

    function _release(Terms calldata terms, bytes32 id) private {
        _store(id, _openState(id), Status.Released);
        emit Released(id);
        _creditFee(terms, terms.fee);
        _pay(terms.token, terms.buyer, terms.amount);
    }

    function _refund(Terms calldata terms, bytes32 id, uint256 packed) private {
        _store(id, packed, Status.Refunded);
        emit Refunded(id);
        _pay(terms.token, terms.seller, uint256(terms.amount) + terms.fee);
    }

    /// @dev Also after a cancel request and after its window: as long as nobody has called `cancel`,
    /// a buyer who has paid is worth more protection than a seller's hurry.
    function _markPaid(bytes32 id) private {
        uint256 packed = states[id];
        Status status = _status(packed);
        if (status != Status.Locked && status != Status.CancelRequested) {
            revert WrongStatus(id, status);
        }
        _store(id, packed, Status.Paid);
        emit Paid(id);
    }

    function _requestCancel(Terms calldata terms, bytes32 id) private {
        uint256 packed = states[id];
        if (_status(packed) != Status.Locked) revert WrongStatus(id, _status(packed));
        uint256 until = uint256(uint40(packed >> LOCKED_AT_SHIFT)) + terms.paymentWindow;
        if (block.timestamp <= until) revert PaymentWindowOpen(until, block.timestamp);
        // 40 bits of seconds last 34,000 years.
        uint256 cancelAt = block.timestamp + terms.challengeWindow;
        _store(id, packed | cancelAt << CANCEL_AT_SHIFT, Status.CancelRequested);
        emit CancelRequested(id, uint40(cancelAt));
    }

    // ------------------------------------------------------------------ coins

    /// @dev Whether the token is honest is judged by what arrived, not by trust: one that takes a
    /// fee on transfer would leave the escrow unable to pay somebody else's trade.
    function _take(address token, address from, uint256 total) private {
        if (token == address(0)) {
            if (msg.value != total) revert WrongValue(total, msg.value);
            return;
        }
        if (msg.value != 0) revert WrongValue(0, msg.value);
        if (token.code.length == 0) revert NoToken(token);
        uint256 before = IERC20(token).balanceOf(address(this));
        IERC20(token).safeTransferFrom(from, address(this), total);
        uint256 afterwards = IERC20(token).balanceOf(address(this));
        uint256 arrived = afterwards > before ? afterwards - before : 0;
        if (arrived != total) revert WrongAmountArrived(token, total, arrived);
    }

    /// @dev A recipient who cannot be paid is credited, so that he never blocks the other.
    function _pay(address token, address to, uint256 amount) private {
        if (amount == 0 || Payouts.trySend(token, to, amount)) return;
        credits[token][to] += amount;
        emit Credited(token, to, amount);
    }

    /// @dev A credit and not a transfer: one write instead of a second transfer in every trade.
    function _creditFee(Terms calldata terms, uint256 fee) private {
        if (fee != 0) credits[terms.token][terms.feeRecipient] += fee;
    }

    // ------------------------------------------------------------------ rules

    function _requireSound(Terms calldata terms) private pure {
        (address seller, address buyer, address arbitrator) =
            (terms.seller, terms.buyer, terms.arbitrator);
        // The seller is the caller, so he is not the zero address.
        if (
            buyer == address(0) || arbitrator == address(0) || seller == buyer
                || seller == arbitrator || buyer == arbitrator
        ) revert BadParties(seller, buyer, arbitrator);
        (uint128 amount, uint128 fee) = (terms.amount, terms.fee);
        if (amount == 0 || fee > amount) revert BadAmount(amount, fee);
        // Read first and unconditionally: see TypedData.escrowId on why every word is.
        if (terms.feeRecipient == address(0) && fee != 0) revert NoFeeRecipient(fee);
        uint32 window = terms.paymentWindow;
        if (window < SHORTEST_PAYMENT_WINDOW || window > LONGEST_PAYMENT_WINDOW) {
            revert BadPaymentWindow(window, SHORTEST_PAYMENT_WINDOW, LONGEST_PAYMENT_WINDOW);
        }
        window = terms.challengeWindow;
        if (window < SHORTEST_CHALLENGE_WINDOW || window > LONGEST_CHALLENGE_WINDOW) {
            revert BadChallengeWindow(window, SHORTEST_CHALLENGE_WINDOW, LONGEST_CHALLENGE_WINDOW);
        }
    }

    function _requireSeller(Terms calldata terms) private view {
        if (msg.sender != terms.seller) revert NotSeller(msg.sender, terms.seller);
    }

    function _requireBuyer(Terms calldata terms) private view {
        if (msg.sender != terms.buyer) revert NotBuyer(msg.sender, terms.buyer);
    }

    function _requireSigned(address signer, bytes32 kind, bytes32 id, bytes calldata signature)
        private
        view
    {
        bytes32 digest = TypedData.instruction(kind, id);
        if (!signer.isBy(digest, signature)) revert BadSignature(signer, digest);
    }

    function _requireAgreed(address party, bytes32 digest, bytes calldata signature) private view {
        bool agreed = signature.length == 0 ? msg.sender == party : party.isBy(digest, signature);
        if (!agreed) revert BadSignature(party, digest);
    }

    function _account(Terms calldata terms, Role role) private pure returns (address) {
        if (role == Role.Seller) return terms.seller;
        return role == Role.Buyer ? terms.buyer : terms.arbitrator;
    }

    // ------------------------------------------------------------------ the slot

    function _status(uint256 packed) private pure returns (Status) {
        return Status(packed & STATUS_MASK);
    }

    /// @dev The state of an escrow that can still be ended.
    function _openState(bytes32 id) private view returns (uint256 packed) {
        packed = states[id];
        Status status = _status(packed);
        if (status == Status.None || status > Status.Paid) revert WrongStatus(id, status);
    }

    function _store(bytes32 id, uint256 packed, Status status) private {
        states[id] = packed & ~STATUS_MASK | uint256(status);
    }
}
