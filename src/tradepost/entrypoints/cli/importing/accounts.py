"""`tradepost account payment import`: payment accounts of a file, each kept once."""

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from tradepost.entrypoints.cli.desk import Desk
from tradepost.entrypoints.cli.importing.files import Fault, Row, read
from tradepost.entrypoints.cli.importing.runs import Report, Step, key_of, run
from tradepost_client.accounts import MAX_LABEL
from tradepost_payments.accounts import AccountInvalid, check_account

if TYPE_CHECKING:
    from tradepost_payments.model import PaymentMethod

_OWN = frozenset({"method", "label"})


def import_file(desk: Desk, file: Path, *, dry_run: bool) -> None:
    """Checks every row of the file, and keeps those that are right unless `dry_run`."""
    client = desk.client(signed_in=not dry_run)
    methods = {one.code: one.form() for one in client.payment_methods()}
    fields = frozenset(entry.name for method in methods.values() for entry in method.fields)
    rows, faults = read(file, fields | _OWN)
    accounts: list[tuple[Row, str, str, dict[str, str]]] = []
    for row in rows:
        found, wrong = understood(row, methods)
        faults += wrong
        if not wrong:
            accounts.append((row, *found))
    report = Report("payment accounts", dry_run=dry_run, faults=faults)
    if dry_run or not accounts:
        report.right = len(accounts)
        report.end(desk)
    trader = desk.trader()
    desk.ask(
        [
            (
                f"Payment accounts to be sealed and kept, unless they were: {len(accounts)};"
                f" wrong lines: {report.wrong_lines}."
            )
        ],
        "Keep them?",
    )
    owner = client.account().id
    there = {(one.method, tuple(one.fields.items())): one.id for one in trader.accounts.list()}

    def keep(method: str, label: str, entries: Mapping[str, str]) -> str:
        # A seal is never the same twice, so that an idempotency key alone would not do.
        known = there.get((method, tuple(entries.items())))
        return known or trader.accounts.add(method, entries, label=label).id

    steps = (
        Step(row.line, key_of("account", owner, row), partial(keep, method, label, entries))
        for row, method, label, entries in accounts
    )
    run(desk, report, steps)


def understood(
    row: Row, methods: Mapping[str, "PaymentMethod"]
) -> tuple[tuple[str, str, dict[str, str]], list[Fault]]:
    """The method, the label and the fields that a row says, or all that is wrong with it."""
    entries = {name: value for name, value in row.said.items() if name not in _OWN}
    texts = {name: str(value) for name, value in entries.items() if not isinstance(value, list)}
    wrong = [Fault(row.line, name, "has to be text") for name in entries.keys() - texts.keys()]
    code, label = str(row.said.get("method", "")), str(row.said.get("label", ""))
    method = methods.get(code)
    if len(label) > MAX_LABEL:
        wrong.append(Fault(row.line, "label", f"has more than {MAX_LABEL} characters"))
    if method is None:
        words = f"the exchange does not know {code[:40]!r}" if code else "it is needed"
        wrong.append(Fault(row.line, "method", words))
    fields: dict[str, str] = {}
    if method is not None and not wrong:
        try:
            fields = check_account(method, texts)
        except AccountInvalid as error:
            wrong += [Fault(row.line, name, words) for name, words in error.faults.items()]
    return (code, label, fields), wrong
