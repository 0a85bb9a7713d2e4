"""Every state of a trade with every event, and what each party may do in it."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from itertools import product
from typing import Any
from uuid import UUID

import pytest
from eth_utils.address import to_checksum_address

from tradepost.escrow.model import ChainView, Escrow, EscrowState, Party, Reading
from tradepost.kernel.access import Role
from tradepost.kernel.money import Amount, Asset
from tradepost.trades.model import (
    FINAL,
    GIVES_BACK,
    TRANSITIONS,
    Action,
    DisputeReason,
    Trade,
    chain_says,
    maker_was_there,
    view,
)
from tradepost.trades.model import (
    TradeEvent as E,
)
from tradepost.trades.model import (
    TradeState as S,
)
from tradepost_contracts.terms import Terms

NOW = datetime(2026, 1, 1, tzinfo=UTC)
CHAIN = ChainView(31337, "0x" + "c" * 40, 100, 10_000, 98, 9_990, 3, NOW)
ESCROW = Escrow(
    id=b"i" * 32,
    chain_id=31337,
    contract="0x" + "c" * 40,
    asset="ETH",
    terms=Terms(
        seller=to_checksum_address("0x" + "1" * 40),
        buyer=to_checksum_address("0x" + "2" * 40),
        arbitrator=to_checksum_address("0x" + "3" * 40),
        token="0x" + "0" * 40,
        amount=10,
        fee=0,
        fee_recipient="0x" + "0" * 40,
        fund_by=20_000,
        payment_window=1_000,
        challenge_window=600,
        lane=1,
    ),
    reading=Reading(),
    created_at=NOW,
)
TRADE = Trade(
    id=UUID(int=1),
    offer_id=UUID(int=2),
    buyer_id=UUID(int=3),
    seller_id=UUID(int=4),
    maker=Party.SELLER,
    state=S.AWAITING_ESCROW,
    version=1,
    amount=Amount(Asset("ETH", 18), 10),
    fiat_amount=Amount(Asset("EUR", 2), 100),
    price=Decimal(1),
    payment_method="sepa",
    terms="",
    buyer_key="aa",
    buyer_key_signature=None,
    seller_key="bb",
    seller_key_signature=None,
    escrow_id=b"i" * 32,
    fund_by=20_000,
    sealed_details="x",
    paid_signature=None,
    payment_sent_at=NOW,
    release_signature=None,
    refund_signature=None,
    cancel_signature=None,
    given_back=False,
    dispute_reason=None,
    settlements=(),
    created_at=NOW,
    updated_at=NOW,
)

PARTIES_EVENTS = {E.CANCEL, E.PAYMENT_SENT, E.RELEASE, E.REFUND, E.CANCEL_ESCROW, E.DISPUTE}
PARTIES_EVENTS |= {E.SETTLE, E.EXPIRE}
# (state, event) -> state, written a second time from the design: what is not here must not be.
BY_HAND = {
    S.AWAITING_ESCROW: {E.CANCEL: S.CANCELLED, E.EXPIRE: S.EXPIRED},
    S.ESCROWED: {
        E.PAYMENT_SENT: S.PAYMENT_SENT,
        E.RELEASE: S.RELEASING,
        E.REFUND: S.REFUNDING,
        E.CANCEL_ESCROW: S.REFUNDING,
        E.DISPUTE: S.DISPUTED,
        E.SETTLE: S.SPLITTING,
    },
    S.PAYMENT_SENT: {
        E.RELEASE: S.RELEASING,
        E.REFUND: S.REFUNDING,
        E.DISPUTE: S.DISPUTED,
        E.SETTLE: S.SPLITTING,
    },
    S.RELEASING: {E.RELEASE: S.RELEASING, E.DISPUTE: S.DISPUTED},
    S.REFUNDING: {
        E.PAYMENT_SENT: S.PAYMENT_SENT,
        E.REFUND: S.REFUNDING,
        E.RELEASE: S.RELEASING,
        E.CANCEL_ESCROW: S.REFUNDING,
        E.DISPUTE: S.DISPUTED,
    },
    S.SPLITTING: {E.DISPUTE: S.DISPUTED},
    S.DISPUTED: {E.RELEASE: S.RELEASING, E.REFUND: S.REFUNDING, E.SETTLE: S.SPLITTING},
}


@pytest.mark.parametrize(("state", "event"), list(product(S, sorted(PARTIES_EVENTS))))
def test_parties_and_the_clock_move_a_trade_as_designed(state: S, event: E) -> None:
    assert TRANSITIONS.get((state, event)) == BY_HAND.get(state, {}).get(event)


@pytest.mark.parametrize("state", S)
def test_the_chain_always_has_the_last_word(state: S) -> None:
    for event, ending in (
        (E.ESCROW_RELEASED, S.COMPLETED),
        (E.ESCROW_REFUNDED, S.REFUNDED),
        (E.ESCROW_SPLIT, S.RESOLVED),
    ):
        assert TRANSITIONS.get((state, event), state) is ending


@pytest.mark.parametrize(("state", "said"), list(product(S, EscrowState)))
def test_the_chains_word_is_taken_in_and_comes_to_rest(state: S, said: EscrowState) -> None:
    for cancel_at, paid in product((None, 9_000), (False, True)):
        escrow = replace(ESCROW, reading=Reading(said, 100, cancel_at, paid))
        now, steps = state, 0
        while (event := chain_says(replace(TRADE, state=now), escrow, 0)) is not None:
            assert (now, event) in TRANSITIONS
            now = TRANSITIONS[now, event]
            steps += 1
            assert steps < 5
        if said in {EscrowState.RELEASED, EscrowState.REFUNDED, EscrowState.SPLIT}:
            assert now in FINAL
        else:
            assert now not in {S.COMPLETED, S.REFUNDED, S.RESOLVED}


@pytest.mark.parametrize("state", S)
def test_a_trade_whose_coins_are_locked_can_always_go_on(state: S) -> None:
    """Whatever state a trade is in while its coins lie in the escrow, somebody can act."""
    if state in FINAL:
        return
    escrow = replace(ESCROW, reading=Reading(EscrowState.LOCKED, 100))
    for given_back, refund, release in product((False, True), (None, b"r"), (None, b"s")):
        trade = replace(
            TRADE,
            state=state,
            given_back=given_back,
            refund_signature=refund,
            release_signature=release,
        )
        brought = (state is S.REFUNDING and refund) or (state is S.RELEASING and release)
        actions = [
            action for party in Party for action in view(trade, escrow, party, CHAIN, 600).allowed
        ]
        assert actions or brought or state is S.AWAITING_ESCROW


@pytest.mark.parametrize(
    ("facts", "state"),
    [
        ({}, S.ESCROWED),
        ({"paid_signature": b"p"}, S.PAYMENT_SENT),
        ({"paid_signature": b"p", "release_signature": b"r"}, S.RELEASING),
        ({"paid_signature": b"p", "refund_signature": b"r"}, S.REFUNDING),
        ({"paid_signature": b"p", "dispute_reason": DisputeReason.OTHER}, S.DISPUTED),
        ({"given_back": True}, S.REFUNDING),
    ],
)
def test_a_trade_goes_on_from_where_it_was_when_its_lock_comes_back(
    facts: dict[str, Any], state: S
) -> None:
    lost = replace(TRADE, state=state, **facts)
    assert chain_says(lost, ESCROW, 0) is E.ESCROW_LOST
    now = TRANSITIONS[state, E.ESCROW_LOST]
    locked = replace(ESCROW, reading=Reading(EscrowState.LOCKED, 100))
    while (event := chain_says(replace(lost, state=now), locked, 0)) is not None:
        now = TRANSITIONS[now, event]
    assert now is state


def test_an_older_word_does_not_undo_a_signed_refund() -> None:
    paid = replace(ESCROW, reading=Reading(EscrowState.LOCKED, 100, paid_on_chain=True))
    asked_back = replace(TRADE, state=S.REFUNDING)
    assert chain_says(asked_back, paid, 0) is E.ESCROW_PAID
    assert chain_says(replace(asked_back, refund_signature=b"r"), paid, 0) is None


@pytest.mark.parametrize(("state", "said"), list(product(S, EscrowState)))
def test_the_primary_action_is_one_of_the_allowed(state: S, said: EscrowState) -> None:
    for party in Party:
        escrow = replace(ESCROW, reading=Reading(said, 100))
        seen = view(replace(TRADE, state=state), escrow, party, CHAIN, 600)
        assert seen.primary is None or seen.primary in seen.allowed
        assert len(set(seen.allowed)) == len(seen.allowed)


def test_nobody_acts_for_another() -> None:
    """Who may release, pay, refund: never the other side, in no state."""
    escrow = replace(ESCROW, reading=Reading(EscrowState.LOCKED, 100))
    own = {
        Action.LOCK: {Party.SELLER},
        Action.RELEASE: {Party.SELLER},
        Action.SEND_PAYMENT_DETAILS: {Party.SELLER},
        Action.PAYMENT_SENT: {Party.BUYER},
        Action.REFUND: {Party.BUYER},
        Action.CANCEL: {Party.SELLER, Party.BUYER},
        Action.DISPUTE: {Party.SELLER, Party.BUYER},
        Action.SETTLE: {Party.SELLER, Party.BUYER, Party.ARBITRATOR},
    }
    for state, party in product(S, Party):
        for action in view(replace(TRADE, state=state), escrow, party, CHAIN, 600).allowed:
            assert party in own[action]


def test_the_seller_cancels_only_after_the_payment_deadline() -> None:
    trade = replace(TRADE, state=S.ESCROWED)
    for locked_at, may in ((9_000, False), (8_999, True)):
        escrow = replace(ESCROW, reading=Reading(EscrowState.LOCKED, locked_at))
        allowed = view(trade, escrow, Party.SELLER, CHAIN, 600).allowed
        assert (Action.CANCEL in allowed) is may
    paid = replace(ESCROW, reading=Reading(EscrowState.LOCKED, 1, paid_on_chain=True))
    assert Action.CANCEL not in view(trade, paid, Party.SELLER, CHAIN, 600).allowed


def test_only_endings_without_the_buyer_give_the_amount_back() -> None:
    assert {S.EXPIRED, S.CANCELLED, S.REFUNDED} == GIVES_BACK


def test_an_arbitrator_sees_a_trade_only_from_its_dispute_on() -> None:
    arbitrator, roles = UUID(int=9), frozenset({Role.ARBITRATOR})
    assert TRADE.party_of(arbitrator, roles) is None
    disputed = replace(TRADE, dispute_reason=DisputeReason.OTHER)
    assert disputed.party_of(arbitrator, roles) is Party.ARBITRATOR
    assert disputed.party_of(arbitrator, frozenset({Role.TRADER})) is None


def test_who_waits_for_the_other_is_urged_to_nothing() -> None:
    """With details sent and the deadline ahead, the seller waits and is not told to release."""
    locked = replace(ESCROW, reading=Reading(EscrowState.LOCKED, 9_500))
    trade = replace(TRADE, state=S.ESCROWED)
    assert view(trade, locked, Party.SELLER, CHAIN, 600).primary is None
    assert view(trade, locked, Party.BUYER, CHAIN, 600).primary is Action.PAYMENT_SENT
    unsealed = replace(trade, sealed_details=None)
    assert view(unsealed, locked, Party.SELLER, CHAIN, 600).primary is Action.SEND_PAYMENT_DETAILS
    overdue = replace(ESCROW, reading=Reading(EscrowState.LOCKED, 1))
    assert view(trade, overdue, Party.SELLER, CHAIN, 600).primary is Action.CANCEL


WORDS = [
    (Party.SELLER, E.ESCROW_LOCKED, {}, True),
    (Party.SELLER, E.EXPIRE, {}, False),
    (Party.SELLER, E.PAYMENT_SENT, {}, None),
    (Party.SELLER, E.CANCEL, {}, None),
    (Party.SELLER, E.ESCROW_REFUNDED, {"cancel_signature": b"c"}, None),
    (Party.BUYER, E.PAYMENT_SENT, {}, True),
    (Party.BUYER, E.ESCROW_PAID, {}, True),
    (Party.BUYER, E.ESCROW_REFUNDED, {"cancel_signature": b"c"}, False),
    # He gave the trade up himself, before or after the seller asked.
    (Party.BUYER, E.ESCROW_REFUNDED, {"refund_signature": b"r"}, None),
    (
        Party.BUYER,
        E.ESCROW_REFUNDED,
        {"cancel_signature": b"c", "refund_signature": b"r"},
        None,
    ),
    (Party.BUYER, E.EXPIRE, {}, None),
    (Party.BUYER, E.ESCROW_LOCKED, {}, None),
    (Party.BUYER, E.CANCEL, {}, None),
]


@pytest.mark.parametrize(("maker", "event", "facts", "there"), WORDS)
def test_a_maker_is_there_when_he_does_what_a_take_asks_of_him(
    maker: Party, event: E, facts: dict[str, Any], there: bool | None
) -> None:
    assert maker_was_there(replace(TRADE, maker=maker, **facts), event) is there


@pytest.mark.parametrize("maker", [Party.SELLER, Party.BUYER])
def test_a_maker_is_missed_only_where_his_offer_gets_its_amount_back(maker: Party) -> None:
    """So that a trade can count once, however often the chain takes its end back."""
    trade = replace(TRADE, maker=maker, cancel_signature=b"c")
    for event in E:
        if maker_was_there(trade, event) is False:
            ends = {to for (_, known), to in TRANSITIONS.items() if known is event}
            assert ends <= GIVES_BACK
