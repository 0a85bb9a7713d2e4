// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";

import {DevToken} from "../src/dev/DevToken.sol";

/// @notice Takes one percent of every transfer, as PAXG did and USDT may.
contract FeeOnTransferToken is DevToken {
    function _update(address from, address to, uint256 value) internal override {
        super._update(from, to, value);
        if (from != address(0) && to != address(0)) super._update(to, address(0), value / 100);
    }
}

/// @notice Brings anybody's coins to whoever asks, on nobody's word.
contract YesToken {
    mapping(address => uint256) public balanceOf;

    function receiveWithAuthorization(
        address,
        address to,
        uint256 value,
        uint256,
        uint256,
        bytes32,
        uint8,
        bytes32,
        bytes32
    ) external {
        balanceOf[to] += value;
    }
}

/// @notice Says yes and moves nothing.
contract LyingToken is DevToken {
    function transferFrom(address, address, uint256) public pure override returns (bool) {
        return true;
    }
}

/// @notice Says no instead of reverting, as ZRX and EURS do.
contract FalseReturningToken is DevToken {
    bool public refusing;

    function refuse(bool yes) external {
        refusing = yes;
    }

    function transfer(address to, uint256 value) public override returns (bool) {
        return !refusing && super.transfer(to, value);
    }

    function transferFrom(address from, address to, uint256 value) public override returns (bool) {
        return !refusing && super.transferFrom(from, to, value);
    }
}

/// @notice Refuses some accounts, as USDC and USDT do.
contract BlacklistToken is DevToken {
    mapping(address => bool) public blacklisted;

    error Blacklisted(address account);

    function blacklist(address account, bool yes) external {
        blacklisted[account] = yes;
    }

    function _update(address from, address to, uint256 value) internal override {
        if (blacklisted[to]) revert Blacklisted(to);
        super._update(from, to, value);
    }
}

/// @notice Returns nothing from its functions, as USDT does: an ERC-20 that is none.
contract NonReturningToken {
    mapping(address => uint256) public balanceOf;
    mapping(address => mapping(address => uint256)) public allowance;

    function mint(address account, uint256 value) external {
        balanceOf[account] += value;
    }

    function approve(address spender, uint256 value) external {
        allowance[msg.sender][spender] = value;
    }

    function transfer(address to, uint256 value) external {
        _move(msg.sender, to, value);
    }

    function transferFrom(address from, address to, uint256 value) external {
        allowance[from][msg.sender] -= value;
        _move(from, to, value);
    }

    function _move(address from, address to, uint256 value) private {
        balanceOf[from] -= value;
        balanceOf[to] += value;
    }
}

/// @notice Changes everybody's balance at once, as AMPL and stETH do.
contract RebasingToken {
    uint256 public percent = 100;
    mapping(address => uint256) private parts;
    mapping(address => mapping(address => uint256)) public allowance;

    function rebase(uint256 percent_) external {
        percent = percent_;
    }

    function mint(address account, uint256 value) external {
        parts[account] += value * 100 / percent;
    }

    function balanceOf(address account) public view returns (uint256) {
        return parts[account] * percent / 100;
    }

    function approve(address spender, uint256 value) external returns (bool) {
        allowance[msg.sender][spender] = value;
        return true;
    }

    function transfer(address to, uint256 value) external returns (bool) {
        return _move(msg.sender, to, value);
    }

    function transferFrom(address from, address to, uint256 value) external returns (bool) {
        allowance[from][msg.sender] -= value;
        return _move(from, to, value);
    }

    function _move(address from, address to, uint256 value) private returns (bool) {
        uint256 moved = value * 100 / percent;
        parts[from] -= moved;
        parts[to] += moved;
        return true;
    }
}

