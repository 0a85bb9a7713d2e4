"""What can be followed: the channels of streams, and their messages, as types of GraphQL.

A subscription's source is its channel, once: the stream of the connection brings the messages, and
each is run against the query as the root of its own.
"""

from collections.abc import AsyncGenerator, Mapping
from typing import Annotated, NamedTuple
from uuid import UUID

import strawberry
from pydantic import BaseModel

from tradepost.entrypoints.graphql.context import Info
from tradepost.entrypoints.graphql.exchange import Asset, Currency
from tradepost.entrypoints.graphql.shape import Long, choice, follows, one_of, shape_of, shaped
from tradepost.notifications import messages
from tradepost.notifications.model import Channel, Kind, Message, Subscribe, Why
from tradepost.trades.http.bodies import TradeBody


class Taken(NamedTuple):
    """A channel, and the number from which it goes on; None: from now on."""

    channel: Channel
    resume_from: int | None


async def _trade(root: messages.EventMessage, info: Info) -> TradeBody | None:
    trade_id = root.event.payload.get("trade_id")
    return None if trade_id is None else await info.context.trades.load(UUID(trade_id))


class _Subscribed(messages.Subscribed):
    """The channel is taken. What comes on it, comes behind `seq`."""

    seq: int


choice(Why)
shaped(messages.EventAnswer, "AccountEvent")
shaped(messages.ShownOffer, "ShownOffer")
shaped(_Subscribed, "Subscribed")
shaped(messages.ResyncRequired, "ResyncRequired")
shaped(
    messages.EventMessage,
    "EventMessage",
    {
        "trade": strawberry.field(
            resolver=_trade,
            description="The trade as it is now; null where the event is of none."
            " Scope: `trades:read`.",
            graphql_type=shape_of(TradeBody),
        )
    },
)
shaped(messages.OfferMessage, "OfferMessage")
_Prices = shaped(messages.PriceMessage, "PriceMessage")
_Account = one_of(
    "AccountMessage",
    "What is told of an account.",
    _Subscribed,
    messages.EventMessage,
    messages.ResyncRequired,
)
_Offers = one_of(
    "OffersMessage",
    "What is told of the offers of a market.",
    _Subscribed,
    messages.OfferMessage,
    messages.ResyncRequired,
)
_TOLD: Mapping[str, type[BaseModel]] = {
    "subscribed": _Subscribed,
    "resync_required": messages.ResyncRequired,
    "event": messages.EventMessage,
    "offer": messages.OfferMessage,
    "price": messages.PriceMessage,
}


def told(message: Message, channel: Channel) -> BaseModel | None:
    """What a channel tells, as the root of its query; None for what the next message says, too.

    A price is told at once, and says itself that its channel is taken.
    """
    if channel.kind is Kind.PRICES and message.type == "subscribed":
        return None
    return _TOLD[message.type].model_validate_json(message.text)


ResumeFrom = Annotated[
    Long | None,
    strawberry.argument(description="The last number that you have; it begins now if left out."),
]


def _taken(kind: Kind, market: tuple[str, str] | None, resume_from: int | None) -> Taken:
    """The channel; raises pydantic's `ValidationError`, `ChannelUnknown`."""
    name = kind.value if market is None else f"{kind.value}:{'-'.join(market)}"
    said = Subscribe(op="subscribe", channel=name, resume_from=resume_from)
    return Taken(Channel.parse(said.channel), said.resume_from)


@strawberry.type(description="What happens, as it happens: by WebSocket.")
class Subscription:
    """A field for each kind of channel."""

    @follows(_Account, "The events of your trades. Scope: `trades:read`.")
    async def trades(self, resume_from: ResumeFrom = None) -> AsyncGenerator[Taken]:
        """The channel `trades`."""
        yield _taken(Kind.TRADES, None, resume_from)

    @follows(_Account, "All other events of your account. Scope: `account:read`.")
    async def notifications(self, resume_from: ResumeFrom = None) -> AsyncGenerator[Taken]:
        """The channel `notifications`."""
        yield _taken(Kind.NOTIFICATIONS, None, resume_from)

    @follows(_Offers, "Offers that come into the book of a market, change in it, or leave it.")
    async def offers(
        self, asset: Asset, currency: Currency, resume_from: ResumeFrom = None
    ) -> AsyncGenerator[Taken]:
        """A market's channel `offers`."""
        yield _taken(Kind.OFFERS, (asset, currency), resume_from)

    @follows(_Prices, "The price of a market, now and when it changes.")
    async def prices(self, asset: Asset, currency: Currency) -> AsyncGenerator[Taken]:
        """A market's channel `prices`."""
        yield _taken(Kind.PRICES, (asset, currency), None)
