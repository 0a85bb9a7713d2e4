"""What a payment method is, and the registry of all that an exchange knows."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

#: Everything that people read is told in each of these (ISO 639-1); the first stands in for others.
LANGUAGES: Final = ("en", "es", "pt", "fr", "de", "tr", "ru", "zh", "hi")
PAYMENT_WINDOW_S: Final = range(900, 14 * 86_400 + 1)


class Category(StrEnum):
    """How a payment method moves money."""

    BANK = "bank"  # from account to account, in hours or days
    INSTANT_BANK = "instant_bank"  # from account to account, in seconds or minutes
    WALLET = "wallet"  # between accounts of one provider on the web
    MOBILE_MONEY = "mobile_money"  # between accounts that belong to telephone numbers
    CARD = "card"  # to the number of a payment card
    CASH_IN_PERSON = "cash_in_person"  # from hand to hand
    CASH_BY_MAIL = "cash_by_mail"  # banknotes or money orders in an envelope
    VOUCHER = "voucher"  # a code, for cash at a counter or machine, or for goods


class Risk(StrEnum):
    """How likely money that has arrived is taken away again."""

    NONE = "none"  # nobody can take it back
    LOW = "low"  # only after a proven fraud, and seldom
    MEDIUM = "medium"  # the provider reverses when somebody says that his account was misused
    HIGH = "high"  # the payer himself can have it back, for weeks or months


#: How much of the operator's largest trade a method allows, in basis points.
LIMIT_BPS: Final[Mapping[Risk, int]] = {
    Risk.NONE: 10_000,
    Risk.LOW: 5_000,
    Risk.MEDIUM: 2_500,
    Risk.HIGH: 1_250,
}


class FieldKind(StrEnum):
    """What a field of a payment account holds; `fields.check` knows the rule of each."""

    TEXT = "text"
    CHOICE = "choice"
    HOLDER_NAME = "holder_name"
    USERNAME = "username"
    EMAIL = "email"
    PHONE = "phone"
    PHONE_OR_EMAIL = "phone_or_email"
    DIGITS = "digits"
    ACCOUNT_NUMBER = "account_number"
    CARD_NUMBER = "card_number"
    IBAN = "iban"
    BIC = "bic"
    AR_CBU = "ar_cbu"
    AR_ALIAS = "ar_alias"
    AU_BSB = "au_bsb"
    AU_PAYID = "au_payid"
    BR_CPF_CNPJ = "br_cpf_cnpj"
    BR_PIX_KEY = "br_pix_key"
    CL_RUT = "cl_rut"
    CZ_ACCOUNT = "cz_account"
    GB_SORT_CODE = "gb_sort_code"
    IN_IFSC = "in_ifsc"
    IN_UPI = "in_upi"
    MX_CLABE = "mx_clabe"
    NO_ACCOUNT = "no_account"
    NZ_ACCOUNT = "nz_account"
    US_ROUTING = "us_routing"


@dataclass(frozen=True, slots=True)
class Field:
    """One entry of a payment account's form, in the order of the form.

    Attributes:
        name: Its key in the account.
        kind: What it holds.
        required: Whether an account without it can be paid to.
        label: The key of its label among the registry's labels.
        min_length: The least characters of its normal form.
        max_length: The most characters of its normal form.
        options: What can be chosen, of kind `choice`; the label of each is `option.<value>`.
    """

    name: str
    kind: FieldKind
    required: bool
    label: str
    min_length: int
    max_length: int
    options: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PaymentMethod:
    """A way to pay.

    Attributes:
        code: Its name in the API; never changes its meaning.
        name: In English.
        names: By language where that differs; empty for the name of a brand.
        category: How it moves money.
        countries: Where it is served (ISO 3166 alpha-2); None where that is anywhere.
        currencies: What it carries (ISO 4217); None where that is any.
        reversible: Whether the provider takes back money that has arrived.
        chargeback_risk: How likely that is.
        duration_s: How long a payment usually takes, in seconds.
        payment_window_s: How long a buyer has to pay, in seconds, where an offer says nothing.
        limit_bps: How much of the operator's largest trade it allows, in basis points.
        fields: The form of a payment account.
        origin: `registry`, or `operator` for a method of the exchange's own.
    """

    code: str
    name: str
    names: Mapping[str, str]
    category: Category
    countries: tuple[str, ...] | None
    currencies: tuple[str, ...] | None
    reversible: bool
    chargeback_risk: Risk
    duration_s: int
    payment_window_s: int
    limit_bps: int
    fields: tuple[Field, ...]
    origin: str

    def takes(self, currency: str) -> bool:
        """Whether it carries this currency."""
        return self.currencies is None or currency in self.currencies

    def serves(self, country: str) -> bool:
        """Whether it is served in this country."""
        return self.countries is None or country in self.countries

    def name_in(self, language: str) -> str:
        """Its name in one of `LANGUAGES`, else the English one."""
        return self.names.get(language, self.name)


class MethodsUnknown(ValueError):
    """The registry does not have these methods."""

    def __init__(self, codes: Sequence[str]) -> None:
        super().__init__(f"unknown payment methods: {', '.join(codes)}")
        self.codes = tuple(codes)


class MethodsUnfit(ValueError):
    """These methods do not carry the currency."""

    def __init__(self, codes: Sequence[str], currency: str) -> None:
        super().__init__(f"payment methods without {currency}: {', '.join(codes)}")
        self.codes = tuple(codes)


class RegistryInvalid(Exception):
    """A file of payment methods cannot be used; the message says which, and why."""


@dataclass(frozen=True, eq=False)
class Registry:
    """The payment methods that an exchange knows; each is equal to itself alone.

    Attributes:
        version: Of the signed data; only ever grows.
        methods: Those that can be used, by code, in the order of their codes.
        disabled: Those that the operator switched off; trades of before still name them.
        labels: Of categories, fields and options: by key, then by language.
        signed: The canonical bytes that the signature is of; the operator's own are not in them.
        signature: By Ed25519.
        key_id: Which of the trusted keys signed.
    """

    version: int
    methods: Mapping[str, PaymentMethod]
    disabled: Mapping[str, PaymentMethod]
    labels: Mapping[str, Mapping[str, str]]
    signed: bytes
    signature: bytes
    key_id: str

    def get(self, code: str) -> PaymentMethod | None:
        """The method that can be used under this code."""
        return self.methods.get(code)

    def known(self, code: str) -> PaymentMethod | None:
        """As `get`, but finds those that were switched off too."""
        return self.methods.get(code) or self.disabled.get(code)

    def fit(self, codes: Sequence[str], currency: str) -> tuple[PaymentMethod, ...]:
        """The methods with these codes, each of which carries `currency`.

        Raises `MethodsUnknown`, or `MethodsUnfit` where one does not.
        """
        if unknown := [code for code in codes if code not in self.methods]:
            raise MethodsUnknown(unknown)
        methods = tuple(self.methods[code] for code in codes)
        if unfit := [method.code for method in methods if not method.takes(currency)]:
            raise MethodsUnfit(unfit, currency)
        return methods

    def search(
        self,
        *,
        currency: str | None = None,
        country: str | None = None,
        category: Category | None = None,
        text: str = "",
    ) -> Iterator[PaymentMethod]:
        """The methods that carry, serve and are all that; `text` is sought in code and names."""
        sought = text.casefold()
        for method in self.methods.values():
            named = (method.code, method.name, *method.names.values())
            if (
                (currency is None or method.takes(currency))
                and (country is None or method.serves(country))
                and (category is None or method.category is category)
                and any(sought in name.casefold() for name in named)
            ):
                yield method

    def label(self, key: str, language: str) -> str:
        """The label under `key`, in one of `LANGUAGES`, else in English; `KeyError` without."""
        found = self.labels[key]
        return found.get(language, found["en"])
