// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @notice Many calls of a contract's own functions in one transaction, each for itself.
/// @dev It must stay non-payable: a payable function would see the same coins at every call.
abstract contract Batch {
    /// @notice How much of a failed call's reason is reported: a token may revert with any length.
    uint256 private constant LONGEST_REASON = 1_024;

    /// @notice The call at `index` did nothing; `reason` is what it reverted with, cut at 1,024 bytes. A
    /// report and no proof: a recipient who calls back makes a batch of his own, with indexes of its own.
    event CallFailed(uint256 indexed index, bytes reason);

    /// @notice Makes each call as the caller himself would. One that fails leaves no trace but its
    /// reason, and stops no other. Stop: nothing. Left: as each of the calls.
    /// @param gasEach The most gas that one call may use, so that none uses up that of the others. A call
    /// that needs more fails and can be made alone.
    /// @param calls The calldata of each, with its selector. None of them can carry native coins.
    /// @return failed How many failed.
    function batch(uint256 gasEach, bytes[] calldata calls) external returns (uint256 failed) {
        for (uint256 i = 0; i < calls.length; ++i) {
            bytes calldata data = calls[i];
            bool success;
            assembly ("memory-safe") {
                // Kept in free memory that is not claimed: the next call writes over it.
                let memory_ := mload(0x40)
                calldatacopy(memory_, data.offset, data.length)
                success := delegatecall(gasEach, address(), memory_, data.length, 0, 0)
            }
            if (!success) {
                ++failed;
                emit CallFailed(i, _reason());
            }
        }
    }

    /// @dev What the last call reverted with. Not copied beyond LONGEST_REASON: whoever made it long
    /// would have the others pay for it (a return bomb).
    function _reason() private pure returns (bytes memory reason) {
        uint256 longest = LONGEST_REASON;
        assembly ("memory-safe") {
            let length := returndatasize()
            if gt(length, longest) { length := longest }
            reason := mload(0x40)
            mstore(0x40, add(reason, and(add(length, 0x3f), not(0x1f))))
            mstore(reason, length)
            returndatacopy(add(reason, 0x20), 0, length)
        }
    }
}
