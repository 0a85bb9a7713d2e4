"""`tradepost`: the command line of traders and of operators.

Traders' commands are in groups (`account`, `wallet`, `offer`, `trade`); the operator's stand at the
top level. What a command needs is imported when it runs, so that help and processes start quickly.
"""

import typer

from tradepost.entrypoints.cli.operator import app as operator_app

app = typer.Typer(
    name="tradepost",
    help="Trade coins with people, or run an exchange where they do.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
app.add_typer(operator_app)


def main() -> None:
    """The console script."""
    app()
