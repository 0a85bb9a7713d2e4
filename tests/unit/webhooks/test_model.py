"""When messages are tried, the rules of filters, and what a delivery can become."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from tradepost.webhooks.model import (
    SCHEDULE_S,
    TRANSITIONS,
    DeliveryState,
    Happened,
    Message,
    matches,
)

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def test_the_schedule_goes_over_days_and_never_gets_denser() -> None:
    assert list(SCHEDULE_S) == sorted(SCHEDULE_S)
    assert timedelta(days=3) <= timedelta(seconds=sum(SCHEDULE_S)) <= timedelta(days=3.5)
    assert len(SCHEDULE_S) + 1 == 25


@pytest.mark.parametrize(
    ("filters", "kind", "wanted"),
    [
        (["*"], "trade.opened", True),
        (["trade.*"], "trade.opened", True),
        (["trade.opened"], "trade.opened", True),
        (["offer.*", "trade.opened"], "trade.opened", True),
        (["trade.open"], "trade.opened", False),
        (["trad.*"], "trade.opened", False),
        (["trade"], "trade.opened", False),
        (["saved.*"], "saved.search_matched", True),
        ([], "trade.opened", False),
    ],
)
def test_filters(filters: list[str], kind: str, wanted: bool) -> None:
    assert matches(filters, kind) is wanted


def test_every_pair_of_state_and_happening() -> None:
    done = {DeliveryState.DELIVERED, DeliveryState.FAILED}
    for state in DeliveryState:
        for happened in Happened:
            known = (state, happened) in TRANSITIONS
            assert known is not (state in done and happened is not Happened.REPLAYED)
    assert {after for (_, how), after in TRANSITIONS.items() if how is Happened.REPLAYED} == {
        DeliveryState.PENDING
    }


def test_a_message_is_the_same_each_time() -> None:
    message = Message(UUID(int=7), "trade.opened", 3, NOW, {"trade_id": "x\u00e9"})
    assert message.body() == (
        '{"id":"00000000-0000-0000-0000-000000000007","type":"trade.opened",'
        '"timestamp":"2026-03-01T12:00:00Z","seq":3,"data":{"trade_id":"x\\u00e9"}}'
    )
