// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Role, State, Status, Terms} from "./Terms.sol";

/// @title The escrow of Tradepost
/// @notice Holds the coins of trades between two people who do not know each other. Only the two, or
/// one of them with the arbitrator they agreed on, move the coins of their trade. The contract has no
/// owner, cannot be changed, paused or emptied, and does not depend on any exchange being there.
/// @dev Each function's note ends with how its effect is stopped and what is left afterwards.
/// Windows are inclusive: the last second of a window still belongs to it.
interface ITradepostEscrow {
    // ------------------------------------------------------------------ events

    /// @notice The seller locked the coins of the escrow `id`.
    event Locked(bytes32 indexed id, address indexed seller, address indexed buyer);
    /// @notice The buyer says that he has paid: the seller cannot take the coins back alone any more.
    event Paid(bytes32 indexed id);
    /// @notice The seller asks for his coins back; `Paid` defeats it until somebody calls `cancel`,
    /// which is refused up to and including the chain time `cancelAt`.
    event CancelRequested(bytes32 indexed id, uint40 cancelAt);
    /// @notice The buyer got the amount, the fee recipient was credited the fee.
    event Released(bytes32 indexed id);
    /// @notice The seller got amount and fee back, by a refund or a cancel.
    event Refunded(bytes32 indexed id);
    /// @notice Two of the three gave `buyerAmount` to the buyer and the rest to the seller.
    event Settled(bytes32 indexed id, uint128 buyerAmount);
    /// @notice A payout to `account` failed; the coins are in his balance here. Fees, and what comes
    /// back from an escrow that was locked from a balance, are credited without this event: they follow
    /// from the terms.
    event Credited(address indexed token, address indexed account, uint256 amount);
    /// @notice `amount` of `token` came into the balance of `account`.
    event Deposited(address indexed token, address indexed account, uint256 amount);
    /// @notice `account` drew `amount` of `token` to `to`.
    event Withdrawn(
        address indexed token, address indexed account, address indexed to, uint256 amount
    );

    // ------------------------------------------------------------------ errors

    /// @notice Only the seller may do this himself; others bring his signature.
    error NotSeller(address caller, address seller);
    /// @notice Only the buyer may do this himself; others bring his signature.
    error NotBuyer(address caller, address buyer);
    /// @notice `signer` did not sign `digest` with this signature.
    error BadSignature(address signer, bytes32 digest);
    /// @notice There are not 65 bytes of signature for each of the terms.
    error SignaturesMissing();
    /// @notice The escrow's status does not permit this.
    error WrongStatus(bytes32 id, Status status);
    /// @notice The seller's lane holds an escrow of this status. It is free again once that has ended
    /// and the chain time `time`, its `fundBy`, has passed.
    error LaneTaken(address seller, address token, uint256 lane, Status status, uint256 time);
    /// @notice What was signed was valid up to and including `validUntil`.
    error SignatureTooLate(uint256 validUntil, uint256 chainTime);
    /// @notice A word of the terms has bits beyond its type.
    error MalformedTerms();
    /// @notice A party is missing, or two of the three are the same.
    error BadParties(address seller, address buyer, address arbitrator);
    /// @notice The amount is zero, or the fee is larger than the amount.
    error BadAmount(uint128 amount, uint128 fee);
    /// @notice There is a fee but nobody to credit it to.
    error NoFeeRecipient(uint128 fee);
    /// @notice There is no contract at the token's address.
    error NoToken(address token);
    /// @notice The payment window is shorter or longer than permitted.
    error BadPaymentWindow(uint32 window, uint32 shortest, uint32 longest);
    /// @notice The challenge window is shorter or longer than permitted.
    error BadChallengeWindow(uint32 window, uint32 shortest, uint32 longest);
    /// @notice The lock came after the last permitted chain time.
    error TooLateToLock(uint256 fundBy, uint256 chainTime);
    /// @notice The payment window lasts up to and including `until`.
    error PaymentWindowOpen(uint256 until, uint256 chainTime);
    /// @notice The challenge window lasts up to and including `until`.
    error ChallengeWindowOpen(uint256 until, uint256 chainTime);
    /// @notice The native coins sent are not exactly what is to be locked.
    error WrongValue(uint256 expected, uint256 sent);
    /// @notice The token delivered another amount than it was asked for: it takes a fee or rebases.
    error WrongAmountArrived(address token, uint256 expected, uint256 arrived);
    /// @notice The buyer cannot be given more than the amount.
    error ShareTooLarge(uint128 buyerAmount, uint128 amount);
    /// @notice Nothing is to be moved.
    error NoAmount();
    /// @notice The account has less than that.
    error BalanceTooLow(address token, address account, uint256 balance, uint256 amount);
    /// @notice Coins sent there would be lost.
    error BadRecipient(address to);
    /// @notice The coins could not be sent; they still wait.
    error WithdrawalFailed(address token, address to, uint256 amount);

