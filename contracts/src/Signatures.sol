// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {SignatureChecker} from "@openzeppelin/contracts/utils/cryptography/SignatureChecker.sol";

/// @notice Whether an account signed, be it a key, a contract wallet, or a key that delegates.
library Signatures {
    /// @notice Whether `signer` signed `digest`.
    /// @dev The key is asked before the code. An account that delegates by EIP-7702 has both: its code
    /// may know nothing of EIP-1271, and its key still owns it. Asking the key first also spares an
    /// ordinary signer the cold read of his account. ECDSA takes 65 bytes with a low `s` only, so that
    /// a signature has one form.
    function isBy(address signer, bytes32 digest, bytes calldata signature)
        internal
        view
        returns (bool)
    {
        (address recovered, ECDSA.RecoverError problem,) =
            ECDSA.tryRecoverCalldata(digest, signature);
        if (problem == ECDSA.RecoverError.NoError && recovered == signer) return true;
        return signer.code.length != 0
            && SignatureChecker.isValidERC1271SignatureNowCalldata(signer, digest, signature);
    }
}
