// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

/// @notice Sends coins to a recipient who may refuse them, without harm to anybody else.
library Payouts {
    /// @notice The most gas that a recipient or a token may use to take a payout. Plain accounts use
    /// none, contract wallets some thousands, the heaviest tokens in use about 200,000.
    uint256 internal constant GAS = 300_000;

    /// @notice What must be left before a payout for its failure to count: GAS with the 1/64 that the
    /// EVM keeps back, and the price of the call itself (cold account, value, new account).
    uint256 internal constant GAS_FOR_VERDICT = GAS * 64 / 63 + 40_000;

    /// @notice A payout failed that was given less gas than it may use: try again with more.
    error PayoutNeedsGas(uint256 required, uint256 available);

    /// @notice Tries to send; tells whether the recipient has the coins now.
    /// @dev A failure is believed only when the call had all the gas it may use. Otherwise whoever
    /// relays could make an honest payout fail by giving just too little gas, and turn it into a credit.
    /// @param token The ERC-20 token, or zero for the native coin.
    function trySend(address token, address to, uint256 amount) internal returns (bool sent) {
        uint256 available = gasleft();
        sent = _send(token, to, amount, GAS);
        if (!sent && available < GAS_FOR_VERDICT) {
            revert PayoutNeedsGas(GAS_FOR_VERDICT, available);
        }
    }

    /// @notice Sends with all the gas there is, for a recipient who pays for it himself.
    function sendWithAllGas(address token, address to, uint256 amount)
        internal
        returns (bool sent)
    {
        return _send(token, to, amount, gasleft());
    }

    function _send(address token, address to, uint256 amount, uint256 gasLimit)
        private
        returns (bool)
    {
        return token == address(0)
            ? _sendNative(to, amount, gasLimit)
            : _sendToken(token, to, amount, gasLimit);
    }

    /// @dev In assembly because Solidity copies whatever a call returns: a recipient could return
    /// so much that copying it uses up the gas of the caller (a return bomb).
    function _sendNative(address to, uint256 amount, uint256 gasLimit) private returns (bool sent) {
        assembly ("memory-safe") {
            sent := call(gasLimit, to, amount, 0, 0, 0, 0)
        }
    }

    /// @dev A token tells success by returning true, or by returning nothing (as USDT does). Nothing
    /// is also what an address without code returns, so the code is looked at then.
    function _sendToken(address token, address to, uint256 amount, uint256 gasLimit)
        private
        returns (bool sent)
    {
        bytes4 selector = IERC20.transfer.selector;
        assembly ("memory-safe") {
            let data := mload(0x40)
            mstore(data, selector)
            mstore(add(data, 0x04), to)
            mstore(add(data, 0x24), amount)
            let success := call(gasLimit, token, 0, data, 0x44, 0, 0x20)
            switch returndatasize()
            case 0 { sent := and(success, gt(extcodesize(token), 0)) }
            default { sent := and(success, and(gt(returndatasize(), 0x1f), eq(mload(0), 1))) }
        }
    }
}
