// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Permit.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";

import {ITradepostEscrow} from "./ITradepostEscrow.sol";
import {Payouts} from "./Payouts.sol";
import {Signatures} from "./Signatures.sol";
import {IERC3009, IPermit2} from "./Tokens.sol";
import {TypedData} from "./TypedData.sol";

/// @notice The coins that people have in the contract outside of escrows, and the ways in and out.
/// @dev Who has a balance got it by a deposit, as a fee, or because a payout to him failed.
abstract contract Accounts is ITradepostEscrow, ReentrancyGuardTransient {
    using SafeERC20 for IERC20;
    using Signatures for address;

    /// @notice Where Permit2 is on every chain that has it.
    IPermit2 internal constant PERMIT2 = IPermit2(0x000000000022D473030F116dDEE9F6B43aC78BA3);

    /// @dev One slot. Sums of uint128 do not reach 2^192 within 2^63 of them.
    struct Account {
        uint192 balance;
        uint64 withdrawals;
    }

    mapping(address token => mapping(address account => Account)) private accounts;

    // ------------------------------------------------------------------ anyone

    /// @inheritdoc ITradepostEscrow
    function deposit(address token, address account, uint128 amount) external payable {
        if (amount == 0) revert NoAmount();
        _take(token, msg.sender, amount);
        _deposited(token, account, amount);
    }

    /// @inheritdoc ITradepostEscrow
    function depositWithAuthorization(
        address token,
        address account,
        uint128 amount,
        uint256 validBefore,
        bytes32 salt,
        bytes calldata signature
    ) external {
        if (amount == 0) revert NoAmount();
        // Hashed, so that an authorization made for an escrow, whose nonce is its id, is none here.
        bytes32 nonce = keccak256(abi.encode("Tradepost deposit", salt));
        _takeAuthorized(token, account, amount, validBefore, nonce, signature);
        _deposited(token, account, amount);
    }

    /// @inheritdoc ITradepostEscrow
    function permit(
        address token,
        address owner,
        uint256 value,
        uint256 deadline,
        uint8 v,
        bytes32 r,
        bytes32 s
    ) external {
        IERC20Permit(token).permit(owner, address(this), value, deadline, v, r, s);
    }

    // ------------------------------------------------------------------ who has a balance

    /// @inheritdoc ITradepostEscrow
    function withdraw(address token, uint256 amount, address to) external {
        _withdraw(token, msg.sender, amount, to);
    }

    /// @inheritdoc ITradepostEscrow
    function withdrawBySig(
        address account,
        address token,
        uint256 amount,
        address to,
        uint40 validUntil,
        bytes calldata signature
    ) external {
        _requireInTime(validUntil);
        uint64 nonce = accounts[token][account].withdrawals++;
        bytes32 digest = TypedData.withdrawal(account, token, amount, to, nonce, validUntil);
        if (!account.isBy(digest, signature)) revert BadSignature(account, digest);
        _withdraw(token, account, amount, to);
    }

    // ------------------------------------------------------------------ views

    /// @inheritdoc ITradepostEscrow
    function balanceOf(address token, address account) external view returns (uint256) {
        return accounts[token][account].balance;
    }

    /// @inheritdoc ITradepostEscrow
    function withdrawalNonce(address token, address account) external view returns (uint64) {
        return accounts[token][account].withdrawals;
    }

    // ------------------------------------------------------------------ coins in

    /// @dev Native coins that came with the call, or a token by its owner's allowance.
    function _take(address token, address from, uint256 total) internal {
        if (token == address(0)) {
            if (msg.value != total) revert WrongValue(total, msg.value);
            return;
        }
        if (msg.value != 0) revert WrongValue(0, msg.value);
        _takeAllowed(token, from, total);
    }

    /// @dev A token by its owner's allowance. Whoever calls this has made sure that he wants it.
    function _takeAllowed(address token, address from, uint256 total) internal nonReentrant {
        uint256 before = _balance(token);
        IERC20(token).safeTransferFrom(from, address(this), total);
        _requireArrived(token, before, total);
    }

    /// @dev A token by its owner's authorization (EIP-3009), which works for this contract alone and,
    /// by its nonce, for one purpose.
    function _takeAuthorized(
        address token,
        address from,
        uint256 total,
        uint256 validBefore,
        bytes32 nonce,
        bytes calldata signature
    ) internal nonReentrant {
        uint256 before = _balance(token);
        if (signature.length == 65) {
            (uint8 v, bytes32 r, bytes32 s) = Signatures.split(signature, 0);
            IERC3009(token)
                .receiveWithAuthorization(
                    from, address(this), total, 0, validBefore, nonce, v, r, s
                );
        } else {
            // That of a contract wallet.
            IERC3009(token)
                .receiveWithAuthorization(
                    from, address(this), total, 0, validBefore, nonce, signature
                );
        }
        _requireArrived(token, before, total);
    }

    /// @dev A token by its owner's allowance for Permit2 and his signature for one purpose.
    function _takePermitted(
        IPermit2.PermitTransferFrom memory permitted,
        address from,
        bytes32 termsHash,
        bytes calldata signature
    ) internal nonReentrant {
        (address token, uint256 total) = (permitted.permitted.token, permitted.permitted.amount);
        uint256 before = _balance(token);
        PERMIT2.permitWitnessTransferFrom(
            permitted,
            IPermit2.SignatureTransferDetails({to: address(this), requestedAmount: total}),
            from,
            termsHash,
            TypedData.PERMIT2_WITNESS,
            signature
        );
        _requireArrived(token, before, total);
    }

    /// @dev Whether a token is honest is judged by what arrived, not by trust: one that takes a fee on
    /// transfer would leave the contract unable to pay somebody else. While it is measured, no other
    /// coins may come in, or a token that calls back could have them counted twice. Coins that go out
    /// meanwhile can only make the measure fail, so what pays out needs no guard: it writes the final
    /// state first and sends last.
    function _requireArrived(address token, uint256 before, uint256 total) private view {
        uint256 afterwards = _balance(token);
        unchecked {
            // Wraps around where there is less than before, to what is not the total either.
            if (afterwards - before != total || afterwards < before) {
                uint256 arrived = afterwards > before ? afterwards - before : 0;
                revert WrongAmountArrived(token, total, arrived);
            }
        }
    }

    /// @dev In assembly, to spare each lock a copy of the answer in memory.
    function _balance(address token) private view returns (uint256 held) {
        bytes4 selector = IERC20.balanceOf.selector;
        bool answered;
        assembly ("memory-safe") {
            mstore(0, selector)
            mstore(0x04, address())
            answered := and(gt(returndatasize(), 0x1f), staticcall(gas(), token, 0, 0x24, 0, 0x20))
            held := mload(0)
        }
        if (!answered) revert NoToken(token);
    }

    // ------------------------------------------------------------------ coins out

    /// @dev A recipient who cannot be paid is credited, so that he never blocks the other.
    function _pay(address token, address to, uint256 amount) internal {
        if (amount == 0 || Payouts.trySend(token, to, amount)) return;
        _credit(token, to, amount);
        emit Credited(token, to, amount);
    }

    /// @dev One write instead of a transfer.
    function _credit(address token, address to, uint256 amount) internal {
        accounts[token][to].balance += uint192(amount);
    }

    function _debit(address token, address account, uint256 amount) internal {
        Account storage held = accounts[token][account];
        uint256 balance = held.balance;
        if (balance < amount) revert BalanceTooLow(token, account, balance, amount);
        held.balance = uint192(balance - amount);
    }

    function _requireInTime(uint40 validUntil) internal view {
        if (block.timestamp > validUntil) revert SignatureTooLate(validUntil, block.timestamp);
    }

    function _deposited(address token, address account, uint128 amount) private {
        _credit(token, account, amount);
        emit Deposited(token, account, amount);
    }

    function _withdraw(address token, address account, uint256 amount, address to) private {
        if (amount == 0) revert NoAmount();
        // Sent to the contract itself they would belong to nobody.
        if (to == address(this)) revert BadRecipient(to);
        _debit(token, account, amount);
        if (!Payouts.sendWithAllGas(token, to, amount)) {
            revert WithdrawalFailed(token, to, amount);
        }
        emit Withdrawn(token, account, to, amount);
    }
}
