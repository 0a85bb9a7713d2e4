"""What goes into one transaction of the relayer, and what its receipt says of each part."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from eth_account import Account
from eth_typing import Hash32

from tradepost.escrow.evm import batches
from tradepost.escrow.evm.batches import MOST_GAS, Item
from tradepost.escrow.model import (
    Escrow,
    Intent,
    IntentKind,
    IntentState,
    Party,
    Reading,
    SignedLock,
    SignedSettlement,
)
from tradepost_contracts import calls
from tradepost_contracts import events as contract_events
from tradepost_contracts.means import LockWay
from tradepost_contracts.terms import ZERO_ADDRESS, Terms, escrow_id, instruction_digest

NOW = datetime(2026, 11, 28, tzinfo=UTC)
CONTRACT, OTHER = "0x" + "11" * 20, "0x" + "22" * 20
SELLER = Account.from_key("0x" + "01" * 32)
BUYER = Account.from_key("0x" + "02" * 32)
ARBITRATOR = Account.from_key("0x" + "03" * 32)
SETTLEMENT = SignedSettlement(4, 2_000, Party.SELLER, b"s" * 65, Party.BUYER, b"b" * 65)

LOCK = SignedLock(LockWay.PERMIT, b"l" * 65, permit_signature=b"p" * 65)


def made(
    kind: IntentKind = IntentKind.RELEASE, number: int = 0, contract: str = CONTRACT
) -> tuple[Intent, Escrow]:
    """An intent about the escrow with this number, the seller's release signed by his key."""
    terms = Terms(
        SELLER.address,
        BUYER.address,
        ARBITRATOR.address,
        ZERO_ADDRESS,
        amount=10,
        fee=0,
        fee_recipient=ZERO_ADDRESS,
        fund_by=1_000,
        payment_window=100,
        challenge_window=600,
        lane=number,
    )
    id_ = escrow_id(terms, 1, contract)
    escrow = Escrow(id_, 1, contract, "ETH", terms, Reading(), NOW)
    digest = instruction_digest("Release", id_, 1, contract)
    intent = Intent(
        id=UUID(int=number),
        escrow_id=id_,
        kind=kind,
        state=IntentState.WAITING,
        signature=bytes(SELLER.unsafe_sign_hash(Hash32(digest)).signature),
        settlement=SETTLEMENT if kind is IntentKind.SETTLE else None,
        lock=LOCK if kind is IntentKind.LOCK else None,
        not_before=0,
        nonce=None,
        tries=0,
        try_at=NOW,
        created_at=NOW,
    )
    return intent, escrow


def item(kind: IntentKind = IntentKind.RELEASE, number: int = 0, estimate: int = 100_000) -> Item:
    intent, escrow = made(kind, number)
    return Item(intent, escrow, batches.steps(intent, escrow), estimate)


def test_what_another_contract_or_function_takes_goes_apart() -> None:
    release, refund = made(), made(IntentKind.REFUND, 1)
    elsewhere = made(number=2, contract=OTHER)
    intent, escrow = made(number=3)
    wallets = replace(intent, signature=b"a wallet's own word"), escrow
    later = made(number=4)
    groups = batches.families([release, refund, elsewhere, wallets, later])
    assert groups == [[release, later], [refund, wallets], [elsewhere]]


def test_a_batch_that_is_full_does_not_wait() -> None:
    family = [made(number=number) for number in range(5)]
    window = timedelta(seconds=2)
    assert batches.ripe(family, 2, NOW, window) == family[:4]
    assert batches.ripe(family, 6, NOW, window) == []
    assert batches.ripe(family, 2, NOW + window, window) == family
    assert batches.ripe(family, 2, NOW, timedelta(0)) == family
    assert batches.ripe([], 2, NOW, window) == []


def test_one_alone_is_a_call_of_its_own() -> None:
    one = item()
    batch = batches.build([one], MOST_GAS)
    assert batch.data == calls.release_by_sig(one.escrow.terms, one.intent.signature or b"")
    assert (batch.chain_id, batch.contract, batch.carries) == (1, CONTRACT, ((0, one.intent),))


def test_releases_by_keys_share_one_call() -> None:
    items = [item(number=number) for number in range(3)]
    batch = batches.build(items, MOST_GAS)
    signatures = b"".join(one.intent.signature or b"" for one in items)
    assert batch.data == calls.release_all([one.escrow.terms for one in items], signatures)
    assert batch.carries == tuple(enumerate(one.intent for one in items))


def test_others_are_calls_in_a_batch_with_the_gas_of_the_hungriest() -> None:
    items = [item(IntentKind.REFUND), item(IntentKind.SETTLE, 1), item(IntentKind.MARK_PAID, 2)]
    batch = batches.build(items, MOST_GAS)
    each = 130_000 + 2 * 400_000
    assert batch.data == calls.batch(each, [one.calls[0] for one in items])
    # The last call still finds all of it, though the EVM keeps back a 64th of what is left.
    assert (batch.gas - 25_000 - 2 * each) * 63 // 64 > each


