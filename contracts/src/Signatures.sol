// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {SignatureChecker} from "@openzeppelin/contracts/utils/cryptography/SignatureChecker.sol";

/// @notice Whether an account signed, be it a key, a contract wallet, or a key that delegates.
library Signatures {
    /// @notice Half of the curve's order. Of the two forms of a signature, that with the lower `s` counts.
    uint256 private constant HALF_ORDER =
        0x7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0;

    /// @notice Whether `signer` signed `digest`.
    /// @dev The key is asked before the code. An account that delegates by EIP-7702 has both: its code
    /// may know nothing of EIP-1271, and its key still owns it. Asking the key first also spares an
    /// ordinary signer the cold read of his account.
    function isBy(address signer, bytes32 digest, bytes calldata signature)
        internal
        view
        returns (bool)
    {
        if (signature.length == 65 && isByKey(signer, digest, signature, 0)) return true;
        return signer.code.length != 0
            && SignatureChecker.isValidERC1271SignatureNowCalldata(signer, digest, signature);
    }

    /// @notice Whether the key of `signer` made the 65 bytes at an offset of `signatures` over `digest`.
    /// @dev A low `s` only, so that a signature has one form. `ecrecover` gives zero for what is no
    /// signature, so nobody signs for zero.
    function isByKey(address signer, bytes32 digest, bytes calldata signatures, uint256 offset)
        internal
        pure
        returns (bool)
    {
        (uint8 v, bytes32 r, bytes32 s) = split(signatures, offset);
        if (uint256(s) > HALF_ORDER) return false;
        address made = ecrecover(digest, v, r, s);
        return made == signer && made != address(0);
    }

    /// @notice The parts of the 65 bytes at an offset of `signatures`. Who calls has looked at the length.
    function split(bytes calldata signatures, uint256 offset)
        internal
        pure
        returns (uint8 v, bytes32 r, bytes32 s)
    {
        assembly ("memory-safe") {
            let at := add(signatures.offset, offset)
            r := calldataload(at)
            s := calldataload(add(at, 0x20))
            v := byte(0, calldataload(add(at, 0x40)))
        }
    }
}
