// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IArbitrable, IArbitrator} from "../src/arbitration/Erc792.sol";

/// @notice A small court: rules late, and hears an appeal against each ruling within three days.
contract Court is IArbitrator {
    struct Docket {
        IArbitrable arbitrable;
        uint256 choices;
        bytes extraData;
        uint256 ruling;
        uint256 appealableUntil;
    }

    uint256 public cost;
    Docket[] private dockets;

    constructor(uint256 cost_) {
        cost = cost_;
    }

    function arbitrationCost(bytes calldata) external view returns (uint256) {
        return cost;
    }

    function createDispute(uint256 choices, bytes calldata extraData)
        public
        payable
        virtual
        returns (uint256 disputeID)
    {
        require(msg.value == cost, "not the cost");
        disputeID = dockets.length;
        dockets.push(Docket(IArbitrable(msg.sender), choices, extraData, 0, 0));
    }

    function decide(uint256 disputeID, uint256 ruling) external {
        dockets[disputeID].ruling = ruling;
        dockets[disputeID].appealableUntil = block.timestamp + 3 days;
    }

    function appeal(uint256 disputeID) external {
        require(block.timestamp <= dockets[disputeID].appealableUntil, "too late");
        dockets[disputeID].appealableUntil = 0;
    }

    function executeRuling(uint256 disputeID) external {
        Docket storage docket = dockets[disputeID];
        require(
            docket.appealableUntil != 0 && block.timestamp > docket.appealableUntil, "too early"
        );
        docket.arbitrable.rule(disputeID, docket.ruling);
    }

    function docketOf(uint256 disputeID) external view returns (Docket memory) {
        return dockets[disputeID];
    }
}

/// @notice A court without charge that says whatever it is told to, whenever it is told to.
contract HostileCourt is Court(0) {
    address private target;
    bytes private data;
    bool public succeeded;
    uint256 private nextId;

    function giveNumber(uint256 disputeID) external {
        nextId = disputeID;
    }

    function callDuringOpening(address to, bytes calldata what) external {
        (target, data) = (to, what);
    }

    function createDispute(uint256, bytes calldata) public payable override returns (uint256) {
        if (target != address(0)) {
            address called = target;
            target = address(0);
            (succeeded,) = called.call(data);
        }
        return nextId;
    }

    function say(IArbitrable arbitrable, uint256 disputeID, uint256 ruling) external {
        arbitrable.rule(disputeID, ruling);
    }
}
