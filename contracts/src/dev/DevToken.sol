// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {ERC3009} from "@openzeppelin/contracts/token/ERC20/extensions/draft-ERC3009.sol";
import {ERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Permit.sol";
import {SignatureChecker} from "@openzeppelin/contracts/utils/cryptography/SignatureChecker.sol";

/// @title A dollar for development chains
/// @notice Worth nothing: anybody mints any amount of it. It stands in for a stablecoin where a whole
/// exchange is tried on a chain of its own, and as the dollar tokens in use it takes authorizations
/// (EIP-3009), also of contract wallets, and permits (EIP-2612).
contract DevToken is ERC3009, ERC20Permit {
    constructor() ERC20("Development Dollar", "DEVUSD") ERC20Permit("Development Dollar") {}

    /// @notice As the dollar tokens in use: a millionth is the smallest unit.
    function decimals() public pure override returns (uint8) {
        return 6;
    }

    /// @notice Gives `account` any number of new units. Stop: nothing. Left: a larger supply.
    function mint(address account, uint256 units) external {
        _mint(account, units);
    }

    /// @notice As EIP-3009 tells, with a signature of any length. Stop: `cancelAuthorization`. Left: the
    /// receiver's coins, and a nonce that is used up.
    function receiveWithAuthorization(
        address from,
        address to,
        uint256 value,
        uint256 validAfter,
        uint256 validBefore,
        bytes32 nonce,
        bytes calldata signature
    ) external {
        if (to != msg.sender) revert ERC20InvalidReceiver(to);
        bytes32 digest = _hashTypedDataV4(
            keccak256(
                abi.encode(
                    RECEIVE_WITH_AUTHORIZATION_TYPEHASH,
                    from,
                    to,
                    value,
                    validAfter,
                    validBefore,
                    nonce
                )
            )
        );
        if (!SignatureChecker.isValidSignatureNow(from, digest, signature)) {
            revert ERC3009InvalidSignature();
        }
        _transferWithAuthorization(from, to, value, validAfter, validBefore, nonce);
    }
}
