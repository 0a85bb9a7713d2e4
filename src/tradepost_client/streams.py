"""What an exchange tells on a stream, and how a client follows it: without a network.

`Follower` is fed the bytes of server-sent events, and keeps up to where it was told of each
channel.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal

from pydantic import BaseModel
from pydantic_core import from_json

from tradepost_client.answers import answer
from tradepost_client.errors import AnswerMalformed
from tradepost_client.markets import Price
from tradepost_client.models import Event, Id, Model, Offer

#: Larger than anything that is told at once.
_LARGEST = 1024 * 1024


class Happened(Model):
    """An event of the account, on the channel `trades` or `notifications`."""

    channel: str
    seq: int
    after: int
    event: Event


class OfferChanged(Model):
    """An offer of a market came or changed; it is None where it is not in the book any more.

    The `price` of one that follows the market is None: it is the market's, with its margin.
    """

    channel: str
    seq: int
    after: int
    offer_id: Id
    offer: Offer | None


class PriceChanged(Model):
    """A market's price as it is now; None while there is none."""

    channel: str
    price: Price | None


class Resync(Model):
    """Something was missed that is not told again: read it anew. It goes on behind `seq`."""

    channel: str
    seq: int
    why: Literal["too_far_behind", "forgotten", "unknown"]


Told = Happened | OfferChanged | PriceChanged | Resync

_KINDS: Mapping[str, type[Happened | OfferChanged | PriceChanged | Resync]] = {
    "event": Happened,
    "offer": OfferChanged,
    "price": PriceChanged,
    "resync_required": Resync,
}


class _Subscribed(BaseModel):
    channel: str
    seq: int | None


class _Heartbeat(BaseModel):
    positions: dict[str, int]


class Follower:
    """Up to where each channel was told, and what of the present connection is not read yet.

    Attributes:
        positions: The last number by channel.
    """

    def __init__(self, channels: Sequence[str], positions: Mapping[str, int]) -> None:
        self._channels = tuple(channels)
        self.positions = dict(positions)
        self._rest = b""

    def query(self) -> dict[str, str | Sequence[str] | None]:
        """What the next connection is asked for; what was half told on the last is forgotten."""
        self._rest = b""
        places = ",".join(f"{name}={seq}" for name, seq in self.positions.items())
        return {"channels": self._channels, "resume_from": places or None}

    def feed(self, chunk: bytes) -> Iterator[Told]:
        """What these bytes complete; raises `AnswerMalformed` where there is a gap, too."""
        self._rest += chunk
        while b"\n\n" in self._rest:
            frame, _, self._rest = self._rest.partition(b"\n\n")
            data = b"".join(
                line[5:].strip() for line in frame.split(b"\n") if line.startswith(b"data:")
            )
            if data and (told := self._told(_read(data))) is not None:
                yield told
        if len(self._rest) > _LARGEST:
            raise AnswerMalformed("The exchange tells something that is too large.")

    def _told(self, content: dict[str, Any]) -> Told | None:
        kind = str(content.get("type"))
        if kind == "subscribed":
            taken = answer(_Subscribed, content)
            if taken.seq is not None:
                self.positions[taken.channel] = taken.seq
        elif kind == "heartbeat":
            self.positions |= answer(_Heartbeat, content).positions
        elif kind in _KINDS:
            if kind == "offer" and isinstance(content.get("offer"), dict):
                content = content | {"offer": {"premium_bps": None} | content["offer"]}
            told = answer(_KINDS[kind], content)
            if isinstance(told, Happened | OfferChanged):
                known = self.positions.get(told.channel)
                if told.after != known or told.seq <= told.after:
                    raise AnswerMalformed(f"After {known} comes {told.seq} on {told.channel}.")
            if not isinstance(told, PriceChanged):
                self.positions[told.channel] = told.seq
            return told
        # What is not known comes from a newer exchange.
        return None


def _read(data: bytes) -> dict[str, Any]:
    try:
        # Unlike the standard library's, this reader bounds how deep it goes.
        content = from_json(data)
    except ValueError:
        content = None
    if not isinstance(content, dict):
        raise AnswerMalformed("The exchange tells something that is no JSON object.")
    return content
