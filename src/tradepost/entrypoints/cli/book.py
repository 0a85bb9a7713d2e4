"""`tradepost offer search` and what else finds offers; `tradepost search` waits for them."""

from decimal import Decimal
from itertools import islice
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tradepost.entrypoints.cli import shown
from tradepost.entrypoints.cli.desk import Desk, ExitCode, amount, command, fail
from tradepost.entrypoints.cli.offer import Direction, Limit, Link, OfferId, offer
from tradepost.entrypoints.cli.shown import number

if TYPE_CHECKING:
    from tradepost_client import Client
    from tradepost_client.markets import Criteria, Market, SavedSearch, Sought
    from tradepost_client.models import Offer

search = typer.Typer(no_args_is_help=True, help="Saved searches: be told of new offers.")

_PAGE = 100
_Makers = Annotated[
    Direction | None, typer.Option(help="What the maker does; with a pair it sorts by price.")
]
_Asset = Annotated[str | None, typer.Option(help="The coin's code.")]
_Currency = Annotated[str | None, typer.Option(help="The currency's code.")]
_Coins = Annotated[
    Decimal | None,
    typer.Option("--amount", parser=amount, metavar="AMOUNT", help="To be taken, in coins."),
]
_Fiat = Annotated[Decimal | None, typer.Option(parser=amount, metavar="AMOUNT", help="To be paid.")]
_Method = Annotated[
    list[str] | None, typer.Option(help="Any of these payment methods; may be repeated.")
]
_Country = Annotated[str | None, typer.Option(help="Where the maker is.")]
_Maker = Annotated[str | None, typer.Option(help="The maker's account id.")]
_Funded = Annotated[
    bool, typer.Option("--funded", help="Only of sellers with the coins in the escrow contract.")
]
_Online = Annotated[bool, typer.Option("--online", help="Only of makers who are there now.")]


def _criteria(
    direction: Direction | None,
    asset: str | None,
    currency: str | None,
    amounts: tuple[Decimal | None, Decimal | None],
    method: list[str] | None,
    country: str | None,
    maker: str | None,
) -> "Criteria":
    coins, fiat = amounts
    if coins is not None and asset is None:
        fail(ExitCode.USAGE, "An --amount needs an --asset.")
    if fiat is not None and currency is None:
        fail(ExitCode.USAGE, "A --fiat needs a --currency.")
    return {
        "direction": None if direction is None else direction.value,
        "asset": asset,
        "currency": currency,
        "amount": coins,
        "fiat_amount": fiat,
        "payment_methods": method or (),
        "country": country,
        "maker": maker,
    }


@command(offer, "list")
@command(offer, "search")
def search_offers(
    desk: Desk,
    direction: _Makers = None,
    asset: _Asset = None,
    currency: _Currency = None,
    coins: _Coins = None,
    fiat: _Fiat = None,
    method: _Method = None,
    country: _Country = None,
    maker: _Maker = None,
    online: _Online = False,
    funded: _Funded = False,
    limit: Limit = 20,
) -> None:
    """Search the book; a direction and a pair bring the best price first."""
    said = _criteria(direction, asset, currency, (coins, fiat), method, country, maker)
    client = desk.client(signed_in=False)
    found, market = _found(client, {**said, "online": online, "funded": funded}, limit)

    def human() -> None:
        shown.offers(found)
        if asset and currency:
            typer.echo(shown.clean(shown.market(market, asset, currency, client.time())))

    machine = {
        "data": [one.model_dump(mode="json") for one in found],
        "market": None if market is None else market.model_dump(mode="json"),
    }
    desk.show(machine, human)


def _found(client: "Client", sought: "Sought", limit: int) -> tuple[list["Offer"], "Market | None"]:
    page = client.search(**sought, limit=min(limit, _PAGE))
    found, market = list(page.data), page.market
    while page.next_cursor is not None and page.data and len(found) < limit:
        more = min(limit - len(found), _PAGE)
        page = client.search(**sought, cursor=page.next_cursor, limit=more)
        found += page.data
    return found[:limit], market


@command(offer, "count")
def count_offers(
    desk: Desk,
    direction: _Makers = None,
    asset: _Asset = None,
    currency: _Currency = None,
    coins: _Coins = None,
    fiat: _Fiat = None,
    method: _Method = None,
    country: _Country = None,
    maker: _Maker = None,
    online: _Online = False,
    funded: _Funded = False,
) -> None:
    """Count what a search would find, by payment method, country and so on."""
    said = _criteria(direction, asset, currency, (coins, fiat), method, country, maker)
    found = desk.client(signed_in=False).facets(**said, online=online, funded=funded)

    def human() -> None:
        whole = "" if found.complete else "at least "
        shown.pairs(
            [
                ("offers", f"{whole}{found.total}"),
                ("funded", str(found.funded)),
                ("methods", _counted(found.payment_methods)),
                ("countries", _counted(found.countries)),
                ("coins", _counted(found.assets)),
                ("currencies", _counted(found.currencies)),
                ("makers", _counted(found.directions)),
            ]
        )

    desk.show(found.model_dump(mode="json"), human)


