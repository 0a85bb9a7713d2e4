// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";

/// @title A dollar for development chains
/// @notice Worth nothing: anybody mints any amount of it. It stands in for a stablecoin where a whole
/// exchange is tried on a chain of its own.
contract DevToken is ERC20("Development Dollar", "DEVUSD") {
    /// @notice As the dollar tokens in use: a millionth is the smallest unit.
    function decimals() public pure override returns (uint8) {
        return 6;
    }

    /// @notice Gives `account` any number of new units. Stop: nothing. Left: a larger supply.
    function mint(address account, uint256 units) external {
        _mint(account, units);
    }
}