    // ------------------------------------------------------------------ the seller

    /// @notice Locks amount and fee: the native coin sent along, or the token by an allowance.
    /// @dev Stop: not locking lets the terms lapse at `fundBy`. Left: the coins, until one of the three
    /// ends; the id can never be locked again, whatever the end.
    function lock(Terms calldata terms) external payable;

    /// @notice Gives the buyer the amount. Permitted until an end is reached.
    /// @dev Stop: nothing stops it. Left: the buyer's coins, the fee as a credit; final.
    function release(Terms calldata terms) external;

    /// @notice Asks for the coins back, once the payment window has passed without a `Paid`.
    /// @dev Stop: the buyer's `Paid`, brought by anyone before `cancel`. Left: a clock that
    /// runs for `challengeWindow` seconds; nothing has moved yet.
    function requestCancel(Terms calldata terms) external;

    // ------------------------------------------------------------------ the buyer

    /// @notice Says that the buyer has paid, which ends the seller's power to cancel.
    /// @dev Stop: it cannot be taken back. Left: release, refund, or a settlement by two of three.
    function markPaid(Terms calldata terms) external;

    /// @notice Gives the seller everything back. Permitted until an end is reached.
    /// @dev Stop: nothing stops it. Left: the seller's coins, no fee; final.
    function refund(Terms calldata terms) external;

    // ------------------------------------------------------------------ anyone with a signature

    /// @notice `lock` of a token by the seller's allowance, by whoever brings his signature of
    /// `Lock(terms)`. A `permit` in the same batch makes the allowance.
    /// @dev Stop: less allowance or balance, another escrow in the lane, or `fundBy`. Left: as `lock`.
    function lockBySig(Terms calldata terms, bytes calldata sellerSignature) external;

    /// @notice `lock` of a token by the seller's authorization (EIP-3009) of amount and fee to this
    /// contract, with nonce = the escrow's id, validAfter = 0 and validBefore = `fundBy` + 1.
    /// @dev Stop: as `lockBySig`, or by cancelling the authorization at the token. Left: as `lock`.
    function lockWithAuthorization(Terms calldata terms, bytes calldata sellerSignature) external;

    /// @notice `lock` of a token by the seller's signature for Permit2, with the terms as its witness and
    /// `fundBy` as its deadline.
    /// @dev Stop: as `lockBySig`, or by using up the nonce at Permit2. Left: as `lock`.
    function lockWithPermit2(Terms calldata terms, uint256 nonce, bytes calldata sellerSignature)
        external;

    /// @notice Locks coins out of the seller's balance here, by whoever brings his signature of
    /// `LockFromDeposit(terms)`. What comes back to him goes into his balance again.
    /// @dev Nothing is promised before this call: until then the seller draws his balance, or locks it for
    /// others. Stop: a lower balance, another escrow in the lane, or `fundBy`. Left: as `lock`.
    function lockFromDeposit(Terms calldata terms, bytes calldata sellerSignature) external;

    /// @notice `release`, by whoever brings the seller's signature of `Release(escrowId)`.
    /// @dev Stop: a signature given away cannot be recalled while the escrow is open. Left: as `release`.
    function releaseBySig(Terms calldata terms, bytes calldata sellerSignature) external;

    /// @notice Many releases by the sellers' keys: what `releaseBySig` does in a batch, for less gas. One
    /// that cannot be released stops no other; its reason is told by `CallFailed`.
    /// @dev Contract wallets' signatures go by `releaseBySig`. Each payout may use 300,000 gas: whoever
    /// calls this gives enough for all to be tried, or all of it fails with `PayoutNeedsGas`.
    /// @param sellerSignatures 65 bytes for each of the terms, one after the other.
    function releaseAll(Terms[] calldata terms, bytes calldata sellerSignatures) external;

    /// @notice `requestCancel`, by whoever brings the seller's signature of `Cancel(escrowId)`.
    /// @dev Stop and left: as `requestCancel`. The signature may be given early; the windows still hold.
    function requestCancelBySig(Terms calldata terms, bytes calldata sellerSignature) external;

