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
    /// @notice A payout to `account` failed; the coins wait for him here. Fees are credited without
    /// this event: they follow from the terms.
    event Credited(address indexed token, address indexed account, uint256 amount);
    /// @notice `account` drew its whole credit of `token` to `to`.
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
    /// @notice The escrow's status does not permit this.
    error WrongStatus(bytes32 id, Status status);
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
    /// @notice One role signed twice; a settlement takes two different ones.
    error SameRole(Role role);
    /// @notice The buyer cannot be given more than the amount.
    error ShareTooLarge(uint128 buyerAmount, uint128 amount);
    /// @notice Nothing waits for this account.
    error NoCredit(address token, address account);
    /// @notice The coins could not be sent; they still wait.
    error WithdrawalFailed(address token, address to, uint256 amount);

    // ------------------------------------------------------------------ the seller

    /// @notice Locks amount and fee: the native coin sent along, or the token by an allowance.
    /// @dev Stop: not locking lets the terms lapse at `fundBy`. Left: the coins, until one of the three
    /// ends; the id can never be locked again, whatever the end.
    /// @return id The escrow's id.
    function lock(Terms calldata terms) external payable returns (bytes32 id);

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

    /// @notice `release`, by whoever brings the seller's signature of `Release(escrowId)`.
    /// @dev Stop: a signature given away cannot be recalled while the escrow is open. Left: as `release`.
    function releaseBySig(Terms calldata terms, bytes calldata sellerSignature) external;

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
    /// @param roleA Who gave `signatureA` over `Settlement(escrowId, buyerAmount)`.
    /// @param roleB Who gave `signatureB`; another role than `roleA`.
    function settle(
        Terms calldata terms,
        uint128 buyerAmount,
        Role roleA,
        bytes calldata signatureA,
        Role roleB,
        bytes calldata signatureB
    ) external;

    // ------------------------------------------------------------------ anyone

    /// @notice Gives the seller everything back after a cancel request that nobody answered.
    /// @dev Stop: the buyer's `Paid`, up to the moment this is called. Left: the seller's coins; final.
    function cancel(Terms calldata terms) external;

    // ------------------------------------------------------------------ the credited

    /// @notice Draws all that waits for the caller to any address: fees, and payouts that failed.
    /// @dev Stop: nobody can stop or redirect it. Left: no credit. A failure leaves it untouched.
    /// @return amount What was sent.
    function withdraw(address token, address to) external returns (uint256 amount);

    // ------------------------------------------------------------------ views

    /// @notice What waits for `account` here.
    function credits(address token, address account) external view returns (uint256);

    /// @notice Where an escrow stands. One that was never locked has status None.
    function stateOf(bytes32 id) external view returns (State memory);

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
