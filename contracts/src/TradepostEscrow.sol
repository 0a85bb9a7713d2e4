// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Accounts} from "./Accounts.sol";
import {Batch} from "./Batch.sol";
import {ITradepostEscrow} from "./ITradepostEscrow.sol";
import {Lanes} from "./Lanes.sol";
import {Signatures} from "./Signatures.sol";
import {Role, State, Status, Terms} from "./Terms.sol";
import {IPermit2} from "./Tokens.sol";
import {TypedData} from "./TypedData.sol";
import {Words, isClean, toAddress, wordsOf} from "./Words.sol";

/// @title The escrow of Tradepost, as ITradepostEscrow tells
/// @dev Every function that pays out writes the final status first and sends last. There is no
/// `receive`: coins come in by locks and deposits alone.
contract TradepostEscrow is Accounts, Batch {
    using Lanes for uint256;
    using Signatures for address;

    /// @notice The shortest payment window. It only has to exist: what protects a buyer who has paid is
    /// the challenge window, which begins after it.
    uint32 internal constant SHORTEST_PAYMENT_WINDOW = 1 seconds;
    /// @notice The longest payment window: the slowest rails take days, and a seller whose buyer
    /// vanished must not wait for ever.
    uint32 internal constant LONGEST_PAYMENT_WINDOW = 30 days;
    /// @notice The shortest challenge window: time for an exchange or a watchtower to bring `Paid`
    /// through a congested chain.
    uint32 internal constant SHORTEST_CHALLENGE_WINDOW = 10 minutes;
    /// @notice The longest challenge window: a buyer off-line for a week, and no longer.
    uint32 internal constant LONGEST_CHALLENGE_WINDOW = 7 days;

    /// @dev A lane's word, as `Lanes` packs it.
    struct Lane {
        uint256 word;
    }

    /// @dev By seller, token and number, hashed together.
    mapping(bytes32 place => Lane) private lanes;

    // ------------------------------------------------------------------ the seller

    /// @inheritdoc ITradepostEscrow
    function lock(Terms calldata terms) external payable {
        Words calldata words = _fromSeller(terms);
        _open(words, TypedData.escrowId(TypedData.domain(), words), 0);
        _take(terms.token, terms.seller, _total(words));
    }

    /// @inheritdoc ITradepostEscrow
    function release(Terms calldata terms) external {
        Words calldata words = _fromSeller(terms);
        _release(words, TypedData.escrowId(TypedData.domain(), words));
    }

    /// @inheritdoc ITradepostEscrow
    function requestCancel(Terms calldata terms) external {
        Words calldata words = _fromSeller(terms);
        _requestCancel(words, TypedData.escrowId(TypedData.domain(), words));
    }

    // ------------------------------------------------------------------ the buyer

    /// @inheritdoc ITradepostEscrow
    function markPaid(Terms calldata terms) external {
        Words calldata words = _fromBuyer(terms);
        _markPaid(words, TypedData.escrowId(TypedData.domain(), words));
    }

    /// @inheritdoc ITradepostEscrow
    function refund(Terms calldata terms) external {
        Words calldata words = _fromBuyer(terms);
        _refund(words, TypedData.escrowId(TypedData.domain(), words));
    }

    // ------------------------------------------------------------------ anyone with a signature

    /// @inheritdoc ITradepostEscrow
    function lockBySig(Terms calldata terms, bytes calldata sellerSignature) external {
        Words calldata words = wordsOf(terms);
        (bytes32 domain, bytes32 termsHash) = (TypedData.domain(), TypedData.hash(words));
        bytes32 agreed = TypedData.lock(domain, TypedData.LOCK, termsHash);
        _requireAgreed(words.seller, agreed, sellerSignature);
        _open(words, TypedData.digest(domain, termsHash), 0);
        _takeAllowed(terms.token, terms.seller, _total(words));
    }

    /// @inheritdoc ITradepostEscrow
    function lockWithAuthorization(Terms calldata terms, bytes calldata sellerSignature) external {
        Words calldata words = wordsOf(terms);
        bytes32 id = TypedData.escrowId(TypedData.domain(), words);
        _open(words, id, 0);
        _takeAuthorized(
            toAddress(words.token),
            toAddress(words.seller),
            _total(words),
            words.fundBy + 1,
            id,
            sellerSignature
        );
    }

    /// @inheritdoc ITradepostEscrow
    function lockWithPermit2(Terms calldata terms, uint256 nonce, bytes calldata sellerSignature)
        external
    {
        Words calldata words = wordsOf(terms);
        bytes32 termsHash = TypedData.hash(words);
        _open(words, TypedData.digest(TypedData.domain(), termsHash), 0);
        _takePermitted(
            IPermit2.PermitTransferFrom({
                permitted: IPermit2.TokenPermissions(toAddress(words.token), _total(words)),
                nonce: nonce,
                deadline: words.fundBy
            }),
            toAddress(words.seller),
            termsHash,
            sellerSignature
        );
    }

    /// @inheritdoc ITradepostEscrow
    function lockFromDeposit(Terms calldata terms, bytes calldata sellerSignature) external {
        Words calldata words = wordsOf(terms);
        (bytes32 domain, bytes32 termsHash) = (TypedData.domain(), TypedData.hash(words));
        bytes32 agreed = TypedData.lock(domain, TypedData.LOCK_FROM_DEPOSIT, termsHash);
        _requireAgreed(words.seller, agreed, sellerSignature);
        _open(words, TypedData.digest(domain, termsHash), Lanes.FROM_DEPOSIT);
        _debit(toAddress(words.token), toAddress(words.seller), _total(words));
    }

    /// @inheritdoc ITradepostEscrow
    function releaseBySig(Terms calldata terms, bytes calldata sellerSignature) external {
        Words calldata words = wordsOf(terms);
        bytes32 domain = TypedData.domain();
        bytes32 id = TypedData.escrowId(domain, words);
        _requireSigned(domain, words.seller, TypedData.RELEASE, id, sellerSignature);
        _release(words, id);
    }

    /// @inheritdoc ITradepostEscrow
    function releaseAll(Terms[] calldata terms, bytes calldata sellerSignatures) external {
        if (sellerSignatures.length != terms.length * 65) revert SignaturesMissing();
        bytes32 domain = TypedData.domain();
        for (uint256 i = 0; i < terms.length; ++i) {
            Words calldata words = wordsOf(terms[i]);
            bytes32 id = TypedData.escrowId(domain, words);
            bytes32 digest = TypedData.instruction(domain, TypedData.RELEASE, id);
            address seller = toAddress(words.seller);
            if (!seller.isByKey(digest, sellerSignatures, i * 65)) {
                emit CallFailed(i, abi.encodeWithSelector(BadSignature.selector, seller, digest));
                continue;
            }
            uint256 word = _lane(words).word;
            if (!word.isOpen(id)) {
                Status status = word.stateOf(id).status;
                emit CallFailed(i, abi.encodeWithSelector(WrongStatus.selector, id, status));
                continue;
            }
            _release(words, id);
        }
    }

    /// @inheritdoc ITradepostEscrow
    function requestCancelBySig(Terms calldata terms, bytes calldata sellerSignature) external {
        Words calldata words = wordsOf(terms);
        bytes32 domain = TypedData.domain();
        bytes32 id = TypedData.escrowId(domain, words);
        _requireSigned(domain, words.seller, TypedData.CANCEL, id, sellerSignature);
        _requestCancel(words, id);
    }

    /// @inheritdoc ITradepostEscrow
    function markPaidBySig(Terms calldata terms, bytes calldata buyerSignature) external {
        Words calldata words = wordsOf(terms);
        bytes32 domain = TypedData.domain();
        bytes32 id = TypedData.escrowId(domain, words);
        _requireSigned(domain, words.buyer, TypedData.PAID, id, buyerSignature);
        _markPaid(words, id);
    }

    /// @inheritdoc ITradepostEscrow
    function refundBySig(Terms calldata terms, bytes calldata buyerSignature) external {
        Words calldata words = wordsOf(terms);
        bytes32 domain = TypedData.domain();
        bytes32 id = TypedData.escrowId(domain, words);
        _requireSigned(domain, words.buyer, TypedData.REFUND, id, buyerSignature);
        _refund(words, id);
    }

    /// @inheritdoc ITradepostEscrow
    function settle(
        Terms calldata terms,
        uint128 buyerAmount,
        uint40 validUntil,
        Role absent,
        bytes calldata signatureA,
        bytes calldata signatureB
    ) external {
        Words calldata words = wordsOf(terms);
        if (buyerAmount > words.amount) revert ShareTooLarge(buyerAmount, terms.amount);
        _requireInTime(validUntil);
        bytes32 domain = TypedData.domain();
        bytes32 id = TypedData.escrowId(domain, words);
        bytes32 digest = TypedData.settlement(domain, id, buyerAmount, validUntil);
        // The first of seller, buyer and arbitrator who is not absent, and the second.
        _requireAgreed(absent == Role.Seller ? words.buyer : words.seller, digest, signatureA);
        _requireAgreed(
            absent == Role.Arbitrator ? words.buyer : words.arbitrator, digest, signatureB
        );
        _split(words, id, buyerAmount);
    }

    // ------------------------------------------------------------------ anyone

    /// @inheritdoc ITradepostEscrow
    function cancel(Terms calldata terms) external {
        Words calldata words = wordsOf(terms);
        bytes32 id = TypedData.escrowId(TypedData.domain(), words);
        uint256 word = _lane(words).word;
        if (!word.isIn(id, Status.CancelRequested)) _wrongStatus(word, id);
        uint256 cancelAt = word.time();
        if (block.timestamp <= cancelAt) revert ChallengeWindowOpen(cancelAt, block.timestamp);
        _refund(words, id);
    }

    // ------------------------------------------------------------------ views

    /// @inheritdoc ITradepostEscrow
    function stateOf(Terms calldata terms) external view returns (State memory) {
        Words calldata words = wordsOf(terms);
        return _lane(words).word.stateOf(TypedData.escrowId(TypedData.domain(), words));
    }

    /// @inheritdoc ITradepostEscrow
    function laneOf(address seller, address token, uint256 lane)
        external
        view
        returns (bytes32 idBits, State memory state)
    {
        uint256 word = lanes[keccak256(abi.encode(seller, token, lane))].word;
        return (word.idBits(), word.state());
    }

    /// @inheritdoc ITradepostEscrow
    function escrowId(Terms calldata terms) external view returns (bytes32) {
        return TypedData.escrowId(TypedData.domain(), wordsOf(terms));
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

    function _open(Words calldata terms, bytes32 id, uint256 mark) private {
        _requireSound(terms);
        if (block.timestamp > terms.fundBy) revert TooLateToLock(terms.fundBy, block.timestamp);
        Lane storage lane = _lane(terms);
        uint256 word = lane.word;
        if (!word.isFree(block.timestamp)) {
            revert LaneTaken(
                toAddress(terms.seller),
                toAddress(terms.token),
                terms.lane,
                word.status(),
                word.time()
            );
        }
        lane.word = Lanes.pack(id, uint256(Status.Locked), block.timestamp) | mark;
        emit Locked(id, toAddress(terms.seller), toAddress(terms.buyer));
    }

    /// @return word The lane's word as it was.
    function _end(Words calldata terms, bytes32 id, Status status) private returns (uint256 word) {
        Lane storage lane = _lane(terms);
        word = lane.word;
        if (!word.isOpen(id)) _wrongStatus(word, id);
        lane.word = Lanes.pack(id, uint256(status), terms.fundBy);
    }

    function _release(Words calldata terms, bytes32 id) private {
        _end(terms, id, Status.Released);
        emit Released(id);
        _creditFee(terms, terms.fee);
        _pay(toAddress(terms.token), toAddress(terms.buyer), terms.amount);
    }

    function _refund(Words calldata terms, bytes32 id) private {
        uint256 ended = _end(terms, id, Status.Refunded);
        emit Refunded(id);
        _giveBack(terms, ended, _total(terms));
    }

    function _split(Words calldata terms, bytes32 id, uint128 buyerAmount) private {
        uint256 ended = _end(terms, id, Status.Split);
        emit Settled(id, buyerAmount);
        uint256 rest;
        // No share is larger than what it is a part of, and a product of two has at most 256 bits.
        unchecked {
            rest = _total(terms) - buyerAmount;
            if (terms.fee != 0) {
                // Rounded down: the fee recipient loses the fraction, the seller gains it in the rest.
                uint256 fee = terms.fee * buyerAmount / terms.amount;
                _creditFee(terms, fee);
                rest -= fee;
            }
        }
        _pay(toAddress(terms.token), toAddress(terms.buyer), buyerAmount);
        if (rest != 0) _giveBack(terms, ended, rest);
    }

    /// @dev Also after a cancel request and after its window: as long as nobody has called `cancel`,
    /// a buyer who has paid is worth more protection than a seller's hurry.
    function _markPaid(Words calldata terms, bytes32 id) private {
        Lane storage lane = _lane(terms);
        uint256 word = lane.word;
        if (!word.isIn(id, Status.Locked) && !word.isIn(id, Status.CancelRequested)) {
            _wrongStatus(word, id);
        }
        lane.word = word.moved(Status.Paid, 0);
        emit Paid(id);
    }

    function _requestCancel(Words calldata terms, bytes32 id) private {
        Lane storage lane = _lane(terms);
        uint256 word = lane.word;
        if (!word.isIn(id, Status.Locked)) _wrongStatus(word, id);
        uint256 until = word.time() + terms.paymentWindow;
        if (block.timestamp <= until) revert PaymentWindowOpen(until, block.timestamp);
        // 40 bits of seconds last 34,000 years.
        uint256 cancelAt = block.timestamp + terms.challengeWindow;
        lane.word = word.moved(Status.CancelRequested, cancelAt);
        emit CancelRequested(id, uint40(cancelAt));
    }

    // ------------------------------------------------------------------ coins

    /// @dev Neither has more than 128 bits in terms that can be locked.
    function _total(Words calldata terms) private pure returns (uint256) {
        unchecked {
            return terms.amount + terms.fee;
        }
    }

    /// @dev To where they came from.
    function _giveBack(Words calldata terms, uint256 word, uint256 amount) private {
        (address token, address seller) = (toAddress(terms.token), toAddress(terms.seller));
        if (word.fromDeposit()) _credit(token, seller, amount);
        else _pay(token, seller, amount);
    }

    function _creditFee(Words calldata terms, uint256 fee) private {
        if (fee != 0) _credit(toAddress(terms.token), toAddress(terms.feeRecipient), fee);
    }

    // ------------------------------------------------------------------ rules

    function _requireSound(Words calldata terms) private pure {
        if (!isClean(terms)) revert MalformedTerms();
        if (!_areThree(terms.seller, terms.buyer, terms.arbitrator)) {
            revert BadParties(
                toAddress(terms.seller), toAddress(terms.buyer), toAddress(terms.arbitrator)
            );
        }
        (uint256 amount, uint256 fee) = (terms.amount, terms.fee);
        if (amount == 0 || fee > amount) revert BadAmount(uint128(amount), uint128(fee));
        if (fee != 0 && terms.feeRecipient == 0) revert NoFeeRecipient(uint128(fee));
        (uint256 payment, uint256 challenge) = (terms.paymentWindow, terms.challengeWindow);
        // What is below the shortest wraps around, to above the longest.
        unchecked {
            if (
                payment - SHORTEST_PAYMENT_WINDOW > LONGEST_PAYMENT_WINDOW - SHORTEST_PAYMENT_WINDOW
            ) {
                revert BadPaymentWindow(
                    uint32(payment), SHORTEST_PAYMENT_WINDOW, LONGEST_PAYMENT_WINDOW
                );
            }
            if (
                challenge - SHORTEST_CHALLENGE_WINDOW
                    > LONGEST_CHALLENGE_WINDOW - SHORTEST_CHALLENGE_WINDOW
            ) {
                revert BadChallengeWindow(
                    uint32(challenge), SHORTEST_CHALLENGE_WINDOW, LONGEST_CHALLENGE_WINDOW
                );
            }
        }
    }

    /// @dev Whether none is zero and none is another. In assembly, to decide once and not six times.
    function _areThree(uint256 a, uint256 b, uint256 c) private pure returns (bool three) {
        assembly ("memory-safe") {
            let missing := or(or(iszero(a), iszero(b)), iszero(c))
            let same := or(or(eq(a, b), eq(b, c)), eq(a, c))
            three := iszero(or(missing, same))
        }
    }

    function _fromSeller(Terms calldata terms) private view returns (Words calldata words) {
        words = wordsOf(terms);
        address seller = toAddress(words.seller);
        if (msg.sender != seller) revert NotSeller(msg.sender, seller);
    }

    function _fromBuyer(Terms calldata terms) private view returns (Words calldata words) {
        words = wordsOf(terms);
        address buyer = toAddress(words.buyer);
        if (msg.sender != buyer) revert NotBuyer(msg.sender, buyer);
    }

    function _requireSigned(
        bytes32 domain,
        uint256 signer,
        bytes32 kind,
        bytes32 id,
        bytes calldata signature
    ) private view {
        bytes32 digest = TypedData.instruction(domain, kind, id);
        if (!toAddress(signer).isBy(digest, signature)) {
            revert BadSignature(toAddress(signer), digest);
        }
    }

    function _requireAgreed(uint256 word, bytes32 digest, bytes calldata signature) private view {
        address party = toAddress(word);
        bool agreed = signature.length == 0 ? msg.sender == party : party.isBy(digest, signature);
        if (!agreed) revert BadSignature(party, digest);
    }

    function _wrongStatus(uint256 word, bytes32 id) private pure {
        revert WrongStatus(id, word.stateOf(id).status);
    }

    /// @dev The token is part of the place: one that lies about its owner's consent can fill lanes of
    /// its own only. In assembly, to spare each step a copy in memory.
    function _lane(Words calldata terms) private view returns (Lane storage) {
        (uint256 seller, uint256 token, uint256 lane) = (terms.seller, terms.token, terms.lane);
        bytes32 place;
        assembly ("memory-safe") {
            let words := mload(0x40)
            mstore(words, seller)
            mstore(add(words, 0x20), token)
            mstore(add(words, 0x40), lane)
            place := keccak256(words, 0x60)
        }
        return lanes[place];
    }
}
