"""`tradepost trade`: from taking an offer to its end, with or without the exchange."""

import time
from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tradepost.entrypoints.cli import shown
from tradepost.entrypoints.cli.desk import Desk, ExitCode, amount, command, entry, fail, share
from tradepost.entrypoints.cli.offer import Link
from tradepost.entrypoints.cli.shown import number

if TYPE_CHECKING:
    from tradepost_client import Trader
    from tradepost_client.agreement import KnownTrade
    from tradepost_client.evm import Receipt
    from tradepost_client.models import Trade
    from tradepost_payments.codes import PaymentCode

trade = typer.Typer(no_args_is_help=True, help="Trades: take an offer, and bring it to its end.")

TradeId = Annotated[str, typer.Argument(help="The trade's id.")]
OnChain = Annotated[
    bool,
    typer.Option("--on-chain", help="By a transaction of your own wallet, without the exchange."),
]


#: How long the exchange may take to see what the trader's own node has confirmed.
_EXCHANGE_PATIENCE_S = 20.0
_AFTER_LOCK = frozenset({"escrowed", "payment_sent", "releasing", "refunding", "disputed"})


class Reason(StrEnum):
    """Why the arbitrator is called."""

    NOT_PAID = "not_paid"
    PAID_NOT_RELEASED = "paid_not_released"
    WRONG_AMOUNT = "wrong_amount"
    WRONG_SENDER = "wrong_sender"
    OTHER = "other"


@command(trade, "take", asks=True)
def take(
    desk: Desk,
    offer_id: Annotated[str, typer.Argument(help="The offer's id.")],
    method: Annotated[str, typer.Option(help="The payment method's code.")],
    coins: Annotated[
        Decimal | None,
        typer.Option("--amount", parser=amount, metavar="AMOUNT", help="In whole coins; or"),
    ] = None,
    fiat: Annotated[
        Decimal | None, typer.Option(parser=amount, metavar="AMOUNT", help="in money.")
    ] = None,
    price_limit: Annotated[
        Decimal | None,
        typer.Option(parser=amount, metavar="PRICE", help="The worst price; else the quote's."),
    ] = None,
    link: Link = None,
    country: Annotated[
        str | None, typer.Option(help="Where you are, for an offer that asks.")
    ] = None,
) -> None:
    """Take an offer at the price that is held for you; nothing is locked yet."""
    if (coins is None) == (fiat is None):
        fail(ExitCode.USAGE, "Give either --amount or --fiat.")
    trader = desk.trader()
    seen = trader.client.offer(offer_id, link=link)
    quote = trader.quote(seen, amount=coins, fiat_amount=fiat, price_limit=price_limit, link=link)
    verb = "buy" if seen.direction == "sell" else "sell"
    against = shown.premium(quote.premium_bps)
    desk.ask(
        [
            (
                f"You {verb} {number(quote.amount)} {seen.asset} for {quote.fiat_amount:f}"
                f" {seen.currency} by {method}."
            ),
            (
                f"The price is {number(quote.price)} {seen.currency} for one"
                f"{against and f', {against}'}; it is held until {shown.moment(quote.held_until)}."
            ),
            f"The maker's terms: {seen.terms or 'none'}",
            shown.fee(trader.client.exchange()),
        ],
        "Take it?",
    )
    taken = trader.take(
        seen,
        method=method,
        amount=coins,
        fiat_amount=fiat,
        price_limit=price_limit,
        quote=quote,
        link=link,
        country=country,
    )
    _show(desk, taken, verified=True)