def _counted(counts: dict[str, int]) -> str:
    ordered = sorted(counts.items(), key=lambda one: (-one[1], one[0]))
    return ", ".join(f"{name} {count}" for name, count in ordered)


@command(offer, "show")
def show(desk: Desk, offer_id: OfferId, link: Link = None) -> None:
    """Show one offer."""
    one = desk.client(signed_in=False).offer(offer_id, link=link)
    desk.show(one.model_dump(mode="json"), lambda: shown.offer(one))


@command(offer, "quote")
def quote(
    desk: Desk,
    offer_id: OfferId,
    coins: Annotated[
        Decimal | None,
        typer.Option("--amount", parser=amount, metavar="AMOUNT", help="In whole coins; or"),
    ] = None,
    fiat: Annotated[
        Decimal | None, typer.Option(parser=amount, metavar="AMOUNT", help="in money.")
    ] = None,
    link: Link = None,
) -> None:
    """Ask what an amount of an offer costs; nothing is reserved."""
    from tradepost_client.verify import check_quote

    if (coins is None) == (fiat is None):
        fail(ExitCode.USAGE, "Give either --amount or --fiat.")
    client = desk.client(signed_in=False)
    seen = client.offer(offer_id, link=link)
    found = client.quote_offer(offer_id, amount=coins, fiat_amount=fiat, link=link)
    check_quote(found, seen, client.exchange(), (coins, fiat), None)

    def human() -> None:
        shown.pairs(shown.quote(found, seen))
        if found.market is not None:
            told = shown.market(found.market, seen.asset, seen.currency, client.time())
            typer.echo(shown.clean(told))

    desk.show(found.model_dump(mode="json"), human)


@command(search, "save")
def save_search(
    desk: Desk,
    name: Annotated[str, typer.Argument(help="A name of your own.")],
    direction: _Makers = None,
    asset: _Asset = None,
    currency: _Currency = None,
    coins: _Coins = None,
    fiat: _Fiat = None,
    method: _Method = None,
    country: _Country = None,
    maker: _Maker = None,
) -> None:
    """Save a search: each new offer that it finds is an event of your account."""
    said = _criteria(direction, asset, currency, (coins, fiat), method, country, maker)
    found = desk.client().save_search(name, **said)
    desk.show(found.model_dump(mode="json"), lambda: _searches([found]))


@command(search, "list")
def list_searches(desk: Desk) -> None:
    """Show your saved searches."""
    found = list(desk.client().saved_searches())
    machine = {"data": [one.model_dump(mode="json") for one in found]}
    desk.show(machine, lambda: _searches(found))


@command(search, "remove")
def remove_search(
    desk: Desk, search_id: Annotated[str, typer.Argument(help="The saved search's id.")]
) -> None:
    """Forget a saved search."""
    desk.client().forget_search(search_id)
    desk.show({"removed": search_id}, lambda: typer.echo("It is forgotten."))


def _searches(found: list["SavedSearch"]) -> None:
    shown.table(("search", "name", "waits for"), ((one.id, one.name, _waits(one)) for one in found))


def _waits(one: "SavedSearch") -> str:
    parts: list[Any] = [
        one.direction,
        one.amount and number(one.amount),
        one.asset,
        one.fiat_amount and number(one.fiat_amount),
        one.currency,
        *one.payment_method,
        one.country,
        one.maker,
    ]
    return " ".join(str(part) for part in parts if part)


partner = typer.Typer(no_args_is_help=True, help="Trusted partners, who see more of your offers.")
_AccountId = Annotated[str, typer.Argument(help="The partner's account id.")]


@command(partner, "add")
def add_partner(desk: Desk, account_id: _AccountId) -> None:
    """Show somebody your offers of visibility trusted."""
    desk.client().trust_partner(account_id)
    desk.show({"trusted": account_id}, lambda: typer.echo("He sees your offers for partners now."))


@command(partner, "remove")
def remove_partner(desk: Desk, account_id: _AccountId) -> None:
    """Show them to him no longer; trades that were begun go on."""
    desk.client().distrust_partner(account_id)
    desk.show({"removed": account_id}, lambda: typer.echo("He sees them no longer."))


@command(partner, "list")
def list_partners(desk: Desk) -> None:
    """Show whom you trust; nobody else is told."""
    found = desk.client().partners()
    machine = {"data": [one.model_dump(mode="json") for one in found]}
    rows = [(one.id, one.name or "") for one in found]
    desk.show(machine, lambda: shown.table(("account", "name"), rows))


@command(partner, "offers")
def list_partners_offers(desk: Desk, limit: Limit = 100) -> None:
    """Show the offers that others make to you as their trusted partner."""
    some = list(islice(desk.client().offers_for_partner(), limit))
    desk.show({"data": [one.model_dump(mode="json") for one in some]}, lambda: shown.offers(some))
