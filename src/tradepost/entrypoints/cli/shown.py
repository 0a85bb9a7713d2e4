"""How answers look to people: tables, and texts of strangers that cannot play tricks."""

import unicodedata
from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tradepost_client.models import Account, Exchange, Offer, Trade

# Marks that turn the direction of writing: they make one account number look like another.
_TURNING = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def clean(text: str) -> str:
    """Takes out what a terminal would obey: other traders and the exchange wrote some of this."""
    return "".join(
        char
        for char in text
        if char == "\n" or (unicodedata.category(char) != "Cc" and char not in _TURNING)
    )


def number(value: Decimal) -> str:
    """An amount without the zeros at its end: `0.1`, `1200`."""
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def moment(value: datetime | None) -> str:
    """A time in UTC, to the second."""
    return "" if value is None else f"{value:%Y-%m-%d %H:%M:%S}Z"


def pairs(rows: Iterable[tuple[str, str]]) -> None:
    """Prints names with their values; what is empty is left out."""
    _print(("", ""), ((name, value) for name, value in rows if value), headed=False)


def table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Prints a table."""
    _print(columns, rows, headed=True)


def _print(columns: Sequence[str], rows: Iterable[Sequence[str]], *, headed: bool) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    drawn = Table(*columns, box=box.SIMPLE_HEAD if headed else None, show_header=headed)
    for row in rows:
        # `Text` takes no markup: "[red]" in an offer's words stays what it is.
        drawn.add_row(*(Text(clean(cell), overflow="fold") for cell in row))
    console = Console()
    # In a pipe nothing is cut off.
    console.width = console.width if console.is_terminal else 400
    console.print(drawn)


def fee(exchange: "Exchange") -> str:
    """The exchange's fee as a sentence."""
    percent = number(Decimal(exchange.fee_bps) / 100)
    return f"The exchange's fee is {percent} % of the coins, paid by the seller on top."


def account(shown: "Account") -> None:
    """Prints an account."""
    pairs(
        [
            ("account", shown.id),
            ("name", shown.name or ""),
            ("roles", ", ".join(shown.roles)),
            ("wallets", "\n".join(shown.wallets)),
            ("since", moment(shown.created_at)),
        ]
    )


def offers(shown: Iterable["Offer"]) -> None:
    """Prints a list of offers."""
    table(
        ("offer", "maker", "does", "price", "amounts", "left", "methods", "state"),
        (
            (
                one.id,
                one.maker.name or one.maker.id[:8],
                f"{one.direction}s {one.asset}",
                f"{number(one.price)} {one.currency}",
                f"{number(one.min_amount)} - {number(one.max_amount)}",
                number(one.remaining_amount),
                ", ".join(one.payment_methods),
                one.state,
            )
            for one in shown
        ),
    )


def offer(shown: "Offer") -> None:
    """Prints an offer."""
    pairs(
        [
            ("offer", shown.id),
            ("state", shown.state),
            ("maker", f"{shown.maker.name or ''} {shown.maker.id}".strip()),
            ("does", f"{shown.direction}s {shown.asset}"),
            ("price", f"{number(shown.price)} {shown.currency} for 1 {shown.asset}"),
            ("amounts", f"{number(shown.min_amount)} - {number(shown.max_amount)} {shown.asset}"),
            ("left", f"{number(shown.remaining_amount)} of {number(shown.total_amount)}"),
            ("methods", ", ".join(shown.payment_methods)),
            ("country", shown.country or ""),
            ("to lock", f"{shown.funding_window_s} s"),
            ("to pay", f"{shown.payment_window_s} s"),
            ("terms", shown.terms or ""),
        ]
    )


def trades(shown: Iterable["Trade"]) -> None:
    """Prints a list of trades."""
    table(
        ("trade", "you", "amount", "for", "state", "next", "until"),
        (
            (
                one.id,
                one.viewer.role,
                f"{number(one.amount)} {one.asset}",
                f"{one.fiat_amount:f} {one.currency}",
                one.state,
                one.viewer.primary_action or "",
                moment(one.viewer.deadline_at),
            )
            for one in shown
        ),
    )


def trade(shown: "Trade", *, verified: bool) -> None:
    """Prints a trade."""
    escrow = shown.escrow
    shares = (f"{one.role} {number(one.buyer_amount)}" for one in shown.settlements)
    pairs(
        [
            ("trade", shown.id),
            ("state", shown.state),
            ("you are", f"{shown.viewer.role} ({shown.maker} is the maker)"),
            ("amount", f"{number(shown.amount)} {shown.asset}, fee {number(shown.fee)}"),
            ("money", f"{shown.fiat_amount:f} {shown.currency} by {shown.payment_method}"),
            ("price", f"{number(shown.price)} {shown.currency}"),
            ("seller", f"{shown.seller.name or ''} {shown.seller.wallet}".strip()),
            ("buyer", f"{shown.buyer.name or ''} {shown.buyer.wallet}".strip()),
            ("escrow", f"{escrow.state}, {escrow.confirmations} confirmations"),
            ("escrow id", escrow.id),
            ("contract", f"{escrow.contract} on chain {escrow.chain_id}"),
            ("last on chain", escrow.tx_hash or ""),
            ("details", "sent" if shown.sealed_payment_details else "not sent"),
            ("shares signed", ", ".join(shares)),
            ("next for you", shown.viewer.primary_action or ""),
            ("permitted", ", ".join(shown.viewer.allowed_actions)),
            ("deadline", moment(shown.viewer.deadline_at)),
            ("then", shown.viewer.deadline_effect or ""),
            ("terms", shown.terms or ""),
            ("verified", "yes" if verified else "no: this computer has no note of it"),
        ]
    )
