"""The tools of agents. Those that bind the owner only ask him."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import aclosing
from typing import Annotated, Any, Final, Literal
from uuid import UUID

from pydantic import Field

from tradepost.entrypoints.agents.answers import (
    Change,
    ConfirmationShown,
    Followed,
    LockGuide,
    OffersFound,
    OfferShown,
    QuoteShown,
    TradeLine,
    TradeShown,
    TradesListed,
    Transaction,
)
from tradepost.entrypoints.agents.within import api

#: How long `follow_trade` waits at most, and how much it gathers.
LONGEST_WAIT_S: Final = 25
_MOST_CHANGES: Final = 50
#: How long it waits for what comes right behind the first change.
_GATHER_S: Final = 0.2

_DECIMAL = r"^[0-9]{1,40}(\.[0-9]{1,30})?$"
Coins = Annotated[
    str | None,
    Field(pattern=_DECIMAL, max_length=71, description="In whole coins, a decimal string; or"),
]
Money = Annotated[
    str | None,
    Field(pattern=_DECIMAL, max_length=71, description="in whole units of the currency."),
]
Code = Annotated[str, Field(pattern=r"^[A-Z0-9]{2,10}$", max_length=10)]
Method = Annotated[str, Field(pattern=r"^[a-z0-9_]{1,40}$", max_length=40)]
Country = Annotated[str | None, Field(pattern=r"^[A-Z]{2}$", max_length=2)]
Cursor = Annotated[str | None, Field(max_length=2000, description="A next_cursor, as it came.")]
Limit = Annotated[int, Field(ge=1, le=20)]
Reason = Literal["not_paid", "paid_not_released", "wrong_amount", "wrong_sender", "other"]


async def search_offers(
    you: Annotated[Literal["buy", "sell"], Field(description="What the owner wants to do.")],
    asset: Annotated[Code, Field(description="The coin, such as ETH.")],
    currency: Annotated[Code, Field(description="The money, such as EUR.")],
    amount: Coins = None,
    fiat_amount: Money = None,
    payment_methods: Annotated[list[Method], Field(max_length=10)] = [],  # noqa: B006 - only read
    country: Country = None,
    online: bool = False,
    funded: bool = False,
    cursor: Cursor = None,
    limit: Limit = 10,
) -> OffersFound:
    """Find offers that can be taken now, the best price for the owner first."""
    found = await api().ask(
        "GET",
        "/v1/offers",
        query={
            "direction": "sell" if you == "buy" else "buy",
            "asset": asset,
            "currency": currency,
            "amount": amount,
            "fiat_amount": fiat_amount,
            "payment_method": payment_methods,
            "country": country,
            "online": online,
            "funded": funded,
            "cursor": cursor,
            "limit": limit,
        },
    )
    return OffersFound(
        offers=[OfferShown.of(one) for one in found["data"]],
        market_price=None if found["market"] is None else found["market"]["price"],
        next_cursor=found["next_cursor"],
    )


async def get_offer(offer_id: UUID) -> OfferShown:
    """See one offer with its price of now."""
    return OfferShown.of(await api().ask("GET", f"/v1/offers/{offer_id}"))


async def quote(offer_id: UUID, amount: Coins = None, fiat_amount: Money = None) -> QuoteShown:
    """Ask what an amount of an offer costs. State either amount or fiat_amount."""
    query = {"amount": amount, "fiat_amount": fiat_amount}
    said = await api().ask("GET", f"/v1/offers/{offer_id}/quote", query=query)
    return QuoteShown(**{name: said[name] for name in QuoteShown.model_fields})


async def open_trade(
    offer_id: UUID,
    price_limit: Annotated[
        str,
        Field(
            pattern=_DECIMAL,
            max_length=71,
            description="The worst price that the owner accepts, currency for one coin.",
        ),
    ],
    payment_method: Annotated[Method, Field(description="One of the offer's.")],
    amount: Coins = None,
    fiat_amount: Money = None,
    country: Annotated[Country, Field(description="Where the owner is, if the offer asks.")] = None,
    hold: Annotated[
        str | None,
        Field(
            max_length=500,
            description="Of a quote: exactly its price. He has to confirm within its minute;"
            " without it he has 15, at no worse a price than price_limit.",
        ),
    ] = None,
) -> ConfirmationShown:
    """Ask the owner to open a trade on an offer. Nothing happens until he confirms."""
    opening = {
        "offer_id": str(offer_id),
        "price_limit": price_limit,
        "payment_method": payment_method,
        "amount": amount,
        "fiat_amount": fiat_amount,
        "country": country,
        "hold": hold,
    }
    return await _asked(step="open_trade", opening=opening)


async def list_trades(
    state: Annotated[
        str | None, Field(pattern=r"^[a-z_]{1,30}$", description="Only those in this state.")
    ] = None,
    cursor: Cursor = None,
    limit: Limit = 10,
) -> TradesListed:
    """List the owner's trades, the newest first."""
    query = {"state": state, "cursor": cursor, "limit": limit}
    page = await api().ask("GET", "/v1/trades", query=query)
    return TradesListed(
        trades=[TradeLine.of(one) for one in page["data"]], next_cursor=page["next_cursor"]
    )


