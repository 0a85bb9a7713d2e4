"""What the chain's events add up to."""

from itertools import permutations

import pytest

from tradepost.escrow.model import ChainEvent, Reading, read
from tradepost.escrow.model import ChainEventKind as K
from tradepost.escrow.model import EscrowState as S


def _event(kind: K, block: int, value: int | None = None) -> ChainEvent:
    return ChainEvent(b"e" * 32, kind, block, b"h" * 32, 1_000 + block, bytes([block]), 0, value)


LOCKED = _event(K.LOCKED, 10)


def test_nothing_said_is_nothing_locked() -> None:
    assert read([], 100) == Reading()


@pytest.mark.parametrize(
    ("kind", "fresh", "settled"),
    [
        (K.RELEASED, S.RELEASING, S.RELEASED),
        (K.REFUNDED, S.REFUNDING, S.REFUNDED),
        (K.SETTLED, S.SPLITTING, S.SPLIT),
    ],
)
def test_an_end_counts_from_its_confirmation(kind: K, fresh: S, settled: S) -> None:
    events = [LOCKED, _event(kind, 12, 7)]
    assert read(events, 11).state is fresh
    assert read(events, 12).state is settled


def test_a_lock_counts_from_its_confirmation() -> None:
    assert read([LOCKED], 9).state is S.LOCKING
    reading = read([LOCKED], 10)
    assert (reading.state, reading.locked_at) == (S.LOCKED, 1_010)


def test_a_word_that_he_paid_defeats_the_request_to_cancel() -> None:
    asked = _event(K.CANCEL_REQUESTED, 11, 2_000)
    assert read([LOCKED, asked], 20).cancel_at == 2_000
    answered = read([LOCKED, asked, _event(K.PAID, 12)], 20)
    assert answered.cancel_at is None
    assert answered.paid_on_chain
    assert answered.state is S.LOCKED


def test_a_settlement_tells_the_buyers_share() -> None:
    assert read([LOCKED, _event(K.SETTLED, 12, 77)], 20).buyer_amount == 77


def test_the_order_of_delivery_does_not_matter() -> None:
    events = [LOCKED, _event(K.PAID, 11), _event(K.RELEASED, 12)]
    readings = {read(order, 20) for order in permutations(events)}
    assert len(readings) == 1
