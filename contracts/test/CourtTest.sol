// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ContractArbitrator} from "../src/arbitration/ContractArbitrator.sol";
import {IArbitrator} from "../src/arbitration/Erc792.sol";
import {Erc792Arbitrator, Stage} from "../src/arbitration/Erc792Arbitrator.sol";
import {ITradepostEscrow} from "../src/ITradepostEscrow.sol";
import {Role, Status, Terms} from "../src/Terms.sol";
import {Court} from "./Courts.sol";
import {EscrowTest} from "./EscrowTest.sol";

/// @notice An escrow whose arbitrator asks a court.
abstract contract CourtTest is EscrowTest {
    uint256 internal constant COST = 0.05 ether;
    bytes internal constant EXTRA_DATA = hex"c0947e";
    string internal constant META_EVIDENCE = "ipfs://meta";

    Court internal court;
    Erc792Arbitrator internal adapter;

    function setUp() public virtual override {
        super.setUp();
        court = new Court(COST);
        useCourt(court);
        vm.deal(buyer, 1 ether);
    }

    function useCourt(Court one) internal {
        adapter = newAdapter(escrow, one, EXTRA_DATA, META_EVIDENCE);
        arbitrator = address(adapter);
    }

    function newAdapter(
        ITradepostEscrow over,
        IArbitrator by,
        bytes memory extraData,
        string memory metaEvidence
    ) internal returns (Erc792Arbitrator) {
        bytes memory arguments = abi.encode(over, by, extraData, metaEvidence);
        return Erc792Arbitrator(deploy("Erc792Arbitrator", arguments));
    }

    /// @notice An escrow that the buyer says he has paid.
    function paid() internal returns (Terms memory terms) {
        terms = tokenTerms();
        bringTo(terms, Status.Paid);
    }

    /// @notice The buyer takes it to the court.
    function open(Terms memory terms) internal returns (uint256 disputeID) {
        uint256 cost = address(court) == address(adapter.court()) ? COST : 0;
        vm.prank(buyer);
        return adapter.openDispute{value: cost}(terms);
    }

    /// @notice The court rules, and nobody appeals there.
    function judge(uint256 disputeID, uint256 ruling) internal {
        court.decide(disputeID, ruling);
        vm.warp(court.docketOf(disputeID).appealableUntil + 1);
        court.executeRuling(disputeID);
    }

    function settlementOf(uint256 key, Terms memory terms, uint128 buyerAmount)
        internal
        view
        returns (bytes memory)
    {
        return sign(key, settlementDigest(escrow.escrowId(terms), buyerAmount));
    }

    /// @notice Carries a ruling out with the buyer's signature, by a stranger.
    function execute(Terms memory terms, uint128 buyerAmount) internal {
        bytes memory signature = settlementOf(BUYER_KEY, terms, buyerAmount);
        vm.prank(stranger);
        adapter.execute(terms, FOREVER, Role.Buyer, signature);
    }

    function expectWrongStage(Terms memory terms, Stage stage) internal {
        vm.expectRevert(
            abi.encodeWithSelector(
                Erc792Arbitrator.WrongStage.selector, escrow.escrowId(terms), stage
            )
        );
    }

    function expectNotRuled(Terms memory terms) internal {
        vm.expectRevert(
            abi.encodeWithSelector(ContractArbitrator.NotRuled.selector, escrow.escrowId(terms))
        );
    }
}
