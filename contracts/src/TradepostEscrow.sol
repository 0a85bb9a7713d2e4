// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Accounts} from "./Accounts.sol";
import {Batch} from "./Batch.sol";
import {ITradepostEscrow} from "./ITradepostEscrow.sol";
import {Lanes} from "./Lanes.sol";
import {Signatures} from "./Signatures.sol";
import {Role, State, Status, Terms} from "./Terms.sol";
import {TypedData} from "./TypedData.sol";

/// @title The escrow of Tradepost, as ITradepostEscrow tells
/// @dev Every function that pays out writes the final status first and sends last. There is no
/// `receive`: coins come in by locks and deposits alone.
contract TradepostEscrow is Accounts, Batch {
    using Lanes for uint256;
    using Signatures for address;

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

    /// @dev A lane's word, as `Lanes` packs it.
    struct Lane {
        uint256 word;
    }

    mapping(address seller => mapping(uint256 lane => Lane)) private lanes;

    // ------------------------------------------------------------------ the seller

    /// @inheritdoc ITradepostEscrow
    function lock(Terms calldata terms) external payable {
        _requireSeller(terms);
        _open(terms, TypedData.escrowId(terms), 0);
        _take(terms.token, terms.seller, _total(terms));
    }

    /// @inheritdoc ITradepostEscrow
    function release(Terms calldata terms) external {
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
        _markPaid(terms, TypedData.escrowId(terms));
    }

    /// @inheritdoc ITradepostEscrow
    function refund(Terms calldata terms) external {
        _requireBuyer(terms);
        _refund(terms, TypedData.escrowId(terms));
    }

    // ------------------------------------------------------------------ anyone with a signature

    /// @inheritdoc ITradepostEscrow
    function lockBySig(Terms calldata terms, bytes calldata sellerSignature) external {
        bytes32 termsHash = TypedData.hash(terms);
        _requireAgreed(terms.seller, TypedData.lock(TypedData.LOCK, termsHash), sellerSignature);
        _open(terms, TypedData.digest(termsHash), 0);
        _takeAllowed(terms.token, terms.seller, _total(terms));
    }

    /// @inheritdoc ITradepostEscrow
    function lockWithAuthorization(Terms calldata terms, bytes calldata sellerSignature) external {
        bytes32 id = TypedData.escrowId(terms);
        _open(terms, id, 0);
        _takeAuthorized(
            terms.token, terms.seller, _total(terms), uint256(terms.fundBy) + 1, id, sellerSignature
        );
    }

    /// @inheritdoc ITradepostEscrow
    function lockWithPermit2(Terms calldata terms, uint256 nonce, bytes calldata sellerSignature)
        external
    {
        bytes32 termsHash = TypedData.hash(terms);
        _open(terms, TypedData.digest(termsHash), 0);
        _takePermitted(
            terms.token,
            terms.seller,
            _total(terms),
            nonce,
            terms.fundBy,
            termsHash,
            sellerSignature
        );
    }

    /// @inheritdoc ITradepostEscrow
    function lockFromDeposit(Terms calldata terms, bytes calldata sellerSignature) external {
        bytes32 termsHash = TypedData.hash(terms);
        _requireAgreed(
            terms.seller, TypedData.lock(TypedData.LOCK_FROM_DEPOSIT, termsHash), sellerSignature
        );
        _open(terms, TypedData.digest(termsHash), Lanes.FROM_DEPOSIT);
        _debit(terms.token, terms.seller, _total(terms));
    }

    /// @inheritdoc ITradepostEscrow
    function releaseBySig(Terms calldata terms, bytes calldata sellerSignature) external {
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
        _markPaid(terms, id);
    }

    /// @inheritdoc ITradepostEscrow
    function refundBySig(Terms calldata terms, bytes calldata buyerSignature) external {
        bytes32 id = TypedData.escrowId(terms);
        _requireSigned(terms.buyer, TypedData.REFUND, id, buyerSignature);
        _refund(terms, id);
    }

    /// @inheritdoc ITradepostEscrow
    function settle(
        Terms calldata terms,
        uint128 buyerAmount,
        uint40 validUntil,
        Role roleA,
        bytes calldata signatureA,
        Role roleB,
        bytes calldata signatureB
    ) external {
        if (roleA == roleB) revert SameRole(roleA);
        if (buyerAmount > terms.amount) revert ShareTooLarge(buyerAmount, terms.amount);
        _requireInTime(validUntil);
        bytes32 id = TypedData.escrowId(terms);
        bytes32 digest = TypedData.settlement(id, buyerAmount, validUntil);
        _requireAgreed(_account(terms, roleA), digest, signatureA);
        _requireAgreed(_account(terms, roleB), digest, signatureB);

        uint256 ended = _end(terms, id, Status.Split);
        emit Settled(id, buyerAmount);
        // Rounded down: the fee recipient loses the fraction, the seller gains it as part of the rest.
        uint256 fee = uint256(terms.fee) * buyerAmount / terms.amount;
        _creditFee(terms, fee);
        _pay(terms.token, terms.buyer, buyerAmount);
        _giveBack(terms, ended, _total(terms) - buyerAmount - fee);
    }

    // ------------------------------------------------------------------ anyone

    /// @inheritdoc ITradepostEscrow
    function cancel(Terms calldata terms) external {
        bytes32 id = TypedData.escrowId(terms);
        uint256 cancelAt = _require(terms, id, Status.CancelRequested).word.time();
        if (block.timestamp <= cancelAt) revert ChallengeWindowOpen(cancelAt, block.timestamp);
        _refund(terms, id);
    }

    // ------------------------------------------------------------------ views

    /// @inheritdoc ITradepostEscrow
    function stateOf(Terms calldata terms) external view returns (State memory) {
        bytes32 id = TypedData.escrowId(terms);
        return _lane(terms).word.stateOf(id);
    }

    /// @inheritdoc ITradepostEscrow
    function laneOf(address seller, uint256 lane)
        external
        view
        returns (bytes32 idBits, State memory state)
    {
        uint256 word = lanes[seller][lane].word;
        return (word.idBits(), word.state());
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

    function _open(Terms calldata terms, bytes32 id, uint256 mark) private {
        _requireSound(terms);
        if (block.timestamp > terms.fundBy) {
            revert TooLateToLock(terms.fundBy, block.timestamp);
        }
        Lane storage lane = _lane(terms);
        uint256 word = lane.word;
        if (!word.isFree(block.timestamp)) {
            revert LaneTaken(terms.seller, terms.lane, word.status(), word.time());
        }
        lane.word = Lanes.pack(id, Status.Locked, block.timestamp) | mark;
        emit Locked(id, terms.seller, terms.buyer);
    }

    /// @return word The lane's word as it was.
    function _end(Terms calldata terms, bytes32 id, Status status) private returns (uint256 word) {
        Lane storage lane = _lane(terms);
        word = lane.word;
        Status now_ = word.statusOf(id);
        if (now_ == Status.None || now_ > Status.Paid) revert WrongStatus(id, now_);
        lane.word = Lanes.pack(id, status, terms.fundBy);
    }

    function _release(Terms calldata terms, bytes32 id) private {
        _end(terms, id, Status.Released);
        emit Released(id);
        _creditFee(terms, terms.fee);
        _pay(terms.token, terms.buyer, terms.amount);
    }

    function _refund(Terms calldata terms, bytes32 id) private {
        uint256 ended = _end(terms, id, Status.Refunded);
        emit Refunded(id);
        _giveBack(terms, ended, _total(terms));
    }

    /// @dev Also after a cancel request and after its window: as long as nobody has called `cancel`,
    /// a buyer who has paid is worth more protection than a seller's hurry.
    function _markPaid(Terms calldata terms, bytes32 id) private {
        Lane storage lane = _lane(terms);
        uint256 word = lane.word;
        Status status = word.statusOf(id);
        if (status != Status.Locked && status != Status.CancelRequested) {
            revert WrongStatus(id, status);
        }
        lane.word = word.moved(Status.Paid, 0);
        emit Paid(id);
    }

    function _requestCancel(Terms calldata terms, bytes32 id) private {
        Lane storage lane = _require(terms, id, Status.Locked);
        uint256 word = lane.word;
        uint256 until = word.time() + terms.paymentWindow;
        if (block.timestamp <= until) revert PaymentWindowOpen(until, block.timestamp);
        // 40 bits of seconds last 34,000 years.
        uint256 cancelAt = block.timestamp + terms.challengeWindow;
        lane.word = word.moved(Status.CancelRequested, cancelAt);
        emit CancelRequested(id, uint40(cancelAt));
    }

    // ------------------------------------------------------------------ coins

    function _total(Terms calldata terms) private pure returns (uint256) {
        return uint256(terms.amount) + terms.fee;
    }

    /// @dev To where they came from.
    function _giveBack(Terms calldata terms, uint256 word, uint256 amount) private {
        if (word.fromDeposit()) _credit(terms.token, terms.seller, amount);
        else _pay(terms.token, terms.seller, amount);
    }

    function _creditFee(Terms calldata terms, uint256 fee) private {
        if (fee != 0) _credit(terms.token, terms.feeRecipient, fee);
    }

    // ------------------------------------------------------------------ rules

    function _requireSound(Terms calldata terms) private pure {
        (address seller, address buyer, address arbitrator) =
            (terms.seller, terms.buyer, terms.arbitrator);
        if (
            seller == address(0) || buyer == address(0) || arbitrator == address(0)
                || seller == buyer || seller == arbitrator || buyer == arbitrator
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

    // ------------------------------------------------------------------ the lane

    function _lane(Terms calldata terms) private view returns (Lane storage) {
        return lanes[terms.seller][terms.lane];
    }

    function _require(Terms calldata terms, bytes32 id, Status wanted)
        private
        view
        returns (Lane storage lane)
    {
        lane = _lane(terms);
        Status status = lane.word.statusOf(id);
        if (status != wanted) revert WrongStatus(id, status);
    }
}
