// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Signatures} from "../src/Signatures.sol";
import {Test} from "./Test.sol";

contract SignaturesTest is Test {
    using Signatures for address;

    uint256 private constant HALF_ORDER =
        0x7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0;
    /// @dev The generator's x: a point of the curve, so that there is somebody whose signature it is.
    bytes32 private constant R = 0x79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798;

    function isByKey(address signer, bytes32 digest, bytes calldata signature)
        external
        pure
        returns (bool)
    {
        return signer.isByKey(digest, signature, 0);
    }

    /// @notice The largest low `s` is a low one, and the next is not.
    function testTheLowerHalfEndsAtHalfTheOrder(bytes32 digest) public view {
        for (uint256 above = 0; above < 2; ++above) {
            bytes32 s = bytes32(HALF_ORDER + above);
            // Then the signer's point would be none: R is the generator.
            vm.assume(digest != s);
            address signer = ecrecover(digest, 27, R, s);
            assertTrue(signer != address(0));
            bytes memory signature = abi.encodePacked(R, s, uint8(27));
            assertTrue(this.isByKey(signer, digest, signature) == (above == 0));
        }
    }
}
