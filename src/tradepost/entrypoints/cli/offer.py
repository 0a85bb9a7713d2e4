"""`tradepost offer`: the book, and one's own offers."""

from collections.abc import Iterator
from decimal import Decimal
from enum import StrEnum
from itertools import islice
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tradepost.entrypoints.cli import shown
from tradepost.entrypoints.cli.desk import Desk, ExitCode, amount, command, fail
from tradepost.entrypoints.cli.shown import number

if TYPE_CHECKING:
    from tradepost_client.models import Offer

offer = typer.Typer(no_args_is_help=True, help="Offers: the book, and your own.")


class Direction(StrEnum):
    """What the maker of an offer does with the coin."""

    BUY = "buy"
    SELL = "sell"


OfferId = Annotated[str, typer.Argument(help="The offer's id.")]
Limit = Annotated[int, typer.Option(min=1, max=1000, help="At most so many.")]
Price = Annotated[
    Decimal, typer.Option(parser=amount, metavar="PRICE", help="Money for one whole coin.")
]
Coins = Annotated[Decimal, typer.Option(parser=amount, metavar="AMOUNT", help="In whole coins.")]
Methods = Annotated[
    list[str], typer.Option("--method", help="A payment method's code; may be repeated.")
]
Seconds = Annotated[int | None, typer.Option(min=1, metavar="SECONDS")]
NewPrice = Annotated[Decimal | None, typer.Option(parser=amount, metavar="PRICE")]
NewCoins = Annotated[Decimal | None, typer.Option(parser=amount, metavar="AMOUNT")]
Country = Annotated[str | None, typer.Option(help="ISO 3166-1, two letters.")]
Words = Annotated[str | None, typer.Option(help="Your terms, in plain words.")]


@command(offer, "create", asks=True)
def create(
    desk: Desk,
    direction: Annotated[Direction, typer.Argument(help="What you do with the coin.")],
    asset: Annotated[str, typer.Argument(help="The coin's code.")],
    currency: Annotated[str, typer.Option(help="The currency's code.")],
    price: Price,
    minimum: Annotated[
        Decimal, typer.Option("--min", parser=amount, metavar="AMOUNT", help="The least, in coins.")
    ],
    maximum: Annotated[
        Decimal, typer.Option("--max", parser=amount, metavar="AMOUNT", help="The most, in coins.")
    ],
    method: Methods,
    total: NewCoins = None,
    country: Country = None,
    terms: Words = None,
    funding_window: Seconds = None,
    payment_window: Seconds = None,
) -> None:
    """Publish an offer; it is in the book at once."""
    trader = desk.trader()
    desk.ask(
        [
            (
                f"You {direction} {asset} at {number(price)} {currency} for one,"
                f" {number(minimum)} to {number(maximum)} {asset} at once,"
                f" {number(total or maximum)} {asset} in all, by {', '.join(method)}."
            ),
            f"The escrow's wallet is {trader.wallet.address}.",
            shown.fee(trader.client.exchange()),
        ],
        "Publish?",
    )
    made = trader.publish_offer(
        direction=direction.value,
        asset=asset,
        currency=currency,
        price=price,
        min_amount=minimum,
        max_amount=maximum,
        total_amount=total or maximum,
        payment_methods=method,
        country=country,
        terms=terms,
        funding_window_s=funding_window,
        payment_window_s=payment_window,
    )
    _show(desk, made)


@command(offer, "list")
def list_offers(
    desk: Desk,
    direction: Annotated[
        Direction | None, typer.Option(help="What the maker does; sorts by price.")
    ] = None,
    asset: Annotated[str | None, typer.Option(help="The coin's code.")] = None,
    currency: Annotated[str | None, typer.Option(help="The currency's code.")] = None,
    coins: Annotated[
        Decimal | None,
        typer.Option("--amount", parser=amount, metavar="AMOUNT", help="To be taken, in coins."),
    ] = None,
    fiat: Annotated[
        Decimal | None, typer.Option(parser=amount, metavar="AMOUNT", help="To be paid.")
    ] = None,
    method: Annotated[list[str] | None, typer.Option(help="Any of these payment methods.")] = None,
    country: Country = None,
    maker: Annotated[str | None, typer.Option(help="The maker's account id.")] = None,
    limit: Limit = 20,
) -> None:
    """Show the book, the best price first where a direction is given."""
    found = desk.client(signed_in=False).offers(
        direction=None if direction is None else direction.value,
        asset=asset,
        currency=currency,
        amount=coins,
        fiat_amount=fiat,
        payment_methods=method or (),
        country=country,
        maker=maker,
    )
    _list(desk, found, limit)


@command(offer, "mine")
def list_mine(desk: Desk, limit: Limit = 100) -> None:
    """Show your own offers."""
    _list(desk, desk.client().my_offers(), limit)


@command(offer, "show")
def show(desk: Desk, offer_id: OfferId) -> None:
    """Show one offer."""
    _show(desk, desk.client(signed_in=False).offer(offer_id))


@command(offer, "edit")
def edit(
    desk: Desk,
    offer_id: OfferId,
    price: NewPrice = None,
    minimum: Annotated[
        Decimal | None, typer.Option("--min", parser=amount, metavar="AMOUNT")
    ] = None,
    maximum: Annotated[
        Decimal | None, typer.Option("--max", parser=amount, metavar="AMOUNT")
    ] = None,
    total: NewCoins = None,
    method: Annotated[list[str] | None, typer.Option(help="All methods from now on.")] = None,
    country: Country = None,
    terms: Words = None,
    funding_window: Seconds = None,
    payment_window: Seconds = None,
) -> None:
    """Change an own offer; what is not given stays."""
    amounts = {
        "price": price,
        "min_amount": minimum,
        "max_amount": maximum,
        "total_amount": total,
    }
    others: dict[str, Any] = {
        "payment_methods": method or None,
        "country": country,
        "terms": terms,
        "funding_window_s": funding_window,
        "payment_window_s": payment_window,
    }
    changes = {name: f"{value:f}" for name, value in amounts.items() if value is not None}
    changes |= {name: value for name, value in others.items() if value is not None}
    if not changes:
        fail(ExitCode.USAGE, "Say what is to change.")
    _show(desk, desk.trader().edit_offer(offer_id, changes))


@command(offer, "pause")
def pause(desk: Desk, offer_id: OfferId) -> None:
    """Take an own offer out of the book."""
    _show(desk, desk.client().pause_offer(offer_id))


@command(offer, "resume")
def resume(desk: Desk, offer_id: OfferId) -> None:
    """Put a paused offer back into the book."""
    _show(desk, desk.client().resume_offer(offer_id))


@command(offer, "close")
def close(desk: Desk, offer_id: OfferId) -> None:
    """End an own offer."""
    _show(desk, desk.client().close_offer(offer_id))


def _show(desk: Desk, one: "Offer") -> None:
    desk.show(one.model_dump(mode="json"), lambda: shown.offer(one))


def _list(desk: Desk, found: Iterator["Offer"], limit: int) -> None:
    some = list(islice(found, limit))
    desk.show({"data": [one.model_dump(mode="json") for one in some]}, lambda: shown.offers(some))
