// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

// The parts of ERC-792 (arbitration) and ERC-1497 (evidence) that are used here. The standards'
// "arbitrator" is called a court in this house: the arbitrator of an escrow is who is in its terms.

/// @notice A court, as ERC-792 has it: asked for a dispute, it later calls `rule` of whoever asked.
interface IArbitrator {
    /// @notice Opens a dispute with the rulings 1 to `choices`; takes at least `arbitrationCost`.
    function createDispute(uint256 choices, bytes calldata extraData)
        external
        payable
        returns (uint256 disputeID);

    /// @notice What a dispute costs now, in the native coin.
    function arbitrationCost(bytes calldata extraData) external view returns (uint256 cost);
}

/// @notice Whoever obeys a court, as ERC-792 has it.
interface IArbitrable {
    /// @notice The court ruled.
    event Ruling(IArbitrator indexed arbitrator, uint256 indexed disputeID, uint256 ruling);

    /// @notice Takes the court's ruling; 0 where it refused to choose.
    function rule(uint256 disputeID, uint256 ruling) external;
}

/// @notice What a court's jurors are shown, as ERC-1497 has it. Strings are addresses of documents.
interface IEvidence {
    /// @notice What all disputes here are about, and what each ruling means.
    event MetaEvidence(uint256 indexed metaEvidenceID, string evidence);
    /// @notice A party shows something for the disputes of this group.
    event Evidence(
        IArbitrator indexed arbitrator,
        uint256 indexed evidenceGroupID,
        address indexed party,
        string evidence
    );
    /// @notice A dispute was opened, and belongs to this meta-evidence and this group.
    event Dispute(
        IArbitrator indexed arbitrator,
        uint256 indexed disputeID,
        uint256 metaEvidenceID,
        uint256 evidenceGroupID
    );
}
