"""The form of the files of payment methods, and what has to hold beyond their form."""

import re
from collections.abc import Mapping
from functools import cache
from typing import Annotated, Any, Final, Literal, Self

import pycountry
from iso4217 import Currency
from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    model_validator,
)

from tradepost_payments import model
from tradepost_payments.model import (
    LANGUAGES,
    LIMIT_BPS,
    PAYMENT_WINDOW_S,
    Category,
    FieldKind,
    PaymentMethod,
    RegistryInvalid,
    Risk,
)
from tradepost_payments.text import clean

#: Longer than any value of an account has to be.
MAX_FIELD_LENGTH: Final = 500
#: Names that stand in the place of a code in the API's addresses.
_RESERVED: Final = frozenset({"registry"})
#: Units of account and funds in ISO 4217: nobody can pay in them.
_FUNDS: Final = frozenset({"BOV", "CHE", "CHW", "CLF", "COU", "MXV", "USN", "UYI", "UYW", "XAD"})


@cache
def currencies() -> frozenset[str]:
    """The codes of all currencies of ISO 4217 that somebody can pay in."""
    return frozenset(
        found.code for found in Currency if found.exponent is not None and found.code not in _FUNDS
    )


@cache
def countries() -> frozenset[str]:
    """The two-letter codes of ISO 3166-1."""
    return frozenset(country.alpha_2 for country in pycountry.countries)


def _cleaned(text: str) -> str:
    if clean(text) != text:
        raise ValueError("it has spaces too many, or is not in composed form")
    return text


def _sorted_once(codes: tuple[str, ...]) -> tuple[str, ...]:
    if list(codes) != sorted(set(codes)):
        raise ValueError("each stands once, in the order of the alphabet")
    return codes


def _existing_countries(codes: tuple[str, ...]) -> tuple[str, ...]:
    if unknown := set(codes) - countries():
        raise ValueError(f"no countries of ISO 3166: {', '.join(sorted(unknown))}")
    return codes


def _existing_currencies(codes: tuple[str, ...]) -> tuple[str, ...]:
    if unknown := set(codes) - currencies():
        raise ValueError(f"no currencies of ISO 4217: {', '.join(sorted(unknown))}")
    return codes


def _every_language(texts: dict[str, str]) -> dict[str, str]:
    if texts and set(texts) != set(LANGUAGES):
        raise ValueError(f"it has to be told in {', '.join(LANGUAGES)}, and in nothing else")
    return texts


Code = Annotated[str, StringConstraints(pattern=r"^[a-z0-9_]{1,40}$")]
LabelKey = Annotated[str, StringConstraints(pattern=r"^[a-z_]{1,20}\.[a-z0-9_]{1,40}$")]
Words = Annotated[str, Field(min_length=1, max_length=80), AfterValidator(_cleaned)]
Translated = Annotated[dict[str, Words], Field(max_length=20), AfterValidator(_every_language)]
Labels = Annotated[
    dict[LabelKey, Annotated[Translated, Field(min_length=1)]], Field(max_length=500)
]
Countries = Annotated[
    tuple[str, ...],
    Field(min_length=1, max_length=300),
    AfterValidator(_sorted_once),
    AfterValidator(_existing_countries),
]
Currencies = Annotated[
    tuple[str, ...],
    Field(min_length=1, max_length=300),
    AfterValidator(_sorted_once),
    AfterValidator(_existing_currencies),
]
Seconds = Annotated[int, Field(ge=1, le=60 * 86_400, strict=True)]
Window = Annotated[int, Field(ge=PAYMENT_WINDOW_S.start, le=PAYMENT_WINDOW_S.stop - 1, strict=True)]
Length = Annotated[int, Field(ge=1, le=MAX_FIELD_LENGTH, strict=True)]


