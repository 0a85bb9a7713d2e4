// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @notice What forge does for a test beyond the chain. Only what these tests use.
interface Vm {
    function addr(uint256 key) external pure returns (address);
    function sign(uint256 key, bytes32 digest) external pure returns (uint8 v, bytes32 r, bytes32 s);
    function prank(address sender) external;
    function startPrank(address sender) external;
    function stopPrank() external;
    function warp(uint256 time) external;
    function chainId(uint256 id) external;
    function deal(address account, uint256 balance) external;
    function etch(address account, bytes calldata code) external;
    function expectRevert(bytes calldata data) external;
    function expectEmit(address emitter) external;
    function expectRevert(bytes4 selector) external;
    function expectPartialRevert(bytes4 selector) external;
    function assume(bool condition) external pure;
    function readFile(string calldata path) external view returns (string memory);
    function parseJsonBytes(string calldata json, string calldata key)
        external
        pure
        returns (bytes memory);
    function parseBytes(string calldata text) external pure returns (bytes memory);
}

/// @notice The base of the tests: forge calls `setUp` and then each function named `test...`.
abstract contract Test {
    Vm internal constant vm = Vm(address(uint160(uint256(keccak256("hevm cheat code")))));

    /// @notice Tells forge that this contract holds tests.
    bool public constant IS_TEST = true;

    error NotEqual(uint256 left, uint256 right);
    error NotTrue();

    /// @notice Deploys a contract as it is shipped: from its artefact, byte by byte.
    /// @param name Its name, which is the artefact's too.
    /// @param arguments Those of its constructor, encoded.
    function deploy(string memory name, bytes memory arguments) internal returns (address made) {
        string memory path = string.concat("src/tradepost_contracts/artifacts/", name, ".json");
        bytes memory code =
            bytes.concat(vm.parseJsonBytes(vm.readFile(path), ".bytecode"), arguments);
        assembly ("memory-safe") {
            made := create(0, add(code, 0x20), mload(code))
            if iszero(made) {
                let free := mload(0x40)
                returndatacopy(free, 0, returndatasize())
                revert(free, returndatasize())
            }
        }
    }

    function assertEq(uint256 left, uint256 right) internal pure {
        if (left != right) revert NotEqual(left, right);
    }

    function assertEq(address left, address right) internal pure {
        if (left != right) revert NotEqual(uint160(left), uint160(right));
    }

    function assertEq(bytes32 left, bytes32 right) internal pure {
        if (left != right) revert NotEqual(uint256(left), uint256(right));
    }

    function assertTrue(bool condition) internal pure {
        if (!condition) revert NotTrue();
    }

    /// @notice Brings a fuzzed number into a range, bounds included.
    function bound(uint256 value, uint256 least, uint256 most) internal pure returns (uint256) {
        return least + value % (most - least + 1);
    }
}
