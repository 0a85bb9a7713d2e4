"""To whom each step is news, and what a push service's answer means."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Any
from uuid import UUID

import pytest

from tests.unit.trades.test_model import TRADE
from tradepost.escrow.model import Party
from tradepost.outward.model import Fault, Outcome
from tradepost.push.model import (
    EITHERS,
    SCHEDULE_S,
    TTL_S,
    Message,
    News,
    Verdict,
    news_of,
    verdict,
)
from tradepost.trades.model import TRANSITIONS
from tradepost.trades.model import TradeEvent as E
from tradepost.trades.model import TradeState as S

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
SELLER, BUYER = Party.SELLER, Party.BUYER


def told(kind: str, party: Party, by: Party | None = None, **payload: Any) -> News | None:
    """What is told of such an event of a trade whose offer was the seller's."""
    return news_of(kind, {"trade_id": "x"} | payload, TRADE, party, by)


def advanced(event: E, state: S, party: Party, by: Party | None = None) -> News | None:
    return told("trade.advanced", party, by, event=event, state=state)


@pytest.mark.parametrize(
    ("event", "state", "seller", "buyer"),
    [
        (E.EXPIRE, S.EXPIRED, News.EXPIRED, News.EXPIRED),
        (E.ESCROW_LOCKED, S.ESCROWED, None, News.ESCROWED),
        (E.ESCROW_LOCKED, S.REFUNDING, None, None),
        (E.ESCROW_LOST, S.AWAITING_ESCROW, News.ESCROW_LOST, News.ESCROW_LOST),
        (E.PAYMENT_SENT, S.PAYMENT_SENT, News.PAYMENT_SENT, None),
        (E.ESCROW_PAID, S.PAYMENT_SENT, News.PAYMENT_SENT, None),
        (E.RELEASE, S.RELEASING, None, None),
        (E.ESCROW_RELEASED, S.COMPLETED, None, News.COMPLETED),
        (E.REFUND, S.REFUNDING, None, None),
        (E.CANCEL_ESCROW, S.REFUNDING, None, News.ASKED_BACK),
        (E.ESCROW_REFUNDED, S.REFUNDED, News.REFUNDED, News.REFUNDED),
        (E.SETTLE, S.SPLITTING, None, None),
        (E.ESCROW_SPLIT, S.RESOLVED, News.RESOLVED, News.RESOLVED),
        (E.SETTLEMENT_LOST, S.RELEASING, None, None),
    ],
)
def test_a_step_is_news_to_whom_it_needs(
    event: E, state: S, seller: News | None, buyer: News | None
) -> None:
    assert advanced(event, state, SELLER) is seller
    assert advanced(event, state, BUYER) is buyer


@pytest.mark.parametrize(
    ("event", "state", "news"),
    [(E.CANCEL, S.CANCELLED, News.CANCELLED), (E.DISPUTE, S.DISPUTED, News.DISPUTED)],
)
def test_what_either_can_do_is_news_to_the_other(event: E, state: S, news: News) -> None:
    assert event in EITHERS
    for by, other in ((SELLER, BUYER), (BUYER, SELLER)):
        assert advanced(event, state, by, by) is None
        assert advanced(event, state, other, by) is news
    # The clock's, and an arbitrator's, is news to both.
    for party, by_else in product((SELLER, BUYER), (None, Party.ARBITRATOR)):
        assert advanced(event, state, party, by_else) is news


def test_every_step_of_a_trade_is_judged() -> None:
    for (_, event), state in TRANSITIONS.items():
        for party in (SELLER, BUYER):
            said = advanced(event, state, party)
            assert said is None or said in News


def test_who_took_an_offer_knows_it() -> None:
    assert told("trade.opened", SELLER, offer_id="y") is News.TAKEN
    assert told("trade.opened", BUYER, offer_id="y") is None
    buyers = replace(TRADE, maker=BUYER)
    assert news_of("trade.opened", {}, buyers, BUYER, None) is News.TAKEN
    assert news_of("trade.opened", {}, buyers, SELLER, None) is None


def test_details_are_for_the_buyer_and_a_share_for_who_has_not_signed() -> None:
    assert told("trade.details_sealed", BUYER) is News.DETAILS
    assert told("trade.details_sealed", SELLER) is None
    kind = "trade.settlement_signed"
    for party, signer in product((SELLER, BUYER), Party):
        expected = None if signer is party else News.SHARE_SIGNED
        assert news_of(kind, {"party": str(signer)}, TRADE, party, None) is expected


def test_a_buyer_who_gave_the_coins_back_knows_it() -> None:
    gave_back = replace(TRADE, refund_signature=b"x")
    payload = {"event": E.ESCROW_REFUNDED, "state": S.REFUNDED}
    assert news_of("trade.advanced", payload, gave_back, BUYER, None) is None
    assert news_of("trade.advanced", payload, gave_back, SELLER, None) is News.REFUNDED


@pytest.mark.parametrize("kind", ["offer.paused", "webhook.disabled", "trade.unheard_of"])
def test_anything_else_is_no_news(kind: str) -> None:
    assert told(kind, SELLER, event="cancel", state="cancelled") is None


def test_what_an_answer_means() -> None:
    meant = {status: verdict(Outcome(1, status=status)) for status in range(100, 600)}
    assert {one for one, said in meant.items() if said is Verdict.DONE} == {*range(200, 300)}
    assert {one for one, said in meant.items() if said is Verdict.GONE} == {404, 410}
    later = {one for one, said in meant.items() if said is Verdict.LATER}
    assert later == {408, 429, *range(500, 600)}
    assert {verdict(Outcome(1, fault=fault)) for fault in Fault} == {Verdict.LATER}


def test_all_tries_are_made_while_a_message_is_worth_it() -> None:
    assert list(SCHEDULE_S) == sorted(SCHEDULE_S)
    assert sum(SCHEDULE_S) * 1.1 < TTL_S


def test_a_message_gets_older() -> None:
    message = Message(UUID(int=1), UUID(int=2), UUID(int=3), News.TAKEN, 0, NOW)
    assert message.ttl_s(NOW) == TTL_S
    assert message.ttl_s(NOW + timedelta(hours=1)) == TTL_S - 3600
    assert message.ttl_s(NOW + timedelta(days=2)) == 0
    assert message.body() == b'{"news":"taken","trade":"00000000-0000-0000-0000-000000000002"}'
    assert message.urgency == "high"
    assert replace(message, news=News.COMPLETED).urgency == "normal"
