"""The exchange's answers about ways to pay, and payment accounts as it keeps them: sealed.

They follow the rules of `models`.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field, StringConstraints

from tradepost_client.errors import AnswerMalformed
from tradepost_client.models import Id, Model, Time

if TYPE_CHECKING:
    from tradepost_payments.model import PaymentMethod as Form


class Option(Model):
    """One of the values of a choice, with what people read."""

    value: str
    label: str


class FormField(Model):
    """One entry of a payment account's form."""

    name: str
    kind: str
    required: bool
    label: str
    min_length: Annotated[int, Field(ge=0, le=10_000)]
    max_length: Annotated[int, Field(ge=0, le=10_000)]
    options: tuple[Option, ...]


class PaymentMethod(Model):
    """A way to pay; `countries` and `currencies` are None where they are any."""

    code: str
    name: str
    category: str
    category_name: str
    countries: tuple[str, ...] | None
    currencies: tuple[str, ...] | None
    reversible: bool
    chargeback_risk: str
    duration_s: int
    payment_window_s: int
    limit_bps: int
    fields: tuple[FormField, ...]
    origin: Literal["registry", "operator"]

    def takes(self, currency: str) -> bool:
        """Whether it carries this currency."""
        return self.currencies is None or currency in self.currencies

    def form(self) -> "Form":
        """The method as `tradepost_payments` checks accounts of it; raises `AnswerMalformed`."""
        from tradepost_payments import model

        try:
            fields = tuple(
                model.Field(
                    name=field.name,
                    kind=model.FieldKind(field.kind),
                    required=field.required,
                    label=field.label,
                    min_length=field.min_length,
                    max_length=field.max_length,
                    options=tuple(option.value for option in field.options),
                )
                for field in self.fields
            )
            category, risk = model.Category(self.category), model.Risk(self.chargeback_risk)
        except ValueError as error:
            raise AnswerMalformed(f"The form of {self.code} is not known: {error}.") from None
        return model.PaymentMethod(
            code=self.code,
            name=self.name,
            names={},
            category=category,
            countries=self.countries,
            currencies=self.currencies,
            reversible=self.reversible,
            chargeback_risk=risk,
            duration_s=self.duration_s,
            payment_window_s=self.payment_window_s,
            limit_bps=self.limit_bps,
            fields=fields,
            origin=self.origin,
        )


class SignedBy(Model):
    """Which registry of payment methods an exchange uses, and who signed it."""

    version: int
    key_id: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{16}$")]
    signature: Annotated[str, Field(max_length=200)]


class SignedRegistry(SignedBy):
    """The registry as it was signed."""

    signed: str


class SealedAccount(Model):
    """A payment account as the exchange keeps it."""

    id: Id
    version: int
    method: str
    sealed: Annotated[str, Field(max_length=10_000)]
    created_at: Time
    updated_at: Time


@dataclass(frozen=True, slots=True)
class PaymentAccount:
    """An own payment account, opened: where the trader is paid by a method."""

    id: str
    version: int
    method: str
    label: str
    fields: dict[str, str]
