"""`tradepost sandbox`: coins for trial, and a clock that can be moved."""

import re
from typing import Annotated

import typer

from tradepost.entrypoints.cli import shown
from tradepost.entrypoints.cli.desk import Desk, command

sandbox = typer.Typer(no_args_is_help=True, help="Coins and time, on a sandbox only.")

_UNITS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}
_SPAN = re.compile(r"([0-9]{1,9})([smhd]?)")


def _seconds(text: str) -> int:
    found = _SPAN.fullmatch(text)
    if found is None:
        raise typer.BadParameter(f"{text!r} is no span of time: 90, 90s, 15m, 6h or 3d")
    return int(found[1]) * _UNITS[found[2] or "s"]


@command(sandbox, "fund")
def fund(
    desk: Desk,
    address: Annotated[
        str | None, typer.Argument(help="One of the account's wallets; by default your own.")
    ] = None,
) -> None:
    """Have the faucet send coins to your wallet, and wait until they are there."""
    from tradepost_client import keystore

    wallet = address or keystore.address(desk.wallet_path)
    draw = desk.client().draw_from_faucet(wallet)
    chain = desk.chain()
    for gift in draw.gifts:
        chain.arrived(gift.tx_hash)

    def human() -> None:
        for gift in draw.gifts:
            typer.echo(f"{gift.amount:f} {gift.asset} for {draw.wallet} ({gift.tx_hash})")
        typer.echo(f"{draw.draws_left} more in 24 hours")

    desk.show(draw.model_dump(mode="json"), human)


@command(sandbox, "clock")
def clock(
    desk: Desk,
    advance: Annotated[
        int | None,
        typer.Option(parser=_seconds, metavar="SPAN", help="Move it by 90s, 15m, 6h or 3d."),
    ] = None,
) -> None:
    """Show the sandbox's clock, or let time pass for everybody on it."""
    if advance is None:
        now = desk.client(signed_in=False).sandbox_clock()
    else:
        now = desk.client().advance_clock(advance)
    desk.show(
        now.model_dump(mode="json"),
        lambda: typer.echo(f"{shown.moment(now.now)}, {now.ahead_s} s ahead of the machine"),
    )
