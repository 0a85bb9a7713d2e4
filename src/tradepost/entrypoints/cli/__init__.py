"""`tradepost`: the command line of traders and of operators.

Traders' commands are in groups (`account`, `offer`, `trade` and so on); the operator's stand at the
top level. What a command needs is imported when it runs, so that help and processes start quickly.
"""

from typing import Annotated

import typer

from tradepost.entrypoints.cli.account import account, wallet
from tradepost.entrypoints.cli.agents import owner
from tradepost.entrypoints.cli.book import partner, search
from tradepost.entrypoints.cli.desk import EXIT_CODES
from tradepost.entrypoints.cli.insights import markets
from tradepost.entrypoints.cli.market import price
from tradepost.entrypoints.cli.offer import offer
from tradepost.entrypoints.cli.operator import app as operator_app
from tradepost.entrypoints.cli.payment import method, payment
from tradepost.entrypoints.cli.sandbox import sandbox
from tradepost.entrypoints.cli.trade import trade

app = typer.Typer(
    name="tradepost",
    help="Trade coins with people, or run an exchange where they do.",
    epilog=EXIT_CODES,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
account.add_typer(payment, name="payment")
app.add_typer(account, name="account")
app.add_typer(wallet, name="wallet")
app.add_typer(offer, name="offer")
app.add_typer(trade, name="trade")
app.add_typer(price, name="price")
app.add_typer(markets, name="market")
app.add_typer(method, name="method")
app.add_typer(search, name="search")
app.add_typer(partner, name="partner")
app.add_typer(owner)
app.add_typer(sandbox, name="sandbox")
app.add_typer(operator_app)


@app.command()
def demo(
    url: Annotated[str | None, typer.Option(help="The exchange; else TRADEPOST_URL.")] = None,
    rpc: Annotated[str | None, typer.Option(help="Its development chain; else RPC_URL.")] = None,
    asset: Annotated[str | None, typer.Option(help="By default the coin, then a token.")] = None,
) -> None:
    """Play a whole trade on a development chain, told step by step."""
    from tradepost.entrypoints.demo import main as play

    given = (("--url", url), ("--rpc", rpc), ("--asset", asset))
    raise typer.Exit(play([f"{name}={value}" for name, value in given if value is not None]))


def main() -> None:
    """The console script."""
    app()
