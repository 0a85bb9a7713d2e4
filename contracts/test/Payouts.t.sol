// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Payouts} from "../src/Payouts.sol";
import {Test} from "./Test.sol";

/// @notice Sends as the escrow does.
contract Payer {
    constructor() payable {}

    function trySend(address token, address to) external returns (bool) {
        // What memory was used for before must not decide anything.
        assembly {
            mstore(0, 1)
        }
        return Payouts.trySend(token, to, 1);
    }
}

/// @notice Takes coins only with nearly all the gas that a recipient may use.
contract HungryRecipient {
    receive() external payable {
        // The EVM adds 2,300 to what a call with coins is given.
        require(gasleft() > 300_000 + 2_000);
    }
}

contract RefusingRecipient {
    receive() external payable {
        revert();
    }
}

/// @notice A token that answers a transfer with so many bytes, all zero, or reverts with them.
contract ShortToken {
    uint256 private immutable size;
    bool private immutable fails;

    constructor(uint256 size_, bool fails_) {
        (size, fails) = (size_, fails_);
    }

    fallback() external {
        (uint256 length, bool refuse) = (size, fails);
        assembly {
            calldatacopy(0, calldatasize(), length)
            if refuse { revert(0, length) }
            return(0, length)
        }
    }
}

contract PayoutsTest is Test {
    /// @dev 300,000 * 64 / 63 + 40,000.
    uint256 private constant VERDICT = 344_761;

    Payer private payer = new Payer{value: 1 ether}();

    function attempt(uint256 gasGiven, address to) private returns (bool success, bytes memory) {
        return address(payer).call{gas: gasGiven}(abi.encodeCall(payer.trySend, (address(0), to)));
    }

    /// @notice Whatever gas there is: a recipient who would take the coins is never told to have refused.
    function testARecipientWhoNeedsAllHisGasIsNeverFoundToHaveRefused() public {
        address recipient = address(new HungryRecipient());
        uint256 paid;
        uint256 undecided;
        for (uint256 gasGiven = 290_000; gasGiven < 360_000; gasGiven += 61) {
            (bool success, bytes memory answer) = attempt(gasGiven, recipient);
            if (success) {
                assertTrue(abi.decode(answer, (bool)));
                ++paid;
            } else {
                ++undecided;
            }
        }
        assertEq(recipient.balance, paid);
        assertTrue(paid > 100 && undecided > 100);
    }

    /// @notice A refusal counts from exactly the gas on that the recipient could not have used up.
    function testARefusalCountsFromTheVerdictsGasOn() public {
        address recipient = address(new RefusingRecipient());
        uint256 most;
        bool believed;
        for (uint256 gasGiven = VERDICT; !believed; ++gasGiven) {
            (bool success, bytes memory answer) = attempt(gasGiven, recipient);
            if (success) {
                assertTrue(!abi.decode(answer, (bool)));
                believed = true;
            } else {
                assertEq(bytes32(bytes4(answer)), bytes32(Payouts.PayoutNeedsGas.selector));
                uint256 required;
                assembly {
                    required := mload(add(answer, 0x24))
                    most := mload(add(answer, 0x44))
                }
                assertEq(required, VERDICT);
            }
        }
        assertEq(most, VERDICT - 1);
    }

    /// @notice What a token does not say in a whole word it has not said.
    function testATokenThatSaysLessThanYesHasNotPaid() public {
        for (uint256 size = 0; size <= 32; ++size) {
            ShortToken silent = new ShortToken(size, false);
            // Nothing at all is what USDT returns where it pays.
            assertTrue(payer.trySend(address(silent), address(1)) == (size == 0));
            ShortToken failing = new ShortToken(size, true);
            assertTrue(!payer.trySend(address(failing), address(1)));
        }
    }
}