@command(trade, "lock", asks=True)
def lock(
    desk: Desk,
    trade_id: TradeId,
    relayed: Annotated[
        bool,
        typer.Option(
            "--relayed/--own",
            help="Sign, and have the exchange lock, where the coin knows a way; or lock yourself.",
        ),
    ] = False,
) -> None:
    """As the seller: lock the coins in the escrow, and wait for its confirmations."""
    trader = desk.trader()
    seen, known = trader.trade(trade_id), trader.known(trade_id)
    terms, agreement = known.terms, known.agreement
    desk.ask(
        [
            (
                f"You lock {number(seen.amount + seen.fee)} {seen.asset}: {number(seen.amount)} for"
                f" the buyer {terms.buyer}, and a fee of {number(seen.fee)}."
            ),
            f"He pays you {seen.fiat_amount:f} {seen.currency} by {seen.payment_method}.",
            f"Contract {agreement.contract} on chain {agreement.chain_id}, token {terms.token}.",
            *(
                [f"What you sign for it is good until {shown.moment(seen.funding_deadline)}."]
                if relayed
                else []
            ),
        ],
        "Lock?",
    )
    before = seen.escrow.state != "none"
    receipts = trader.lock(trade_id, desk.progress, relayed=relayed)
    if not receipts:
        desk.say("It is locked already." if before else "The exchange has locked it for you.")
    _show(desk, _locked(trader, trade_id), verified=True)


def _locked(trader: "Trader", trade_id: str) -> "Trade":
    """The trade once the exchange has seen the lock, too; after a while as it is."""
    from tradepost_client.errors import Unfinished

    try:
        return trader.until(trade_id, _AFTER_LOCK, timeout_s=_EXCHANGE_PATIENCE_S)
    except Unfinished:
        return trader.trade(trade_id)


@command(trade, "details")
def details(
    desk: Desk,
    trade_id: TradeId,
    field: Annotated[
        list[str] | None,
        typer.Option(help="name=value: as the seller, send these; may be repeated."),
    ] = None,
    account: Annotated[
        str | None, typer.Option(help="As the seller, send this payment account of yours.")
    ] = None,
) -> None:
    """Send the payment details sealed to the buyer; or, without any, open them.

    The buyer is shown the code that a banking app scans, where the method has one.
    """
    if field and account:
        fail(ExitCode.USAGE, "Give either --field or --account.")
    trader = desk.trader()
    if field or account:
        fields = dict(entry(text) for text in field or ())
        if account:
            fields = _stored(trader, trade_id, account)
        _show(desk, trader.send_payment_details(trade_id, fields), verified=True)
        return
    _show_details(desk, trader.trade(trade_id), trader.open_payment_details(trade_id))


def _show_details(desk: Desk, seen: "Trade", opened: dict[str, str]) -> None:
    from tradepost_payments.codes import reference

    said = reference(seen.id)
    code, reason = _payment_code(seen, opened, said)
    # Ours come last: the seller, who named the fields, cannot speak in their place.
    machine: dict[str, Any] = {**opened, "payment_reference": said, "payment_code": None}
    if code is not None:
        machine["payment_code"] = {"kind": code.kind, "text": code.text}

    def human() -> None:
        due = f"{seen.fiat_amount:f} {seen.currency} by {seen.payment_method}"
        shown.pairs([*opened.items(), ("to pay", due), ("payment's text", said)])
        if reason:
            typer.echo(shown.clean(reason))
        if code is not None:
            typer.echo(code.terminal())
            typer.echo(shown.clean(code.text))

    desk.show(machine, human)


def _stored(trader: "Trader", trade_id: str, account_id: str) -> dict[str, str]:
    """The fields of an own payment account, for a trade by its method."""
    stored = trader.accounts.get(account_id)
    method = trader.trade(trade_id).payment_method
    if stored.method != method:
        fail(ExitCode.USAGE, f"The account is of {stored.method}, the trade is by {method}.")
    return stored.fields


def _payment_code(
    seen: "Trade", opened: dict[str, str], said: str
) -> "tuple[PaymentCode | None, str]":
    """What the buyer's banking app scans, or why there is none."""
    from tradepost_payments.accounts import AccountInvalid, check_account
    from tradepost_payments.codes import CodeImpossible, payment_code
    from tradepost_payments.registry import builtin

    method = builtin().get(seen.payment_method)
    if seen.viewer.role != "buyer" or method is None:
        return None, ""
    known = {field.name for field in method.fields}
    entries = {name: text for name, text in opened.items() if name in known}
    # The seller may have written what he liked: only what is right goes into a code.
    try:
        checked = check_account(method, entries)
        return payment_code(method, checked, seen.fiat_amount, seen.currency, said), ""
    except (AccountInvalid, CodeImpossible) as error:
        return None, f"There is no code to scan: {error}."


