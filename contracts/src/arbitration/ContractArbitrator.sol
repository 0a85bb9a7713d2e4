// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ITradepostEscrow} from "../ITradepostEscrow.sol";
import {Role, Status, Terms} from "../Terms.sol";

/// @title What contracts that arbitrate escrows have in common
/// @notice Such a contract is the arbitrator in the terms, and takes part in a settlement by calling
/// `settle` itself. It holds no coins of a trade and has no power beyond one of the three votes.
/// @dev The escrow contract is named at construction and never by a caller: whoever could name it would
/// name one of his own, which says that anybody's terms have the id of a real trade, and could appeal
/// or open a dispute in a stranger's name. It lies in storage, since immutables would make the code
/// differ from place to place.
abstract contract ContractArbitrator {
    /// @notice The escrow contract whose trades are decided here. Another one, another arbitrator.
    ITradepostEscrow public escrow;

    /// @notice There is no contract at this address.
    error NoContract(address account);
    /// @notice The terms name another arbitrator than this contract.
    error NotArbitrator(address arbitrator);
    /// @notice Only the seller or the buyer of the escrow may do this.
    error NotTrader(address account);
    /// @notice Nothing has been ruled for this escrow.
    error NotRuled(bytes32 id);

    constructor(ITradepostEscrow escrow_) {
        if (address(escrow_).code.length == 0) revert NoContract(address(escrow_));
        escrow = escrow_;
    }

    /// @dev The id and status of an escrow that this contract arbitrates and that can still be ended.
    /// One that is not locked yet is refused too: a ruling and its windows would be over before the
    /// traders have anything at stake.
    function _open(Terms calldata terms) internal view returns (bytes32 id, Status status) {
        if (terms.arbitrator != address(this)) revert NotArbitrator(terms.arbitrator);
        id = escrow.escrowId(terms);
        status = escrow.stateOf(terms).status;
        if (status == Status.None || status > Status.Paid) {
            revert ITradepostEscrow.WrongStatus(id, status);
        }
    }

    /// @dev Ends the escrow with this contract's vote and that of one trader. There is no record of it
    /// here: the escrow's own status refuses a second time, and every escrow that has ended otherwise.
    /// An empty signature of the trader would stand for this contract, which the escrow refuses.
    function _settle(
        Terms calldata terms,
        uint128 buyerAmount,
        uint40 validUntil,
        Role trader,
        bytes calldata traderSignature
    ) internal {
        if (trader == Role.Arbitrator) revert NotTrader(address(this));
        Role absent = trader == Role.Seller ? Role.Buyer : Role.Seller;
        escrow.settle(terms, buyerAmount, validUntil, absent, traderSignature, "");
    }
}