async def get_trade(trade_id: UUID) -> TradeShown:
    """See one of the owner's trades, and what he can do in it."""
    return TradeShown.of(await api().ask("GET", f"/v1/trades/{trade_id}"))


async def follow_trade(
    trade_id: UUID,
    after: Annotated[
        int | None,
        Field(ge=0, lt=2**53, description="The seq of your last call; leave it out to begin."),
    ] = None,
    wait_s: Annotated[int, Field(ge=0, le=LONGEST_WAIT_S)] = 20,
) -> Followed:
    """Wait until something happens to a trade, or wait_s are over. Without after: begin at once."""
    api().waits()
    # Whoever may not see it does not wait for it.
    await api().ask("GET", f"/v1/trades/{trade_id}")
    changes: list[Change] = []
    seq, missed = 0 if after is None else after, False
    query = {"channels": "trades", "resume_from": None if after is None else f"trades={after}"}
    loop = asyncio.get_running_loop()
    ends = loop.time() + min(wait_s, api().patience_s)
    async with aclosing(api().follow("/v1/stream", query)) as messages:
        while True:
            # At first there is always something: what says that the stream has begun.
            patience = max(_GATHER_S, ends - loop.time())
            try:
                async with asyncio.timeout(patience):
                    message = await anext(messages, None)
            except TimeoutError:
                break
            if message is None or message["type"] == "closed":
                break
            if message["type"] == "heartbeat":
                seq = message["positions"].get("trades", seq)
            elif message["type"] == "subscribed":
                seq = message["seq"]
                if after is None:
                    missed = True
                    break
            elif message["type"] == "resync_required":
                seq, missed = message["seq"], True
                break
            elif message["type"] == "event":
                seq = message["seq"]
                if message["event"]["payload"].get("trade_id") == str(trade_id):
                    changes.append(_change(message["event"]))
                    ends = loop.time() + _GATHER_S
                    if len(changes) >= _MOST_CHANGES:
                        break
    # A token that has ended meanwhile is refused here.
    return Followed(changes=changes, seq=seq, missed=missed, trade=await get_trade(trade_id))


def _change(event: dict[str, Any]) -> Change:
    return Change(
        seq=event["seq"],
        type=event["type"],
        state=event["payload"].get("state"),
        at=event["created_at"],
    )


async def how_to_lock(trade_id: UUID) -> LockGuide:
    """As the seller: what the owner's own wallet does to lock the coins of a trade."""
    asked = await api().ask("GET", f"/v1/trades/{trade_id}/instructions")
    escrow = (await api().ask("GET", f"/v1/trades/{trade_id}"))["escrow"]
    return LockGuide(
        command=f"tradepost trade lock {trade_id}",
        chain_id=escrow["chain_id"],
        contract=escrow["contract"],
        approve=_transaction(asked["approve"]),
        lock=_transaction(asked["lock"]),
        ways_without_gas=[one["way"] for one in asked["signed_locks"]],
    )


def _transaction(call: dict[str, str] | None) -> Transaction | None:
    return None if call is None else Transaction(**call)


async def say_paid(trade_id: UUID) -> ConfirmationShown:
    """As the buyer: ask the owner to say that he has paid. Only after he really has."""
    return await _asked(step="payment_sent", trade_id=str(trade_id))


async def release(trade_id: UUID) -> ConfirmationShown:
    """As the seller: ask the owner to give the coins to the buyer. It cannot be undone."""
    return await _asked(step="release", trade_id=str(trade_id))


async def refund(trade_id: UUID) -> ConfirmationShown:
    """As the buyer: ask the owner to give the coins back to the seller. It cannot be undone."""
    return await _asked(step="refund", trade_id=str(trade_id))


async def cancel_trade(trade_id: UUID) -> ConfirmationShown:
    """Ask the owner to leave a trade, where allowed_actions has cancel."""
    return await _asked(step="cancel", trade_id=str(trade_id))


async def open_dispute(trade_id: UUID, reason: Reason) -> ConfirmationShown:
    """Ask the owner to call the arbitrator."""
    return await _asked(step="dispute", trade_id=str(trade_id), reason=reason)


async def get_confirmation(confirmation_id: UUID) -> ConfirmationShown:
    """Look whether the owner has answered, and what became of it."""
    return ConfirmationShown.of(await api().ask("GET", f"/v1/confirmations/{confirmation_id}"))


async def _asked(**body: object) -> ConfirmationShown:
    return ConfirmationShown.of(await api().ask("POST", "/v1/confirmations", body=body))


#: Each tool that only reads, and each that asks the owner.
READING: Final[tuple[Callable[..., Awaitable[Any]], ...]] = (
    search_offers,
    get_offer,
    quote,
    list_trades,
    get_trade,
    follow_trade,
    how_to_lock,
    get_confirmation,
)
ASKING: Final[tuple[Callable[..., Awaitable[Any]], ...]] = (
    open_trade,
    say_paid,
    release,
    refund,
    cancel_trade,
    open_dispute,
)
