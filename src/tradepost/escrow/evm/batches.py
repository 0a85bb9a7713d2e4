"""What the relayer sends as one transaction: which calls, with how much gas, and what came of each.

Nothing here talks to a node or to the database.
"""

from collections.abc import Collection, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from tradepost.escrow.model import Escrow, Intent, IntentKind
from tradepost.kernel.signatures import signed_by_key
from tradepost_contracts import calls
from tradepost_contracts import events as contract_events
from tradepost_contracts.terms import instruction_digest

#: The most gas that a transaction may have (EIP-7825).
MOST_GAS = 2**24
#: How much of a failed call's reason is kept.
_SHOWN_BYTES = 100
#: What an estimate may be off by, since the state can change before the block.
_MARGIN_PERCENT = 130
#: A recipient may use 300,000 gas to take a payout, of which the estimate need not have seen any.
#: The contract wants to have a little more than that at hand, and writes a credit where it fails.
_PAYOUT_GAS = 400_000
_PAYOUTS = {
    IntentKind.RELEASE: 1,
    IntentKind.REFUND: 1,
    IntentKind.FINISH_CANCEL: 1,
    IntentKind.SETTLE: 2,
}
#: A release of many: the payout, the rest of it, and its place.
_RELEASE_GAS = _PAYOUT_GAS + 150_000
#: What a transaction costs by itself, and a byte of it at most; with its calls' places in it.
_TRANSACTION_GAS = 25_000
_BYTE_GAS = 16
_PLACE_BYTES = 96
#: What goes on around a call: the loop, and the report of a failure with its 1,024 bytes of reason.
_AROUND_GAS = 20_000


@dataclass(frozen=True, slots=True)
class Item:
    """An intent that the node would carry out by itself, for `estimate` gas."""

    intent: Intent
    escrow: Escrow
    data: bytes
    estimate: int

    @property
    def least_gas(self) -> int:
        """Enough if recipients do what they did in the estimate."""
        return self.estimate * _MARGIN_PERCENT // 100

    @property
    def gas(self) -> int:
        """Enough whatever recipients do, so that none makes the call fail."""
        return self.least_gas + _PAYOUTS.get(self.intent.kind, 0) * _PAYOUT_GAS


@dataclass(frozen=True, slots=True)
class Batch:
    """One transaction to be: what it calls, and its gas limit."""

    chain_id: int
    contract: str
    data: bytes
    gas: int
    #: In the order of the calls.
    intents: tuple[Intent, ...]


def is_by_key(intent: Intent, escrow: Escrow) -> bool:
    """Whether it is a release that the seller's key has signed, which `releaseAll` takes."""
    if intent.kind is not IntentKind.RELEASE:
        return False
    digest = instruction_digest("Release", escrow.id, escrow.chain_id, escrow.contract)
    return signed_by_key(escrow.terms.seller, digest, intent.signature or b"")


def families(due: Sequence[tuple[Intent, Escrow]]) -> list[list[tuple[Intent, Escrow]]]:
    """Those that may go together, each group in the order of `due`."""
    groups: dict[Hashable, list[tuple[Intent, Escrow]]] = {}
    for intent, escrow in due:
        together = escrow.contract, is_by_key(intent, escrow)
        groups.setdefault(together, []).append((intent, escrow))
    return list(groups.values())


def ripe(
    family: Sequence[tuple[Intent, Escrow]], count: int, now: datetime, window: timedelta
) -> Sequence[tuple[Intent, Escrow]]:
    """Those that go now: all that fill batches of `count`, and the rest once it has waited."""
    rest = len(family) % count
    if rest and now - min(intent.try_at for intent, _ in family[-rest:]) < window:
        return family[:-rest]
    return family


def pack(items: Sequence[Item], count: int, most_gas: int) -> Iterator[Sequence[Item]]:
    """Splits one family into batches of at most `count` items and `most_gas` gas.

    One that needs more gas than that is alone.
    """
    batch: list[Item] = []
    for item in items:
        if batch and (len(batch) == count or _gas([*batch, item]) > most_gas):
            yield batch
            batch = []
        batch.append(item)
    if batch:
        yield batch