/// @notice Calls whoever asked for it while a transfer is under way, as ERC-777 tokens do.
contract HookToken is ERC20("Hook", "HOOK") {
    address private target;
    bytes private data;
    bool public succeeded;

    function mint(address account, uint256 value) external {
        _mint(account, value);
    }

    function callDuringTransfer(address to, bytes calldata what) external {
        (target, data) = (to, what);
    }

    function _update(address from, address to, uint256 value) internal override {
        if (target != address(0)) {
            address called = target;
            target = address(0);
            (succeeded,) = called.call(data);
        }
        super._update(from, to, value);
    }
}

/// @notice A token with hooks that asks nobody for his authorization.
contract HookAuthorizationToken is HookToken {
    function receiveWithAuthorization(
        address from,
        address to,
        uint256 value,
        uint256,
        uint256,
        bytes32,
        uint8,
        bytes32,
        bytes32
    ) external {
        _transfer(from, to, value);
    }
}

/// @notice A token that takes from whom it should give.
contract RobbingToken is DevToken {
    function transferFrom(address, address to, uint256) public override returns (bool) {
        _burn(to, 1);
        return true;
    }
}

/// @notice A token that tells the largest balance before a transfer, and one below its sum after it: the
/// difference of the two, as it wraps around, is the sum.
contract WrappingToken {
    uint256 private told = type(uint256).max;

    function balanceOf(address) external view returns (uint256) {
        return told;
    }

    function transferFrom(address, address, uint256 value) external returns (bool) {
        told = value - 1;
        return true;
    }
}

/// @notice A token that tells a balance in less than a word.
contract ShortBalanceToken {
    fallback() external {
        assembly {
            return(0, 31)
        }
    }
}

/// @notice Reverts with 5,000 bytes.
contract LongReason {
    fallback() external {
        assembly {
            for { let at := 0 } lt(at, 5000) { at := add(at, 0x20) } { mstore(at, not(0)) }
            revert(0, 5000)
        }
    }
}

/// @notice A recipient of native coins with a mind of its own.
contract HostileRecipient {
    enum Mood {
        Accept,
        Revert,
        BurnGas,
        ReturnBomb,
        Reenter
    }

    Mood public mood;
    address private target;
    bytes private data;
    bool public reentered;

    function be(Mood mood_) external {
        mood = mood_;
    }

    function reenterWith(address to, bytes calldata what) external {
        (target, data) = (to, what);
        mood = Mood.Reenter;
    }

    /// @notice Makes this contract call another one, as its owner's wallet would.
    function run(address to, bytes calldata what) external {
        (bool success, bytes memory answer) = to.call(what);
        if (!success) {
            assembly {
                revert(add(answer, 0x20), mload(answer))
            }
        }
    }

    receive() external payable {
        if (mood == Mood.Revert) revert();
        if (mood == Mood.BurnGas) {
            while (true) {}
        }
        if (mood == Mood.ReturnBomb) {
            assembly {
                revert(0, 1000000)
            }
        }
        if (mood == Mood.Reenter) (reentered,) = target.call(data);
    }
}

/// @notice A wallet contract that takes the signature of one key (EIP-1271).
contract Wallet1271 {
    address private immutable owner;

    constructor(address owner_) {
        owner = owner_;
    }

    function isValidSignature(bytes32 digest, bytes calldata signature)
        external
        view
        returns (bytes4)
    {
        (bytes32 r, bytes32 s) = abi.decode(signature[:64], (bytes32, bytes32));
        bool good = ecrecover(digest, uint8(signature[64]), r, s) == owner;
        return good ? bytes4(0x1626ba7e) : bytes4(0xffffffff);
    }

    receive() external payable {}
}

/// @notice A wallet whose signatures are so many zeros.
contract AnyLengthWallet {
    uint256 private immutable length;

    constructor(uint256 length_) {
        length = length_;
    }

    function isValidSignature(bytes32, bytes calldata signature) external view returns (bytes4) {
        return signature.length == length ? bytes4(0x1626ba7e) : bytes4(0xffffffff);
    }
}

/// @notice A delegate that knows nothing of EIP-1271, for accounts of EIP-7702.
contract MuteDelegate {
    receive() external payable {}
}
