"""What the relayer sends as one transaction: which calls, with how much gas, and what came of each.

Nothing here talks to a node or to the database.
"""

from collections.abc import Collection, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import accumulate
from typing import Any

from tradepost.escrow.evm import reasons
from tradepost.escrow.model import Escrow, Intent, IntentKind, SignedLock
from tradepost.kernel.signatures import signed_by_key
from tradepost_contracts import calls
from tradepost_contracts import events as contract_events
from tradepost_contracts.means import LockWay
from tradepost_contracts.terms import Terms, instruction_digest

#: The most gas that a transaction may have (EIP-7825).
MOST_GAS = 2**24
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
#: What a release by itself uses, where nobody is paid in an odd way: see the gas test.
_TYPICAL_GAS = 100_000
#: What a permit, and the lock after it, may use each: an estimate of both could not tell whether
#: they do what they should.
PERMITTED_GAS = 300_000
#: What a transaction costs by itself, and a byte of it at most; with its calls' places in it.
_TRANSACTION_GAS = 25_000
_BYTE_GAS = 16
_PLACE_BYTES = 96
#: What goes on around a call: the loop, and the report of a failure with its 1,024 bytes of reason.
_AROUND_GAS = 20_000


@dataclass(frozen=True, slots=True)
class Item:
    """An intent that the node would carry out by itself, each of its calls for `estimate` gas."""

    intent: Intent
    escrow: Escrow
    #: The last one carries it out; one before it may fail.
    calls: Sequence[bytes]
    estimate: int

    @property
    def least_gas(self) -> int:
        """Enough if recipients do what they did in the estimate."""
        return self.estimate * _MARGIN_PERCENT // 100

    @property
    def gas(self) -> int:
        """Enough for a call whatever recipients do, so that none makes it fail."""
        return self.least_gas + _PAYOUTS.get(self.intent.kind, 0) * _PAYOUT_GAS


@dataclass(frozen=True, slots=True)
class Batch:
    """One transaction to be: what it calls, and its gas limit."""

    chain_id: int
    contract: str
    data: bytes
    gas: int
    #: Each with the place of the call that carries it out.
    carries: tuple[tuple[int, Intent], ...]


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
    steps = [call for item in items for call in item.calls]
    gas = _gas(items)
    if len(steps) == 1:
        data, gas = first.calls[0], max(first.least_gas, min(gas, most_gas))
    elif is_by_key(first.intent, first.escrow):
        data = calls.release_all(
            [item.escrow.terms for item in items],
            b"".join(item.intent.signature or b"" for item in items),
        )
    else:
        data = calls.batch(_gas_each(items), steps)
    last = accumulate(len(item.calls) for item in items)
    carries = tuple((end - 1, item.intent) for end, item in zip(last, items, strict=True))
    return Batch(first.escrow.chain_id, first.escrow.contract, data, gas, carries)


def _gas(items: Sequence[Item]) -> int:
    steps = [call for item in items for call in item.calls]
    if len(steps) == 1:
        return items[0].gas
    size = sum(len(call) + _PLACE_BYTES for call in steps)
    # The EVM keeps back a 64th of what is left when it calls. What is not used is not paid.
    each = _gas_each(items) * 64 // 63 + _AROUND_GAS
    return _TRANSACTION_GAS + _BYTE_GAS * size + each * len(steps)


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


def settlements_left(balance: int, max_fee: int) -> int:
    """About how many releases, each by itself, `balance` wei pays for at a fee in wei."""
    return balance // (max(max_fee, 1) * _TYPICAL_GAS)


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
        case IntentKind.LOCK:
            return any(
                isinstance(one, contract_events.Locked) and one.id == escrow_id for one in said
            )
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
            return f"the call failed with {reasons.told(one.reason)}"
    return "the transaction did not do it"


def steps(intent: Intent, escrow: Escrow) -> tuple[bytes, ...]:
    """The call that carries out an intent, after the one that permits it, if it has one."""
    lock, terms = intent.lock, escrow.terms
    if lock is None or lock.permit_signature is None:
        return (_call(intent, escrow),)
    # As `means.to_sign` has it: the exact amount, until the last time of the lock.
    permit = calls.permit(
        terms.token, terms.seller, terms.locked_amount, terms.fund_by, lock.permit_signature
    )
    return permit, _call(intent, escrow)


def _lock(lock: SignedLock, terms: Terms) -> bytes:
    match lock.way:
        case LockWay.DEPOSIT:
            return calls.lock_from_deposit(terms, lock.signature)
        case LockWay.AUTHORIZATION:
            return calls.lock_with_authorization(terms, lock.signature)
        case LockWay.PERMIT2:
            assert lock.nonce is not None, "a lock by Permit2 has a nonce"
            return calls.lock_with_permit2(terms, lock.nonce, lock.signature)
        case LockWay.PERMIT | LockWay.ALLOWANCE:
            return calls.lock_by_sig(terms, lock.signature)


def _call(intent: Intent, escrow: Escrow) -> bytes:
    terms, signature = escrow.terms, intent.signature or b""
    match intent.kind:
        case IntentKind.LOCK:
            assert intent.lock is not None, "a lock carries how it takes the coins"
            return _lock(intent.lock, terms)
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
