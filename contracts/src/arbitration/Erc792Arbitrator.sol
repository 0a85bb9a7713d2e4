// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ITradepostEscrow} from "../ITradepostEscrow.sol";
import {Role, Status, Terms} from "../Terms.sol";
import {ContractArbitrator} from "./ContractArbitrator.sol";
import {IArbitrable, IArbitrator, IEvidence} from "./Erc792.sol";

/// @notice How far a dispute has come.
enum Stage {
    None,
    Disputed,
    Ruled
}

/// @notice What is kept of an escrow: one storage slot.
/// @param stage How far its dispute has come.
/// @param amount While it is disputed: the escrow's amount, since the court's call does not bring the
/// terms. Once it is ruled: what of it the buyer is to get.
struct Case {
    Stage stage;
    uint128 amount;
}

/// @title An arbitrator that asks a court of ERC-792
/// @notice Decides the escrows whose terms name it as the arbitrator, as its court rules. Either trader
/// takes the escrow there, once, and pays the court; appeals are the court's own affair, which calls
/// here when all is over. A ruling is carried out with the signature of the trader whom it suits.
/// Nobody changes the court or what it is told: another court is another address.
/// @dev Each function's note ends with how its effect is stopped and what is left afterwards. A court
/// can do no more than rule the disputes that were brought to it: if it lies, one of the three votes
/// lies; if it is silent, the two traders can still end the escrow as long as they agree. Coins only pass
/// through, within `openDispute`; there is no `receive`.
contract Erc792Arbitrator is ContractArbitrator, IArbitrable, IEvidence {
    // What the court can rule, besides 0: it refused to choose, and each gets half.
    uint256 private constant CHOICES = 2;
    uint256 private constant ALL_TO_BUYER = 1;
    uint256 private constant ALL_TO_SELLER = 2;

    // All disputes here are about the same question, so there is one text.
    uint256 private constant META_EVIDENCE = 0;

    /// @notice Who rules.
    IArbitrator public court;
    /// @notice What the court is told with each dispute: of Kleros the court's number and the jurors'.
    bytes public extraData;

    mapping(bytes32 id => Case) private cases;

    /// @notice The escrow of a dispute of the court; zero where there is none.
    mapping(uint256 disputeID => bytes32 id) public escrowOf;

    // ------------------------------------------------------------------ events

    /// @notice The court gave `buyerAmount` of the escrow `id` to the buyer; a trader signs this amount.
    event Ruled(bytes32 indexed id, uint128 buyerAmount);

    // ------------------------------------------------------------------ errors

    /// @notice Only the court rules.
    error NotCourt(address caller, address court);
    /// @notice What has happened to the escrow's dispute so far does not permit this.
    error WrongStage(bytes32 id, Stage stage);
    /// @notice The court asks for more than was sent along.
    error CostNotPaid(uint256 cost, uint256 sent);
    /// @notice What was sent beyond the cost could not be returned to the caller: send exactly the cost.
    error ExcessNotReturned(address caller, uint256 excess);
    /// @notice The court gave the number of another dispute.
    error DisputeNotNew(uint256 disputeID);
    /// @notice The court was never asked this, or has not said yet that it was.
    error UnknownDispute(uint256 disputeID);
    /// @notice There is no such choice.
    error UnknownRuling(uint256 ruling);

    // ------------------------------------------------------------------ construction

    /// @param extraData_ What the court is told with each dispute.
    /// @param metaEvidence Where jurors read what a dispute is about and what rulings mean (ERC-1497).
    constructor(
        ITradepostEscrow escrow_,
        IArbitrator court_,
        bytes memory extraData_,
        string memory metaEvidence
    ) ContractArbitrator(escrow_) {
        if (address(court_).code.length == 0) {
            revert NoContract(address(court_));
        }
        (court, extraData) = (court_, extraData_);
        emit MetaEvidence(META_EVIDENCE, metaEvidence);
    }

    // ------------------------------------------------------------------ the traders

    /// @notice Takes an escrow to the court, and pays it. What is sent beyond the cost comes back.
    /// @dev The escrow has to be Paid: there is one dispute, and before the buyer says that he has paid
    /// a seller would win it by being early; and a cancel cannot end a paid escrow while the court sits.
    /// A buyer without `Paid` on the chain calls `markPaid` first, a seller `requestCancel`. Stop: the
    /// traders can end the escrow themselves; the court keeps its cost. Left: a dispute in the court.
    /// @return disputeID Its number there.
    function openDispute(Terms calldata terms) external payable returns (uint256 disputeID) {
        (bytes32 id, Status status) = _open(terms);
        if (status != Status.Paid) revert ITradepostEscrow.WrongStatus(id, status);
        _requireTrader(terms);
        if (cases[id].stage != Stage.None) revert WrongStage(id, cases[id].stage);
        bytes memory data = extraData;
        uint256 cost = court.arbitrationCost(data);
        if (msg.value < cost) revert CostNotPaid(cost, msg.value);

        // Written before the court is called, which may call back: the escrow is taken by then.
        cases[id] = Case(Stage.Disputed, terms.amount);
        disputeID = court.createDispute{value: cost}(CHOICES, data);
        if (escrowOf[disputeID] != 0) revert DisputeNotNew(disputeID);
        escrowOf[disputeID] = id;
        emit Dispute(court, disputeID, META_EVIDENCE, uint256(id));

        uint256 excess = msg.value - cost;
        if (excess == 0) return disputeID;
        (bool returned,) = msg.sender.call{value: excess}("");
        if (!returned) revert ExcessNotReturned(msg.sender, excess);
    }

    /// @notice Shows the jurors something: the address of a document, which is public for ever.
    /// @dev Stop: nothing takes it back. Left: an event, in the group with the escrow's id.
    function submitEvidence(Terms calldata terms, string calldata evidence) external {
        bytes32 id = escrow.escrowId(terms);
        if (cases[id].stage != Stage.Disputed) revert WrongStage(id, cases[id].stage);
        _requireTrader(terms);
        emit Evidence(court, uint256(id), msg.sender, evidence);
    }

    // ------------------------------------------------------------------ the court

    /// @notice Takes the court's ruling: 0, it refused, each gets half (rounded down for the buyer, as
    /// the rest is the seller's); 1, all to the buyer; 2, all to the seller.
    /// @dev Stop: nothing stops it, and it comes once. Left: a ruling to be carried out by `execute`,
    /// unless the escrow has ended otherwise.
    function rule(uint256 disputeID, uint256 ruling) external {
        if (msg.sender != address(court)) revert NotCourt(msg.sender, address(court));
        bytes32 id = escrowOf[disputeID];
        if (id == 0) revert UnknownDispute(disputeID);
        Case memory one = cases[id];
        if (one.stage != Stage.Disputed) revert WrongStage(id, one.stage);
        if (ruling > CHOICES) revert UnknownRuling(ruling);

        if (ruling == ALL_TO_SELLER) one.amount = 0;
        else if (ruling != ALL_TO_BUYER) one.amount /= 2;
        cases[id] = Case(Stage.Ruled, one.amount);
        emit Ruling(court, disputeID, ruling);
        emit Ruled(id, one.amount);
    }

    // ------------------------------------------------------------------ anyone with a trader's signature

    /// @notice Settles the escrow as the court ruled.
    /// @dev Stop: nothing stops it, but that the escrow has ended otherwise. Left: as `settle` of the
    /// escrow leaves it. A trader who is a contract has to speak EIP-1271.
    /// @param validUntil The last chain time of the trader's signature, as he signed it.
    /// @param trader Who of the two signed.
    /// @param traderSignature Of the escrow's `Settlement`, with exactly the ruled amount and `validUntil`.
    function execute(
        Terms calldata terms,
        uint40 validUntil,
        Role trader,
        bytes calldata traderSignature
    ) external {
        bytes32 id = escrow.escrowId(terms);
        if (cases[id].stage != Stage.Ruled) revert NotRuled(id);
        _settle(terms, cases[id].amount, validUntil, trader, traderSignature);
    }

    // ------------------------------------------------------------------ views

    /// @notice What an escrow's dispute has come to.
    function caseOf(bytes32 id) external view returns (Case memory) {
        return cases[id];
    }

    // ------------------------------------------------------------------ rules

    function _requireTrader(Terms calldata terms) private view {
        if (msg.sender != terms.seller && msg.sender != terms.buyer) revert NotTrader(msg.sender);
    }
}