def test_a_permit_goes_before_its_lock_and_does_not_count() -> None:
    items = [item(IntentKind.REFUND), item(IntentKind.LOCK, 1), item(IntentKind.REFUND, 2)]
    batch = batches.build(items, MOST_GAS)
    steps = [call for one in items for call in one.calls]
    assert len(steps) == 4
    assert batch.data == calls.batch(530_000, steps)
    assert [place for place, _ in batch.carries] == [0, 2, 3]
    alone = batches.build(items[1:2], MOST_GAS)
    assert alone.data == calls.batch(130_000, items[1].calls)
    assert [place for place, _ in alone.carries] == [1]


@pytest.mark.parametrize("kind", list(IntentKind))
def test_there_is_gas_for_payouts_that_burn_it(kind: IntentKind) -> None:
    none = {IntentKind.LOCK, IntentKind.MARK_PAID, IntentKind.REQUEST_CANCEL}
    payouts = dict.fromkeys(none, 0) | {IntentKind.SETTLE: 2}
    assert item(kind).gas == 130_000 + payouts.get(kind, 1) * 400_000


def test_one_alone_asks_for_no_more_than_can_be_had() -> None:
    assert batches.build([item()], MOST_GAS).gas == 530_000
    assert batches.build([item()], 200_000).gas == 200_000
    assert batches.build([item()], 10).gas == 130_000


@pytest.mark.parametrize("kind", [IntentKind.RELEASE, IntentKind.SETTLE, IntentKind.MARK_PAID])
def test_no_batch_is_above_the_count_or_the_chains_limit(kind: IntentKind) -> None:
    items = [item(kind, number) for number in range(60)]
    packed = list(batches.pack(items, 30, MOST_GAS))
    assert [one for chosen in packed for one in chosen] == items
    assert all(len(chosen) <= 30 for chosen in packed)
    assert all(batches.build(chosen, MOST_GAS).gas <= MOST_GAS for chosen in packed)


def test_the_bound_of_the_count_is_what_the_chains_limit_permits() -> None:
    """A setting that no chain could fulfil would mislead."""
    releases = [item(number=number, estimate=90_000) for number in range(30)]
    assert [len(chosen) for chosen in batches.pack(releases, 30, MOST_GAS)] == [30]


def test_a_wallet_that_needs_much_is_alone() -> None:
    greedy = item(number=1, estimate=12_000_000)
    items = [item(), greedy, item(number=2)]
    packed = list(batches.pack(items, 10, MOST_GAS))
    assert [len(chosen) for chosen in packed] == [1, 1, 1]


_SAID: dict[IntentKind, contract_events.Event] = {
    IntentKind.LOCK: contract_events.Locked(b"e" * 32, SELLER.address, BUYER.address),
    IntentKind.RELEASE: contract_events.Released(b"e" * 32),
    IntentKind.REFUND: contract_events.Refunded(b"e" * 32),
    IntentKind.FINISH_CANCEL: contract_events.Refunded(b"e" * 32),
    IntentKind.MARK_PAID: contract_events.Paid(b"e" * 32),
    IntentKind.REQUEST_CANCEL: contract_events.CancelRequested(b"e" * 32, 7),
    IntentKind.SETTLE: contract_events.Settled(b"e" * 32, 4),
}


@pytest.mark.parametrize("kind", list(IntentKind))
def test_an_intent_is_carried_out_by_its_own_event_alone(kind: IntentKind) -> None:
    intent = replace(made(kind)[0], escrow_id=b"e" * 32)
    forged = contract_events.CallFailed(0, b"")
    for other, said in _SAID.items():
        same = {kind, other} <= {IntentKind.REFUND, IntentKind.FINISH_CANCEL}
        assert batches.carried_out(intent, [forged, said]) == (same or kind is other)
    assert not batches.carried_out(replace(intent, escrow_id=b"f" * 32), list(_SAID.values()))
    assert not batches.carried_out(intent, [forged])


def test_another_share_is_another_settlement() -> None:
    intent = replace(made(IntentKind.SETTLE)[0], escrow_id=b"e" * 32)
    assert not batches.carried_out(intent, [contract_events.Settled(b"e" * 32, 5)])


def _log(address: str, topics: list[bytes], data: bytes = b"") -> dict[str, object]:
    return {"address": address, "topics": topics, "data": data}


def test_only_the_contracts_own_word_counts() -> None:
    released = contract_events.topic(contract_events.Released)
    logs = [
        _log(CONTRACT, [released, b"e" * 32]),
        _log(OTHER, [released, b"f" * 32]),
        # What no contract of ours logs is not even read.
        _log(OTHER, [released], b"nonsense"),
        _log(CONTRACT, []),
    ]
    assert batches.said_by(CONTRACT, logs) == [contract_events.Released(b"e" * 32)]


def test_the_reason_of_a_failure_is_cut() -> None:
    said = [contract_events.CallFailed(1, b"\xab" * 1_024)]
    assert batches.failure(said, 1) == "the call failed with 0x" + "ab" * 100
    assert batches.failure(said, 0) == "the transaction did not do it"
