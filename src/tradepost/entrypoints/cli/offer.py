"""`tradepost offer`: one's own offers; `book` adds how others are found."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tradepost.entrypoints.cli import said, shown
from tradepost.entrypoints.cli.desk import Desk, ExitCode, amount, command, fail
from tradepost.entrypoints.cli.shown import number

if TYPE_CHECKING:
    from tradepost_client.models import Offer
    from tradepost_client.offers import NewOffer

offer = typer.Typer(no_args_is_help=True, help="Offers: the book, and your own.")


class Direction(StrEnum):
    """What the maker of an offer does with the coin."""

    BUY = "buy"
    SELL = "sell"


class Unit(StrEnum):
    """What an offer's amounts are of."""

    ASSET = "asset"
    CURRENCY = "currency"


class Visibility(StrEnum):
    """Who is shown an offer."""

    PUBLIC = "public"
    LINK = "link"
    TRUSTED = "trusted"


class Part(StrEnum):
    """What can be taken away from an offer."""

    COUNTRY = "country"
    LIMIT_PRICE = "limit-price"
    FIRST_TRADE_LIMIT = "first-trade-limit"
    HOURS = "hours"
    CLOSES_AT = "closes-at"


#: The names of the API where they are not those of the command line.
_NAMES = {"hours": "working_hours"}

OfferId = Annotated[str, typer.Argument(help="The offer's id.")]
Limit = Annotated[int, typer.Option(min=1, max=1000, help="At most so many.")]
Link = Annotated[str | None, typer.Option(help="Opens an offer that is shown by its link.")]
_Seconds = Annotated[int | None, typer.Option(min=1, metavar="SECONDS")]
_Country = Annotated[str | None, typer.Option(help="Where you are: ISO 3166-1, two letters.")]
_Words = Annotated[str | None, typer.Option(help="Your terms, in plain words.")]
_Price = Annotated[
    Decimal | None,
    typer.Option(parser=amount, metavar="PRICE", help="Fixed: money for one whole coin; or"),
]
_Margin = Annotated[
    int | None,
    typer.Option(
        parser=said.option(said.margin),
        metavar="PERCENT",
        help="over the market's price; below it is negative.",
    ),
]
_LimitPrice = Annotated[
    Decimal | None,
    typer.Option(
        parser=amount, metavar="PRICE", help="With a margin: sell for no less, buy for no more."
    ),
]
_Source = Annotated[
    str | None, typer.Option(help="With a margin: what it follows; else the index.")
]
_Minimum = typer.Option("--min", parser=amount, metavar="AMOUNT", help="The least at once.")
_Maximum = typer.Option("--max", parser=amount, metavar="AMOUNT", help="The most at once.")
_Total = Annotated[
    Decimal | None,
    typer.Option(parser=amount, metavar="AMOUNT", help="The most over all trades."),
]
_Unit = Annotated[Unit | None, typer.Option(help="What the amounts are of.")]
_Visibility = Annotated[Visibility | None, typer.Option(help="Who is shown it.")]
_MinTrades = Annotated[
    int | None, typer.Option(min=0, max=10_000, help="That a taker has completed.")
]
_MinAge = Annotated[
    int | None, typer.Option("--min-account-age-days", min=0, max=3650, help="Of a taker.")
]
_FirstLimit = Annotated[
    Decimal | None,
    typer.Option(
        parser=amount, metavar="AMOUNT", help="The most for a taker without a completed trade."
    ),
]
_TakerCountry = Annotated[list[str] | None, typer.Option(help="Where a taker is; may be repeated.")]
_Hours = Annotated[
    list[str] | None,
    typer.Option(help="'mon-fri 09:00-18:00 Europe/Berlin'; may be repeated."),
]
_ClosesAt = Annotated[
    datetime | None,
    typer.Option(
        parser=said.option(said.moment), metavar="TIME", help="Its end: 2026-12-31T18:00Z."
    ),
]


@command(offer, "create", asks=True)
def create(
    desk: Desk,
    direction: Annotated[Direction, typer.Argument(help="What you do with the coin.")],
    asset: Annotated[str, typer.Argument(help="The coin's code.")],
    currency: Annotated[str, typer.Option(help="The currency's code.")],
    minimum: Annotated[Decimal, _Minimum],
    maximum: Annotated[Decimal, _Maximum],
    method: Annotated[list[str], typer.Option(help="A payment method's code; may be repeated.")],
    price: _Price = None,
    margin: _Margin = None,
    limit_price: _LimitPrice = None,
    source: _Source = None,
    total: _Total = None,
    unit: _Unit = None,
    country: _Country = None,
    terms: _Words = None,
    funding_window: _Seconds = None,
    payment_window: _Seconds = None,
    visibility: _Visibility = None,
    min_trades: _MinTrades = None,
    min_age_days: _MinAge = None,
    first_trade_limit: _FirstLimit = None,
    taker_country: _TakerCountry = None,
    hours: _Hours = None,
    closes_at: _ClosesAt = None,
    shares_coins_with: Annotated[
        str | None, typer.Option(metavar="OFFER", help="Your other offer over the same coins.")
    ] = None,
) -> None:
    """Publish an offer, at a fixed price or at a margin over the market's."""
    from tradepost_client.offers import faults

    made: NewOffer = {
        "direction": direction.value,
        "asset": asset,
        "currency": currency,
        "price": price,
        "margin_bps": margin,
        "limit_price": limit_price,
        "price_source": source,
        "amount_unit": None if unit is None else unit.value,
        "min_amount": minimum,
        "max_amount": maximum,
        "total_amount": total or maximum,
        "payment_methods": method,
        "country": country,
        "terms": terms,
        "funding_window_s": funding_window,
        "payment_window_s": payment_window,
        "visibility": None if visibility is None else visibility.value,
        "min_trades": min_trades,
        "min_account_age_days": min_age_days,
        "first_trade_limit": first_trade_limit,
        "taker_countries": taker_country or None,
        "working_hours": said.hours(hours) if hours else None,
        "closes_at": closes_at,
        "shares_coins_with": shares_coins_with,
    }
    for name, words in faults(made):
        fail(ExitCode.USAGE, f"{name}: {words}.")
    trader = desk.trader()
    desk.ask(
        [
            _restated(made),
            f"The escrow's wallet is {trader.wallet.address}.",
            shown.fee(trader.client.exchange()),
        ],
        "Publish?",
    )
    _show(desk, trader.publish_offer(**made))


