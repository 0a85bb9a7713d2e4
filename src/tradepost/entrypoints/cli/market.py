"""`tradepost price`: what the market says, and since when."""

from datetime import datetime
from itertools import islice
from typing import TYPE_CHECKING, Annotated

import typer

from tradepost.entrypoints.cli import said, shown
from tradepost.entrypoints.cli.desk import Desk, command
from tradepost.entrypoints.cli.shown import number

if TYPE_CHECKING:
    from tradepost_client.markets import PriceDetail

price = typer.Typer(no_args_is_help=True, help="Prices of the market, that offers can follow.")

_Asset = Annotated[str, typer.Argument(help="The coin's code.")]
_Currency = Annotated[str, typer.Argument(help="The currency's code.")]
_Moment = Annotated[
    datetime | None,
    typer.Option(parser=said.option(said.moment), metavar="TIME", help="2026-12-31T18:00Z."),
]


@command(price, "list")
def list_prices(
    desk: Desk,
    asset: Annotated[str | None, typer.Option(help="Of this coin only.")] = None,
    currency: Annotated[str | None, typer.Option(help="In this currency only.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=5000, help="At most so many.")] = 200,
) -> None:
    """Show the index of every pair that has a fresh one."""
    client = desk.client(signed_in=False)
    found = list(islice(client.prices(asset=asset, currency=currency), limit))

    def human() -> None:
        shown.table(
            ("pair", "price", "as of", "spread", "over", ""),
            (
                (
                    f"{one.asset}/{one.currency}",
                    number(one.price),
                    shown.moment(one.as_of),
                    f"{shown.percent(one.spread_bps)} %",
                    one.crossed_over or "",
                    "made up" if one.development else "",
                )
                for one in found
            ),
        )

    desk.show({"data": [one.model_dump(mode="json") for one in found]}, human)


@command(price, "show")
def show_price(desk: Desk, asset: _Asset, currency: _Currency) -> None:
    """Show one price, and what each source says."""
    found = desk.client(signed_in=False).price(asset, currency)
    desk.show(found.model_dump(mode="json"), lambda: _detail(found))


def _detail(found: "PriceDetail") -> None:
    over = f", over {found.crossed_over}" if found.crossed_over else ""
    typer.echo(
        shown.clean(
            f"1 {found.asset} is {number(found.price)} {found.currency}{over}, {found.age_s} s ago;"
            f" a price until {shown.moment(found.valid_until)}."
            f" {shown.made_up(development=found.development)}".rstrip()
        )
    )
    shown.table(
        ("source", "pair", "price", "at", "counts"),
        (
            (
                one.name,
                one.pair,
                "" if one.price is None else number(one.price),
                shown.moment(one.at),
                "yes" if one.used else f"no: {str(one.why_not).replace('_', ' ')}",
            )
            for one in found.sources
        ),
    )


@command(price, "history")
def show_history(
    desk: Desk,
    asset: _Asset,
    currency: _Currency,
    since: _Moment = None,
    until: _Moment = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="At most so many.")] = 1500,
) -> None:
    """Show past prices, the oldest first; by default those of the last day."""
    client = desk.client(signed_in=False)
    found = list(islice(client.price_history(asset, currency, since=since, until=until), limit))
    rows = (
        (shown.moment(one.at), number(one.price), "made up" if one.development else "")
        for one in found
    )
    desk.show(
        {"data": [one.model_dump(mode="json") for one in found]},
        lambda: shown.table(("at", f"{currency} for 1 {asset}", ""), rows),
    )
