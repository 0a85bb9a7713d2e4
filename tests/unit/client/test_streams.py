"""Following a stream without a network: hostile exchanges, and bytes that come in any pieces."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tradepost_client.errors import AnswerMalformed
from tradepost_client.streams import Follower, Happened, PriceChanged, Resync, Told


def frame(**content: Any) -> bytes:
    """A message as the exchange sends it."""
    return f"id: \nevent: {content['type']}\ndata: {json.dumps(content)}\n\n".encode()


def event(seq: int, after: int, channel: str = "trades") -> bytes:
    """An event of a trade."""
    return frame(
        type="event",
        channel=channel,
        seq=seq,
        after=after,
        event={
            "seq": seq,
            "id": "0193579a-3b22-7d41-a1c5-8e9f0a1b2c3d",
            "type": "trade.advanced",
            "payload": {"words": "a\n\nb € data: x"},
            "created_at": "2026-11-24T05:00:00Z",
        },
    )


SUBSCRIBED = frame(type="subscribed", channel="trades", seq=4)


def test_it_keeps_where_it_was_told() -> None:
    follower = Follower(["trades", "prices:ETH-EUR"], {})
    assert follower.query() == {"channels": ("trades", "prices:ETH-EUR"), "resume_from": None}
    told = list(follower.feed(SUBSCRIBED + event(5, 4) + event(9, 5)))
    assert [one.seq for one in told if isinstance(one, Happened)] == [5, 9]
    assert follower.query()["resume_from"] == "trades=9"
    assert list(follower.feed(frame(type="heartbeat", now="x", positions={"trades": 12}))) == []
    assert follower.positions == {"trades": 12}
    (resync,) = follower.feed(
        frame(type="resync_required", channel="trades", seq=40, why="forgotten")
    )
    assert isinstance(resync, Resync)
    assert follower.positions == {"trades": 40}


def test_a_price_has_no_number() -> None:
    follower = Follower(["prices:ETH-EUR"], {})
    (told,) = follower.feed(frame(type="price", channel="prices:ETH-EUR", price=None))
    assert told == PriceChanged(channel="prices:ETH-EUR", price=None)
    assert follower.positions == {}


@given(st.lists(st.integers(1, 40), max_size=200))
def test_bytes_come_in_any_pieces(sizes: list[int]) -> None:
    follower = Follower(["trades"], {})
    whole = SUBSCRIBED + b": nothing\n\n" + event(5, 4) + event(6, 5)
    told: list[Told] = []
    for size in sizes:
        told += follower.feed(whole[:size])
        whole = whole[size:]
    told += follower.feed(whole)
    assert [one.seq for one in told if isinstance(one, Happened)] == [5, 6]


def test_what_was_half_told_is_told_again() -> None:
    follower = Follower(["trades"], {"trades": 4})
    assert list(follower.feed(event(5, 4)[:40])) == []
    assert follower.query()["resume_from"] == "trades=4"
    (told,) = follower.feed(event(5, 4))
    assert isinstance(told, Happened)


def test_a_message_of_a_newer_exchange_is_passed_over() -> None:
    assert list(Follower([], {}).feed(frame(type="weather", wind=3))) == []


@pytest.mark.parametrize(
    "sent",
    [
        event(6, 5),
        event(4, 4),
        event(3, 4),
        event(5, 4, "notifications"),
        b"data: {\n\n",
        b"data: []\n\n",
        b"data: " + b"[" * 100_000 + b"\n\n",
        frame(type="event", channel="trades"),
        frame(type="subscribed", channel="trades", seq={}),
        frame(type="heartbeat", now="x", positions={"trades": "many"}),
        frame(type="price", channel="prices:ETH-EUR", price={"price": "1"}),
        b"data: " + b"x" * 1_100_000,
    ],
    ids=lambda sent: repr(sent[:40]),
)
def test_what_is_wrong_is_said(sent: bytes) -> None:
    follower = Follower(["trades"], {})
    list(follower.feed(SUBSCRIBED))
    with pytest.raises(AnswerMalformed):
        list(follower.feed(sent))