@command(trade, "paid", asks=True)
def paid(desk: Desk, trade_id: TradeId, on_chain: OnChain = False) -> None:
    """As the buyer: sign that you have paid."""
    trader = desk.trader(signed_in=not on_chain)
    known = trader.known(trade_id)
    _ask(desk, known, "You say that you have paid for", "Have you paid?")
    if on_chain:
        _show_receipt(desk, trader.escrow.mark_paid(known, desk.progress))
    else:
        _show(desk, trader.payment_sent(trade_id), verified=True)


@command(trade, "release", asks=True)
def release(desk: Desk, trade_id: TradeId, on_chain: OnChain = False) -> None:
    """As the seller: give the buyer the coins. It cannot be undone."""
    trader = desk.trader(signed_in=not on_chain)
    known = trader.known(trade_id)
    _ask(desk, known, f"You give to {known.terms.buyer}", "Have you got the money?")
    if on_chain:
        _show_receipt(desk, trader.escrow.release(known, desk.progress))
    else:
        _show(desk, trader.release(trade_id), verified=True)


@command(trade, "refund", asks=True)
def refund(desk: Desk, trade_id: TradeId, on_chain: OnChain = False) -> None:
    """As the buyer: give the coins back to the seller. It cannot be undone."""
    trader = desk.trader(signed_in=not on_chain)
    known = trader.known(trade_id)
    _ask(desk, known, f"You give back to {known.terms.seller}", "Have you NOT paid?")
    if on_chain:
        _show_receipt(desk, trader.escrow.refund(known, desk.progress))
    else:
        _show(desk, trader.refund(trade_id), verified=True)


@command(trade, "cancel", asks=True)
def cancel(desk: Desk, trade_id: TradeId, on_chain: OnChain = False) -> None:
    """Leave a trade before the lock; or, as the seller, ask for the coins after the deadline."""
    from tradepost_contracts.state import Status

    trader = desk.trader(signed_in=not on_chain)
    known = trader.known(trade_id)
    _ask(desk, known, "You cancel the trade about", "Cancel?")
    if not on_chain:
        _show(desk, trader.cancel(trade_id), verified=True)
    elif trader.escrow.state(known).status is Status.CANCEL_REQUESTED:
        _show_receipt(desk, trader.escrow.cancel(known, desk.progress))
    else:
        _show_receipt(desk, trader.escrow.request_cancel(known, desk.progress))


@command(trade, "dispute", asks=True)
def dispute(
    desk: Desk, trade_id: TradeId, reason: Annotated[Reason, typer.Argument(help="Why.")]
) -> None:
    """Call the arbitrator."""
    desk.ask([f"You call the arbitrator: {reason.value}."], "Call?")
    _show(desk, desk.client().dispute(trade_id, reason.value), verified=False)


@command(trade, "settle", asks=True)
def settle(
    desk: Desk,
    trade_id: TradeId,
    buyer_amount: Annotated[
        Decimal, typer.Argument(parser=share, metavar="AMOUNT", help="The buyer's, in coins.")
    ],
    days: Annotated[
        int, typer.Option(min=1, max=29, help="How long an offer that nobody made yet is open.")
    ] = 7,
) -> None:
    """Sign how much of the coins the buyer gets; two of the three parties have to agree."""
    trader = desk.trader()
    seen = trader.client.trade(trade_id)
    rest = seen.amount - buyer_amount
    desk.ask(
        [
            (
                f"Of {number(seen.amount)} {seen.asset} the buyer gets {number(buyer_amount)},"
                f" the seller {number(rest)}."
            )
        ],
        "Sign?",
    )
    _show(desk, trader.settle(trade_id, buyer_amount, open_s=days * 86_400), verified=True)


@command(trade, "show")
def show(desk: Desk, trade_id: TradeId) -> None:
    """Show a trade, held against what was agreed on this computer."""
    seen, verified = _look(desk, trade_id)
    _show(desk, seen, verified=verified)