def _restated(made: "NewOffer") -> str:
    asset, currency = made["asset"], made["currency"]
    unit = currency if made.get("amount_unit") == "currency" else asset
    return (
        f"You {made['direction']} {asset} {_priced(made)},"
        f" {number(made['min_amount'])} to {number(made['max_amount'])} {unit} at once,"
        f" {number(made['total_amount'])} {unit} in all, by {', '.join(made['payment_methods'])}."
    )


def _priced(made: "NewOffer") -> str:
    price, margin, limit = made.get("price"), made.get("margin_bps"), made.get("limit_price")
    currency = made["currency"]
    if price is not None:
        return f"at {number(price)} {currency} for one"
    words = shown.premium(margin).removeprefix("at ")
    bound = "below" if made["direction"] == "sell" else "above"
    held = f"never {bound} {number(limit)} {currency}" if limit else "whatever that may be"
    return f"at {words} ({made.get('price_source') or 'index'}), {held}"


@command(offer, "import", asks=True)
def import_offers(
    desk: Desk,
    file: Annotated[Path, typer.Argument(help="A CSV or JSON file.")],
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only say what is wrong with which line.")
    ] = False,
) -> None:
    """Publish the offers of a file, each once however often this is repeated."""
    from tradepost.entrypoints.cli.importing.offers import import_file

    import_file(desk, file, dry_run=dry_run)


@command(offer, "mine")
def list_mine(desk: Desk, limit: Limit = 100) -> None:
    """Show your own offers, and why one is not in the book."""
    some = list(islice(desk.client().my_offers(), limit))
    desk.show({"data": [one.model_dump(mode="json") for one in some]}, lambda: shown.offers(some))


@command(offer, "edit")
def edit(
    desk: Desk,
    offer_id: OfferId,
    price: _Price = None,
    margin: _Margin = None,
    limit_price: _LimitPrice = None,
    source: _Source = None,
    minimum: Annotated[Decimal | None, _Minimum] = None,
    maximum: Annotated[Decimal | None, _Maximum] = None,
    total: _Total = None,
    unit: _Unit = None,
    method: Annotated[list[str] | None, typer.Option(help="All methods from now on.")] = None,
    country: _Country = None,
    terms: _Words = None,
    funding_window: _Seconds = None,
    payment_window: _Seconds = None,
    visibility: _Visibility = None,
    min_trades: _MinTrades = None,
    min_age_days: _MinAge = None,
    first_trade_limit: _FirstLimit = None,
    taker_country: _TakerCountry = None,
    anywhere: Annotated[bool, typer.Option("--anywhere", help="Takers of any country.")] = False,
    hours: _Hours = None,
    closes_at: _ClosesAt = None,
    without: Annotated[
        list[Part] | None, typer.Option(help="Take this away; may be repeated.")
    ] = None,
) -> None:
    """Change an own offer; what is not given stays."""
    from tradepost_client.offers import body

    if anywhere and taker_country:
        fail(ExitCode.USAGE, "Give either --anywhere or --taker-country.")
    given: Mapping[str, Any] = {
        "price": price,
        "margin_bps": margin,
        "limit_price": limit_price,
        "price_source": source,
        "amount_unit": unit,
        "min_amount": minimum,
        "max_amount": maximum,
        "total_amount": total,
        "payment_methods": method or None,
        "country": country,
        "terms": terms,
        "funding_window_s": funding_window,
        "payment_window_s": payment_window,
        "visibility": visibility,
        "min_trades": min_trades,
        "min_account_age_days": min_age_days,
        "first_trade_limit": first_trade_limit,
        "taker_countries": [] if anywhere else taker_country or None,
        "working_hours": said.hours(hours) if hours else None,
        "closes_at": closes_at,
    }
    changes = body(given)
    for one in without or ():
        name = one.value.replace("-", "_")
        if _NAMES.get(name, name) in changes:
            fail(ExitCode.USAGE, f"{one.value} is both given and taken away.")
        changes[_NAMES.get(name, name)] = None
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