class _Entry(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class FieldEntry(_Entry):
    """One field of a method's form."""

    name: Code
    kind: FieldKind
    required: Annotated[bool, Field(strict=True)]
    label: LabelKey
    min_length: Length = 1
    max_length: Length
    options: Annotated[tuple[Code, ...], Field(max_length=50)] = ()

    @model_validator(mode="after")
    def _sensible(self) -> Self:
        if self.min_length > self.max_length:
            raise ValueError(f"{self.name}: min_length is above max_length")
        if (self.kind is FieldKind.CHOICE) != bool(self.options):
            raise ValueError(f"{self.name}: a choice has options, nothing else has")
        if len(set(self.options)) != len(self.options):
            raise ValueError(f"{self.name}: an option stands twice")
        return self

    def labels(self) -> set[str]:
        """The keys of all labels that it needs."""
        return {self.label, *(f"option.{option}" for option in self.options)}


class MethodEntry(_Entry):
    """One payment method."""

    code: Code
    name: Words
    names: Translated = {}
    category: Category
    countries: Countries | None
    currencies: Currencies | None
    reversible: Annotated[bool, Field(strict=True)]
    chargeback_risk: Risk
    duration_s: Seconds
    payment_window_s: Window
    limit_bps: Literal[1_250, 2_500, 5_000, 10_000] | None = None
    fields: Annotated[tuple[FieldEntry, ...], Field(min_length=1, max_length=20)]

    @model_validator(mode="after")
    def _sensible(self) -> Self:
        if self.names and self.names["en"] != self.name:
            raise ValueError("the English name is another one")
        if self.reversible != (self.chargeback_risk in {Risk.MEDIUM, Risk.HIGH}):
            raise ValueError("reversible does not agree with chargeback_risk")
        if self.duration_s > self.payment_window_s:
            raise ValueError("the payment_window_s is shorter than a payment takes")
        names = [field.name for field in self.fields]
        if len(set(names)) != len(names):
            raise ValueError("two fields have the same name")
        if not any(field.required for field in self.fields):
            raise ValueError("at least one field has to be required")
        return self

    def labels(self) -> set[str]:
        """The keys of all labels that it needs."""
        return {f"category.{self.category}"}.union(*(field.labels() for field in self.fields))

    def method(self, origin: str) -> PaymentMethod:
        """In the model's words."""
        limit = LIMIT_BPS[self.chargeback_risk] if self.limit_bps is None else self.limit_bps
        return PaymentMethod(
            code=self.code,
            name=self.name,
            names=self.names,
            category=self.category,
            countries=self.countries,
            currencies=self.currencies,
            reversible=self.reversible,
            chargeback_risk=self.chargeback_risk,
            duration_s=self.duration_s,
            payment_window_s=self.payment_window_s,
            limit_bps=limit,
            fields=tuple(
                model.Field(
                    name=field.name,
                    kind=field.kind,
                    required=field.required,
                    label=field.label,
                    min_length=field.min_length,
                    max_length=field.max_length,
                    options=field.options,
                )
                for field in self.fields
            ),
            origin=origin,
        )


class RegistryFile(_Entry):
    """The signed file."""

    format: Literal["tradepost-payment-methods/1"]
    version: Annotated[int, Field(ge=1, le=1_000_000_000, strict=True)]
    labels: Labels
    methods: Annotated[tuple[MethodEntry, ...], Field(min_length=1, max_length=1000)]


class OwnFile(_Entry):
    """What an operator adds and switches off, without a signature."""

    labels: Labels = {}
    methods: Annotated[tuple[MethodEntry, ...], Field(max_length=200)] = ()
    disabled: Annotated[tuple[Code, ...], Field(max_length=1000), AfterValidator(_sorted_once)] = ()


def read_registry(document: Any) -> RegistryFile:
    """The signed file's content; raises `RegistryInvalid` at its first fault."""
    try:
        found = RegistryFile.model_validate(document)
    except ValidationError as error:
        raise RegistryInvalid(_first_fault(error)) from None
    _check_codes([method.code for method in found.methods])
    _check_labels(found.methods, found.labels)
    # A label for every category, so that a form can offer them all.
    if missing := {f"category.{category}" for category in Category} - found.labels.keys():
        raise RegistryInvalid(f"labels are missing: {', '.join(sorted(missing))}")
    return found


def read_own(document: Any, registry: RegistryFile) -> OwnFile:
    """The operator's content beside `registry`; raises `RegistryInvalid` at its first fault."""
    try:
        found = OwnFile.model_validate(document)
    except ValidationError as error:
        raise RegistryInvalid(_first_fault(error)) from None
    codes = [method.code for method in found.methods]
    _check_codes(codes)
    signed = {method.code for method in registry.methods}
    if taken := signed & set(codes):
        raise RegistryInvalid(f"the registry has these codes: {', '.join(sorted(taken))}")
    if unknown := set(found.disabled) - signed - set(codes):
        raise RegistryInvalid(f"disabled names no methods: {', '.join(sorted(unknown))}")
    if taken := registry.labels.keys() & found.labels.keys():
        raise RegistryInvalid(f"the registry has these labels: {', '.join(sorted(taken))}")
    _check_labels(found.methods, {**registry.labels, **found.labels})
    return found


def _check_codes(codes: list[str]) -> None:
    if codes != sorted(set(codes)):
        raise RegistryInvalid("methods: each code stands once, in the order of the alphabet")
    if reserved := _RESERVED & set(codes):
        raise RegistryInvalid(f"methods: no code can be {', '.join(reserved)}")


def _check_labels(methods: tuple[MethodEntry, ...], labels: Mapping[str, object]) -> None:
    needed: set[str] = set().union(*(method.labels() for method in methods))
    if missing := needed - labels.keys():
        raise RegistryInvalid(f"labels are missing: {', '.join(sorted(missing))}")


def _first_fault(error: ValidationError) -> str:
    fault = error.errors(include_url=False)[0]
    at = ".".join(str(part) for part in fault["loc"])
    text = re.sub(r"^Value error, ", "", str(fault["msg"]))
    return f"{at}: {text}" if at else text