@command(trade, "list")
def list_trades(
    desk: Desk,
    state: Annotated[str | None, typer.Option(help="Only those in this state.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="At most so many.")] = 20,
) -> None:
    """Show your trades, newest first."""
    some = list(islice(desk.client().trades(state=state), limit))
    desk.show({"data": [one.model_dump(mode="json") for one in some]}, lambda: shown.trades(some))


@command(trade, "export")
def export_trades(
    desk: Desk,
    since: Annotated[
        datetime | None, typer.Option("--from", help="That ended then or later.")
    ] = None,
    until: Annotated[datetime | None, typer.Option("--to", help="That ended before then.")] = None,
) -> None:
    """Write all your trades as CSV, or with --json a line each, for books and taxes; in UTC."""
    lines = desk.client().export_trades(
        "ndjson" if desk.as_json else "csv",
        since=since and since.replace(tzinfo=UTC),
        until=until and until.replace(tzinfo=UTC),
    )
    for line in lines:
        typer.echo(line)


@command(trade, "watch")
def watch(
    desk: Desk,
    trade_id: TradeId,
    interval: Annotated[float, typer.Option(min=0.2, max=3600, help="Seconds.")] = 2.0,
) -> None:
    """Show a trade whenever it changes, until it has ended; with --json a line each."""
    from tradepost_client import FINAL_STATES

    client, notebook, before = desk.client(), desk.notebook(), None
    known = notebook.trade(trade_id)
    while True:
        seen = client.trade(trade_id)
        _hold(seen, known)
        now = (seen.state, seen.escrow.state, seen.viewer.allowed_actions, seen.settlements)
        if now != before:
            before = now
            _tell(desk, seen)
        if seen.state in FINAL_STATES:
            return
        time.sleep(interval)


@command(trade, "follow")
def follow(
    desk: Desk,
    after: Annotated[
        int | None, typer.Option(min=0, help="Go on behind this number; else from now on.")
    ] = None,
) -> None:
    """Show what happens to all your trades, as it happens, until Ctrl-C; --json: a line each."""
    from tradepost_client.streams import Happened

    known = {} if after is None else {"trades": after}
    for told in desk.client().stream(["trades"], resume_from=known):
        if isinstance(told, Happened):
            machine, line = told.event.model_dump(mode="json"), shown.happened(told.event)
        else:
            # What was missed is told by no event: the list of trades has what became of it.
            machine = told.model_dump(mode="json")
            line = "You missed something: look at 'tradepost trade list'."
        desk.show(machine, partial(typer.echo, line))


def _tell(desk: Desk, seen: "Trade") -> None:
    line = f"{shown.moment(seen.viewer.server_now)}  {seen.state:16} escrow {seen.escrow.state}"
    allowed = ", ".join(seen.viewer.allowed_actions)
    desk.show(
        seen.model_dump(mode="json"),
        lambda: typer.echo(shown.clean(f"{line:60}  {allowed}".rstrip())),
    )


def _look(desk: Desk, trade_id: str) -> tuple["Trade", bool]:
    seen, known = desk.client().trade(trade_id), desk.notebook().trade(trade_id)
    _hold(seen, known)
    return seen, known is not None


def _hold(seen: "Trade", known: "KnownTrade | None") -> None:
    from tradepost_client.verify import check_unchanged

    if known is not None:
        check_unchanged(seen, known)


def _ask(desk: Desk, known: "KnownTrade", what: str, question: str) -> None:
    from tradepost_client.amounts import from_minor

    coins = from_minor(known.terms.amount, known.agreement.decimals)
    desk.ask([f"{what} {number(coins)} {known.agreement.asset} (trade {known.id})."], question)


def _show(desk: Desk, one: "Trade", *, verified: bool) -> None:
    machine = one.model_dump(mode="json") | {"verified": verified}
    desk.show(machine, lambda: shown.trade(one, verified=verified))


def _show_receipt(desk: Desk, receipt: "Receipt") -> None:
    machine = {"tx_hash": receipt.tx_hash, "block_number": receipt.block_number}
    desk.show(machine, lambda: typer.echo(f"On the chain by {receipt.tx_hash}."))
