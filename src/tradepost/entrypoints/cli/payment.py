"""`tradepost method`: ways to pay; `tradepost account payment`: where one is paid by them."""

from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tradepost.entrypoints.cli import shown
from tradepost.entrypoints.cli.desk import Desk, command, entry

if TYPE_CHECKING:
    from tradepost_client.payments import PaymentAccount, PaymentMethod

method = typer.Typer(no_args_is_help=True, help="Payment methods: ways to pay, and their risks.")
payment = typer.Typer(
    no_args_is_help=True, help="Your payment accounts, sealed: the exchange cannot read them."
)

_Language = Annotated[str | None, typer.Option(help="en, es, pt, fr, de, tr, ru, zh or hi.")]
_Code = Annotated[str, typer.Argument(help="The payment method's code.")]
_AccountId = Annotated[str, typer.Argument(help="The payment account's id.")]


@command(method, "list")
def list_methods(
    desk: Desk,
    country: Annotated[str | None, typer.Option(help="Served there: ISO 3166-1.")] = None,
    currency: Annotated[str | None, typer.Option(help="That carry it.")] = None,
    category: Annotated[str | None, typer.Option(help="Such as bank or mobile_money.")] = None,
    text: Annotated[str | None, typer.Option(help="Sought in codes and names.")] = None,
    language: _Language = None,
    limit: Annotated[int, typer.Option(min=1, max=2000, help="At most so many.")] = 500,
) -> None:
    """Show the payment methods of the exchange."""
    found = desk.client(signed_in=False).payment_methods(
        currency=currency, country=country, category=category, text=text, language=language
    )
    some = list(islice(found, limit))

    def human() -> None:
        shown.table(
            ("method", "name", "kind", "countries", "currencies", "chargeback"),
            (
                (
                    one.code,
                    one.name,
                    one.category_name,
                    _some(one.countries),
                    _some(one.currencies),
                    one.chargeback_risk,
                )
                for one in some
            ),
        )

    desk.show({"data": [one.model_dump(mode="json") for one in some]}, human)


def _some(codes: tuple[str, ...] | None, most: int = 6) -> str:
    if codes is None:
        return "any"
    rest = len(codes) - most
    return " ".join(codes[:most]) + (f" and {rest} more" if rest > 0 else "")


@command(method, "show")
def show_method(desk: Desk, code: _Code, language: _Language = None) -> None:
    """Show one payment method, and what an account of it says."""
    found = desk.client(signed_in=False).payment_method(code, language=language)
    desk.show(found.model_dump(mode="json"), lambda: _method(found))


def _method(one: "PaymentMethod") -> None:
    shown.pairs(
        [
            ("method", one.code),
            ("name", one.name),
            ("kind", one.category_name),
            ("countries", _some(one.countries, 300)),
            ("currencies", _some(one.currencies, 300)),
            ("can be taken back", "yes" if one.reversible else "no"),
            ("chargeback risk", one.chargeback_risk),
            ("usually takes", f"{one.duration_s} s"),
            ("to pay", f"{one.payment_window_s} s"),
            ("from", "the operator" if one.origin == "operator" else "the signed registry"),
        ]
    )
    shown.table(
        ("field", "says", "needed", "one of"),
        (
            (
                field.name,
                field.label,
                "yes" if field.required else "",
                ", ".join(option.value for option in field.options),
            )
            for field in one.fields
        ),
    )


@command(payment, "add")
def add_account(
    desk: Desk,
    code: _Code,
    field: Annotated[list[str], typer.Option(help="name=value; may be repeated.")],
    label: Annotated[str, typer.Option(help="What you call it.")] = "",
) -> None:
    """Check a payment account, seal it to your wallet, and have the exchange keep it."""
    kept = desk.trader().accounts.add(code, dict(entry(text) for text in field), label=label)
    _show(desk, kept)


@command(payment, "list")
def list_accounts(desk: Desk) -> None:
    """Show your payment accounts."""
    found = desk.trader().accounts.list()
    rows = [(one.id, one.method, one.label, ", ".join(one.fields.values())) for one in found]
    desk.show(
        {"data": [_machine(one) for one in found]},
        lambda: shown.table(("account", "method", "label", "says"), rows),
    )


@command(payment, "show")
def show_account(desk: Desk, account_id: _AccountId) -> None:
    """Show one of your payment accounts."""
    _show(desk, desk.trader().accounts.get(account_id))


@command(payment, "replace")
def replace_account(
    desk: Desk,
    account_id: _AccountId,
    field: Annotated[list[str], typer.Option(help="name=value: all of them, from now on.")],
) -> None:
    """Say anew what a payment account says; trades keep what they were told."""
    trader = desk.trader()
    seen = trader.accounts.get(account_id)
    _show(desk, trader.accounts.replace(seen, dict(entry(text) for text in field)))


@command(payment, "remove", asks=True)
def remove_account(desk: Desk, account_id: _AccountId) -> None:
    """Delete a payment account; trades keep what they were told."""
    trader = desk.trader()
    seen = trader.accounts.get(account_id)
    desk.ask([f"{seen.method} {seen.label}: {', '.join(seen.fields.values())}"], "Delete it?")
    trader.accounts.remove(seen)
    desk.show({"removed": account_id}, lambda: typer.echo("It is deleted."))


@command(payment, "import", asks=True)
def import_accounts(
    desk: Desk,
    file: Annotated[Path, typer.Argument(help="A CSV or JSON file.")],
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only say what is wrong with which line.")
    ] = False,
) -> None:
    """Keep the payment accounts of a file, each once however often this is repeated."""
    from tradepost.entrypoints.cli.importing.accounts import import_file

    import_file(desk, file, dry_run=dry_run)


def _machine(one: "PaymentAccount") -> dict[str, Any]:
    return {"id": one.id, "method": one.method, "label": one.label, "fields": one.fields}


def _show(desk: Desk, one: "PaymentAccount") -> None:
    rows = [("account", one.id), ("method", one.method), ("label", one.label)]
    desk.show(_machine(one), lambda: shown.pairs([*rows, *one.fields.items()]))