    /// @notice `markPaid`, by whoever brings the buyer's signature of `Paid(escrowId)`.
    /// @dev Stop and left: as `markPaid`.
    function markPaidBySig(Terms calldata terms, bytes calldata buyerSignature) external;

    /// @notice `refund`, by whoever brings the buyer's signature of `Refund(escrowId)`.
    /// @dev Stop: a signature given away cannot be recalled while the escrow is open. Left: as `refund`.
    function refundBySig(Terms calldata terms, bytes calldata buyerSignature) external;

    /// @notice Ends the escrow as two of the three agreed: `buyerAmount` to the buyer, the fee's share
    /// of it (rounded down) to the fee recipient, all the rest to the seller.
    /// @dev An empty signature stands for the caller himself: so an arbitrator who is a contract
    /// without EIP-1271 can take part. Stop: nothing stops it. Left: everybody's share; final.
    /// @param validUntil The last chain time of the offer: one that nobody joins lapses.
    /// @param absent Which of the three takes no part. The other two, in the order of seller, buyer and
    /// arbitrator, gave the signatures of `Settlement(escrowId, buyerAmount, validUntil)`.
    function settle(
        Terms calldata terms,
        uint128 buyerAmount,
        uint40 validUntil,
        Role absent,
        bytes calldata signatureA,
        bytes calldata signatureB
    ) external;

    // ------------------------------------------------------------------ anyone

    /// @notice Gives the seller everything back after a cancel request that nobody answered.
    /// @dev Stop: the buyer's `Paid`, up to the moment this is called. Left: the seller's coins; final.
    function cancel(Terms calldata terms) external;

    /// @notice Puts coins into the balance of `account`: native ones sent along, or the caller's token by
    /// an allowance.
    /// @dev Stop: nothing. Left: a balance that `account` alone draws or locks.
    function deposit(address token, address account, uint128 amount) external payable;

    /// @notice Puts a token into its owner's balance by his authorization (EIP-3009) to this contract, with
    /// nonce = keccak256(abi.encode("Tradepost deposit", salt)) and validAfter = 0.
    /// @dev Stop: cancelling the authorization at the token. Left: as `deposit`.
    function depositWithAuthorization(
        address token,
        address account,
        uint128 amount,
        uint256 validBefore,
        bytes32 salt,
        bytes calldata signature
    ) external;

    /// @notice Brings a token its owner's permit (EIP-2612) for this contract. In a batch with the lock that
    /// needs it: should somebody else have brought it before, this fails and the lock goes on.
    /// @dev Stop: nothing. Left: an allowance, which moves nothing without its owner's signature.
    function permit(
        address token,
        address owner,
        uint256 value,
        uint256 deadline,
        uint8 v,
        bytes32 r,
        bytes32 s
    ) external;

    // ------------------------------------------------------------------ who has a balance

    /// @notice Sends some of the caller's balance to any address: deposits, fees, payouts that failed.
    /// @dev Stop: nobody can stop or redirect it. Left: the rest. A failure leaves the balance untouched.
    function withdraw(address token, uint256 amount, address to) external;

    /// @notice `withdraw`, by whoever brings the account's signature of
    /// `Withdrawal(account, token, amount, to, nonce, validUntil)`.
    /// @dev Stop: another signed withdrawal, which uses up the nonce. Left: as `withdraw`.
    function withdrawBySig(
        address account,
        address token,
        uint256 amount,
        address to,
        uint40 validUntil,
        bytes calldata signature
    ) external;

    // ------------------------------------------------------------------ views

    /// @notice What `account` has here, outside of escrows.
    function balanceOf(address token, address account) external view returns (uint256);

    /// @notice The nonce of the account's next signed withdrawal of this token.
    function withdrawalNonce(address token, address account) external view returns (uint64);

    /// @notice Where the escrow with these terms stands. One that was never locked has status None, and so
    /// has one that ended once its lane is used again.
    function stateOf(Terms calldata terms) external view returns (State memory);

    /// @notice What lies in a seller's lane for a token: the upper 208 bits of the escrow's id, and its state.
    function laneOf(address seller, address token, uint256 lane)
        external
        view
        returns (bytes32 idBits, State memory state);

    /// @notice The id of the escrow with these terms on this contract and chain.
    function escrowId(Terms calldata terms) external view returns (bytes32);

    /// @notice The EIP-712 domain, in the form of EIP-5267.
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
        );
}
