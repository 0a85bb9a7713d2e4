"""How answers look to people: tables, and texts of strangers that cannot play tricks."""

import unicodedata
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tradepost_client.markets import Market, OfferQuote
    from tradepost_client.models import Account, Event, Exchange, Offer, Trade

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
    rate = percent(exchange.fee_bps)
    return f"The exchange's fee is {rate} % of the coins, paid by the seller on top."


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


def premium(bps: int | None) -> str:
    """How a price stands against the market's: `1.5 % above the market`."""
    if bps is None:
        return ""
    side = "above" if bps > 0 else "below"
    return f"{percent(abs(bps))} % {side} the market" if bps else "at the market"


def percent(bps: int) -> str:
    """1/100 percent as percent: `1.5`."""
    return number(Decimal(bps) / 100)


def price_of(shown: "Offer") -> str:
    """An offer's price of the moment, or why there is none."""
    if shown.price is None:
        return "none: the market has no fresh price"
    return f"{number(shown.price)} {shown.currency}"


def market(found: "Market | None", asset: str, currency: str, now: datetime) -> str:
    """The market's price as a sentence."""
    if found is None:
        return f"There is no fresh market price of {asset} in {currency}."
    age_s = max(0, int((now - found.as_of).total_seconds()))
    told = f"The market: 1 {asset} is {number(found.price)} {currency}, {age_s} s ago."
    return f"{told} {made_up(development=found.development)}".strip()


def made_up(*, development: bool) -> str:
    """What is to be said of a development price."""
    return "It is made up, for development only." if development else ""


def offers(shown: Iterable["Offer"]) -> None:
    """Prints a list of offers."""
    every = list(shown)
    quoted = any(one.quote for one in every)
    table(
        (
            *("offer", "maker", "does", "price", "against the market"),
            *(("for your amount",) if quoted else ()),
            *("amounts", "left", "methods", "state"),
        ),
        (
            (
                one.id,
                _maker(one),
                f"{one.direction}s {one.asset}",
                price_of(one),
                premium(one.premium_bps),
                *((_quote(one),) if quoted else ()),
                f"{number(one.min_amount)} - {number(one.max_amount)} {one.unit}",
                number(one.remaining_amount),
                ", ".join(one.payment_methods),
                _state(one),
            )
            for one in every
        ),
    )


def _maker(one: "Offer") -> str:
    name = one.maker.name or one.maker.id[:8]
    if one.maker_online is None:
        return name
    return f"{'●' if one.maker_online else '○'} {name}"


def _quote(one: "Offer") -> str:
    if one.quote is None:
        return ""
    return f"{number(one.quote.amount)} {one.asset} for {one.quote.fiat_amount:f} {one.currency}"


def _state(one: "Offer") -> str:
    words: list[str] = [one.state]
    if one.hidden_because not in {None, one.state}:
        words.append(str(one.hidden_because).replace("_", " "))
    if one.funded:
        words.append("funded")
    return ", ".join(words)


def _deposit(one: "Offer") -> str:
    if one.direction == "buy" or one.deposit_block is None:
        return ""
    told = "covers what is left" if one.funded else "does not cover what is left"
    return f"{told}, as of block {one.deposit_block}; it can be drawn at any moment"


def offer(shown: "Offer") -> None:
    """Prints an offer."""
    unit, limit = shown.unit, shown.first_trade_limit
    pairs(
        [
            ("offer", shown.id),
            ("state", _state(shown)),
            ("maker", f"{shown.maker.name or ''} {shown.maker.id}".strip()),
            ("does", f"{shown.direction}s {shown.asset}"),
            ("price", f"{price_of(shown)} for 1 {shown.asset}"),
            ("", premium(shown.premium_bps)),
            ("follows", _follows(shown)),
            ("amounts", f"{number(shown.min_amount)} - {number(shown.max_amount)} {unit}"),
            ("left", f"{number(shown.remaining_amount)} of {number(shown.total_amount)} {unit}"),
            ("", "other offers are over the same coins" if shown.shares_coins else ""),
            ("deposit", _deposit(shown)),
            ("methods", ", ".join(shown.payment_methods)),
            ("country", shown.country or ""),
            ("to lock", f"{shown.funding_window_s} s"),
            ("to pay", f"{shown.payment_window_s} s"),
            (
                "shown to",
                {"public": "", "link": "whoever has its link"}.get(
                    shown.visibility, "trusted partners"
                ),
            ),
            ("link", shown.link or ""),
            ("takers", ", ".join(shown.taker_countries)),
            ("they need", _needs(shown)),
            ("first trade", f"at most {number(limit)} {unit}" if limit else ""),
            ("hours", _hours(shown)),
            ("ends", moment(shown.closes_at)),
            ("terms", shown.terms or ""),
        ]
    )


def _follows(one: "Offer") -> str:
    if one.margin_bps is None:
        return ""
    said = f"{one.price_source}, {premium(one.margin_bps)}"
    if one.limit_price is not None:
        bound = "below" if one.direction == "sell" else "above"
        said += f", never {bound} {number(one.limit_price)} {one.currency}"
    return said


def _needs(one: "Offer") -> str:
    days = f"an account of {one.min_account_age_days} days" if one.min_account_age_days else ""
    trades_done = f"{one.min_trades} completed trades" if one.min_trades else ""
    return " and ".join(part for part in (trades_done, days) if part)


def _hours(one: "Offer") -> str:
    if one.working_hours is None:
        return ""
    days: dict[str, list[str]] = {}
    for span in one.working_hours.spans:
        days.setdefault(f"{span.opens}-{span.closes}", []).append(span.day)
    spans = (f"{','.join(named)} {clock}" for clock, named in days.items())
    return f"{'; '.join(spans)} {one.working_hours.time_zone}"


def quote(shown: "OfferQuote", of: "Offer") -> list[tuple[str, str]]:
    """A quote as names with their values."""
    verb = "buy" if of.direction == "sell" else "sell"
    return [
        (f"you {verb}", f"{number(shown.amount)} {of.asset}"),
        ("for", f"{shown.fiat_amount:f} {of.currency}"),
        ("price", f"{number(shown.price)} {of.currency} for 1 {of.asset}"),
        ("", premium(shown.premium_bps)),
        ("rounded for", f"the {shown.rounded_for}"),
        ("held until", moment(shown.held_until)),
    ]


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


def happened(shown: "Event") -> str:
    """One line for something that happened to a trade."""
    told = shown.payload
    what = " ".join(str(told[name]) for name in ("event", "state") if name in told)
    line = f"{shown.seq:>6}  {moment(shown.created_at)}  {told.get('trade_id', '')}  {shown.type}"
    return clean(f"{line}  {what}".rstrip())


def trade(shown: "Trade", *, verified: bool) -> None:
    """Prints a trade."""
    escrow = shown.escrow
    shares = (
        f"{one.role} {number(one.buyer_amount)} until"
        f" {moment(datetime.fromtimestamp(one.valid_until, UTC))}"
        for one in shown.settlements
    )
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
