"""A payment account: a form of a payment method, filled in. It exists in clear on clients only."""

from collections.abc import Mapping
from typing import Final

from tradepost_payments.fields import FieldInvalid, check
from tradepost_payments.model import FieldKind, PaymentMethod, Registry

#: More entries than any form has.
_MAX_FIELDS: Final = 40


class AccountInvalid(ValueError):
    """A payment account cannot be paid to as it is.

    Attributes:
        faults: The reason for each field that is wrong, by its name.
    """

    def __init__(self, faults: Mapping[str, str]) -> None:
        super().__init__("; ".join(f"{name}: {reason}" for name, reason in faults.items()))
        self.faults = dict(faults)


def check_account(method: PaymentMethod, entries: Mapping[str, str]) -> dict[str, str]:
    """The entries in their normal form, in the order of the method's form.

    An entry that is empty counts as none.

    Raises:
        AccountInvalid: A field is unknown, missing or not what it should be; it tells of each.
    """
    if len(entries) > _MAX_FIELDS:
        raise AccountInvalid({method.code: f"it has more than {_MAX_FIELDS} entries"})
    known = {field.name for field in method.fields}
    faults = {
        name[:40]: f"{method.name} has no such field" for name in entries if name not in known
    }
    found: dict[str, str] = {}
    for field in method.fields:
        typed = entries.get(field.name, "")
        if not typed.strip():
            if field.required:
                faults[field.name] = "it is needed"
            continue
        try:
            found[field.name] = check(field, method, typed)
        except FieldInvalid as error:
            faults[field.name] = str(error)
    if faults:
        raise AccountInvalid(faults)
    return found


def lines(
    registry: Registry, method: PaymentMethod, account: Mapping[str, str], language: str
) -> list[tuple[str, str]]:
    """What people read of a payment account: pairs of a label and a value, in the form's order.

    `account` is what `check_account` gave; entries of fields that the form does not have any more
    come last, under their own names, so that nothing of what was sealed is lost.
    """
    shown: list[tuple[str, str]] = []
    for field in method.fields:
        value = account.get(field.name)
        if value is None:
            continue
        if field.kind is FieldKind.CHOICE and value in field.options:
            value = registry.label(f"option.{value}", language)
        shown.append((registry.label(field.label, language), _spaced(field.kind, value)))
    known = {field.name for field in method.fields}
    shown += [(name, value) for name, value in account.items() if name not in known]
    return shown


def _spaced(kind: FieldKind, value: str) -> str:
    """Long numbers in groups of four, as on a card: easier to compare."""
    if kind not in {FieldKind.IBAN, FieldKind.CARD_NUMBER, FieldKind.MX_CLABE, FieldKind.AR_CBU}:
        return value
    return " ".join(value[at : at + 4] for at in range(0, len(value), 4))