def build(items: Sequence[Item], most_gas: int) -> Batch:
    """The transaction for items of one family. A single one is a call of its own.

    With little gas to be had, it gets as much as its estimate asks for.
    """
    first = items[0]
    gas = _gas(items)
    if len(items) == 1:
        data, gas = first.data, max(first.least_gas, min(gas, most_gas))
    elif is_by_key(first.intent, first.escrow):
        data = calls.release_all(
            [item.escrow.terms for item in items],
            b"".join(item.intent.signature or b"" for item in items),
        )
    else:
        data = calls.batch(_gas_each(items), [item.data for item in items])
    intents = tuple(item.intent for item in items)
    return Batch(first.escrow.chain_id, first.escrow.contract, data, gas, intents)


def _gas(items: Sequence[Item]) -> int:
    if len(items) == 1:
        return items[0].gas
    size = sum(len(item.data) + _PLACE_BYTES for item in items)
    # The EVM keeps back a 64th of what is left when it calls. What is not used is not paid.
    each = _gas_each(items) * 64 // 63 + _AROUND_GAS
    return _TRANSACTION_GAS + _BYTE_GAS * size + each * len(items)


def _gas_each(items: Sequence[Item]) -> int:
    return max(item.gas for item in items)


def affordable_gas(balance: int, max_fee: int) -> int:
    """How much gas a transaction of an account with `balance` wei may have, at a fee in wei.

    A node takes none whose whole gas the account could not pay. Half is kept, to pay more for it
    where that is needed.
    """
    return balance // 2 // max(max_fee, 1)


def releases_together(balance: int, max_fee: int, count: int) -> int:
    """How many releases, of `count` at most, an account with `balance` wei can send as one.

    At least one: that is a call of its own, and asks for less where less is to be had.
    """
    gas = min(MOST_GAS, affordable_gas(balance, max_fee)) - _TRANSACTION_GAS
    return max(1, min(count, gas // _RELEASE_GAS))


def said_by(contract: str, logs: Iterable[Mapping[str, Any]]) -> list[contract_events.Event]:
    """The contract's own events among a transaction's logs.

    Whoever is paid in it can log what he likes, but only under his own address.
    """
    own = (log for log in logs if log["address"].lower() == contract.lower())
    events = (contract_events.decode(log) for log in own)
    return [event for event in events if event is not None]


def carried_out(intent: Intent, said: Collection[contract_events.Event]) -> bool:
    """Whether the contract has said in a transaction that what the intent wants was done in it.

    This is asked of the escrow's own event, and not of `CallFailed`: in the middle of a batch, a
    recipient who is paid can call the contract so that it reports failures with any index.
    """
    escrow_id = intent.escrow_id
    match intent.kind:
        case IntentKind.RELEASE:
            return contract_events.Released(escrow_id) in said
        case IntentKind.REFUND | IntentKind.FINISH_CANCEL:
            return contract_events.Refunded(escrow_id) in said
        case IntentKind.MARK_PAID:
            return contract_events.Paid(escrow_id) in said
        case IntentKind.REQUEST_CANCEL:
            asked = (one for one in said if isinstance(one, contract_events.CancelRequested))
            return any(one.id == escrow_id for one in asked)
        case IntentKind.SETTLE:
            assert intent.settlement is not None, "a settlement carries two signatures"
            return contract_events.Settled(escrow_id, intent.settlement.buyer_amount) in said


def failure(said: Collection[contract_events.Event], index: int) -> str:
    """Why the call at `index` did nothing, for the operator to read; it proves nothing."""
    for one in said:
        if isinstance(one, contract_events.CallFailed) and one.index == index:
            return f"the call failed with 0x{one.reason[:_SHOWN_BYTES].hex()}"
    return "the transaction did not do it"


def calldata(intent: Intent, escrow: Escrow) -> bytes:
    """The call that carries out an intent."""
    terms, signature = escrow.terms, intent.signature or b""
    match intent.kind:
        case IntentKind.RELEASE:
            return calls.release_by_sig(terms, signature)
        case IntentKind.REFUND:
            return calls.refund_by_sig(terms, signature)
        case IntentKind.MARK_PAID:
            return calls.mark_paid_by_sig(terms, signature)
        case IntentKind.REQUEST_CANCEL:
            return calls.request_cancel_by_sig(terms, signature)
        case IntentKind.FINISH_CANCEL:
            return calls.cancel(terms)
        case IntentKind.SETTLE:
            settlement = intent.settlement
            assert settlement is not None, "a settlement carries two signatures"
            return calls.settle(
                terms,
                settlement.buyer_amount,
                settlement.valid_until,
                settlement.first,
                settlement.first_signature,
                settlement.second,
                settlement.second_signature,
            )
