"""Checks what somebody enters into a payment account, and brings it into its normal form.

Each kind of field has one rule: it takes cleaned text and gives the normal form, or raises
`FieldInvalid` with a reason for the one who typed it. The reason never repeats the value.
"""

import re
from collections.abc import Callable, Mapping
from typing import Final, Protocol

from tradepost_payments.model import Field, FieldKind, PaymentMethod
from tradepost_payments.text import clean

#: Longer than any field takes; nothing beyond it is looked at.
MAX_TYPED: Final = 500


class FieldInvalid(ValueError):
    """A value is not what its field takes; the message is the reason."""


class _Standard(Protocol):
    """A module of python-stdnum: `validate` gives the compact form."""

    def validate(self, number: str) -> str:
        """The compact form; raises a `ValidationError` for what is no such number."""


Rule = Callable[[str, PaymentMethod], str]


def check(field: Field, method: PaymentMethod, typed: str) -> str:
    """The normal form of what was typed into `field` of a payment account with `method`.

    Raises `FieldInvalid` with the reason.
    """
    # Numbers are typed with spaces and dashes, so their normal form is what is measured.
    if len(typed) > min(2 * field.max_length + 16, MAX_TYPED):
        raise FieldInvalid(f"it has more than {field.max_length} characters")
    try:
        text = clean(typed)
    except ValueError as error:
        raise FieldInvalid(str(error)) from None
    if not text:
        raise FieldInvalid("it is empty")
    if field.kind is FieldKind.CHOICE:
        if text not in field.options:
            raise FieldInvalid(f"it has to be one of {', '.join(field.options)}")
        return text
    normal = RULES[field.kind](text, method)
    if not field.min_length <= len(normal) <= field.max_length:
        wanted = (
            f"{field.min_length}"
            if field.min_length == field.max_length
            else f"{field.min_length} to {field.max_length}"
        )
        raise FieldInvalid(f"it has to have {wanted} characters")
    return normal


def _text(text: str, _: PaymentMethod) -> str:
    return text


def _holder_name(text: str, _: PaymentMethod) -> str:
    if not any(character.isalpha() for character in text):
        raise FieldInvalid("a name has letters")
    if any(character in "<>{}[]|\\^~@#$%*=+_" for character in text):
        raise FieldInvalid("a name has letters, digits, spaces and .,'-()&/ only")
    return text


def _username(text: str, _: PaymentMethod) -> str:
    if " " in text:
        raise FieldInvalid("it has no spaces")
    return text


def _email(text: str, _: PaymentMethod) -> str:
    from email_validator import EmailNotValidError, validate_email

    try:
        # Whether the domain takes mail is not asked: this talks to no network.
        return validate_email(text, check_deliverability=False).normalized
    except EmailNotValidError:
        raise FieldInvalid("this is no e-mail address") from None


def _phone(text: str, method: PaymentMethod) -> str:
    import phonenumbers

    # A number without its country's prefix can only be read where there is one country.
    countries = method.countries
    home = countries[0] if countries and len(countries) == 1 else None
    try:
        number = phonenumbers.parse(text, home)
    except phonenumbers.NumberParseException:
        raise FieldInvalid("this is no telephone number with its country's prefix") from None
    if number.extension or not phonenumbers.is_valid_number(number):
        raise FieldInvalid("there can be no such telephone number")
    if method.category == "mobile_money" and countries:
        served = {phonenumbers.country_code_for_region(country) for country in countries}
        if number.country_code not in served:
            raise FieldInvalid("this telephone number is of a country without this method")
    return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))


def _phone_or_email(text: str, method: PaymentMethod) -> str:
    return _email(text, method) if "@" in text else _phone(text, method)


def _squeezed(text: str) -> str:
    return re.sub(r"[ .\-/]", "", text)


def _digits(text: str, _: PaymentMethod) -> str:
    number = _squeezed(text)
    if not (number.isascii() and number.isdigit()):
        raise FieldInvalid("it has digits only")
    return number


def _account_number(text: str, _: PaymentMethod) -> str:
    number = _squeezed(text).upper()
    if not (number.isascii() and number.isalnum()):
        raise FieldInvalid("it has letters and digits only")
    if not any(character.isdigit() for character in number):
        raise FieldInvalid("it has at least one digit")
    return number


def _card_number(text: str, method: PaymentMethod) -> str:
    from stdnum import luhn

    number = _digits(text, method)
    if not 13 <= len(number) <= 19 or not luhn.is_valid(number):
        raise FieldInvalid("there can be no card with this number")
    return number


def _iban(text: str, method: PaymentMethod) -> str:
    from schwifty import IBAN
    from schwifty.exceptions import SchwiftyException

    try:
        iban = IBAN(text)
    except SchwiftyException:
        raise FieldInvalid("there can be no account with this IBAN") from None
    # Islands and overseas territories have the IBANs of the country that they belong to.
    if method.countries is not None and iban.country_code not in method.countries:
        raise FieldInvalid("this IBAN is of a country without this method")
    return str(iban)


def _bic(text: str, _: PaymentMethod) -> str:
    from schwifty import BIC
    from schwifty.exceptions import SchwiftyException

    try:
        return str(BIC(text))
    except SchwiftyException:
        raise FieldInvalid("there can be no bank with this BIC") from None


def _standard(number: _Standard, text: str, reason: str) -> str:
    from stdnum.exceptions import ValidationError

    try:
        return number.validate(text)
    except ValidationError:
        raise FieldInvalid(reason) from None


def _pattern(pattern: str, text: str, reason: str) -> str:
    if re.fullmatch(pattern, text) is None:
        raise FieldInvalid(reason)
    return text


def _ar_cbu(text: str, method: PaymentMethod) -> str:
    from stdnum.ar import cbu

    # A CVU is made as a CBU is, check digits and all.
    return _standard(cbu, _digits(text, method), "there can be no account with this CBU or CVU")


def _ar_alias(text: str, _: PaymentMethod) -> str:
    return _pattern(
        r"[A-Za-z0-9.-]{6,20}", text, "an alias has 6 to 20 letters, digits, points and dashes"
    ).lower()


def _au_bsb(text: str, method: PaymentMethod) -> str:
    number = _pattern(r"\d{6}", _digits(text, method), "a BSB number has six digits")
    return f"{number[:3]}-{number[3:]}"


def _au_payid(text: str, method: PaymentMethod) -> str:
    from stdnum.au import abn

    if "@" in text:
        return _email(text, method)
    squeezed = _squeezed(text)
    return str(abn.compact(squeezed)) if abn.is_valid(squeezed) else _phone(text, method)


def _br_cpf_cnpj(text: str, _: PaymentMethod) -> str:
    from stdnum.br import cnpj, cpf

    compact = _squeezed(text).upper()
    return _standard(
        cpf if len(compact) == 11 else cnpj, compact, "there can be no CPF or CNPJ of this number"
    )


def _br_pix_key(text: str, method: PaymentMethod) -> str:
    if "@" in text:
        return _email(text, method).lower()
    lowered = text.lower()
    if re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", lowered):
        return lowered
    # With eleven digits it may be a CPF or a telephone; a key that is a telephone begins with "+".
    if text.startswith("+"):
        return _phone(text, method)
    try:
        return _br_cpf_cnpj(text, method)
    except FieldInvalid:
        raise FieldInvalid(
            "a Pix key is a CPF or CNPJ, a telephone number with +55, an e-mail or a random key"
        ) from None


def _cl_rut(text: str, _: PaymentMethod) -> str:
    from stdnum.cl import rut

    number = _standard(rut, text, "there can be no RUT of this number")
    return f"{number[:-1]}-{number[-1]}"


def _cz_account(text: str, _: PaymentMethod) -> str:
    from stdnum.cz import bankaccount

    return _standard(bankaccount, text, "there can be no Czech account with this number")


def _gb_sort_code(text: str, method: PaymentMethod) -> str:
    number = _pattern(r"\d{6}", _digits(text, method), "a sort code has six digits")
    return f"{number[:2]}-{number[2:4]}-{number[4:]}"


def _in_ifsc(text: str, _: PaymentMethod) -> str:
    return _pattern(
        r"[A-Z]{4}0[A-Z0-9]{6}", text.upper(), "an IFSC is four letters, 0 and six more characters"
    )


def _in_upi(text: str, _: PaymentMethod) -> str:
    return _pattern(
        r"[A-Za-z0-9._-]{2,64}@[A-Za-z][A-Za-z0-9]{1,31}", text, "a UPI ID looks like name@bank"
    ).lower()


def _mx_clabe(text: str, method: PaymentMethod) -> str:
    number = _pattern(r"\d{18}", _digits(text, method), "a CLABE has 18 digits")
    weighed = sum(int(digit) * (3, 7, 1)[place % 3] for place, digit in enumerate(number[:17]))
    if -weighed % 10 != int(number[17]):
        raise FieldInvalid("there can be no account with this CLABE")
    return number


def _no_account(text: str, method: PaymentMethod) -> str:
    from stdnum.no import kontonr

    return _standard(kontonr, _digits(text, method), "there can be no account with this number")


def _nz_account(text: str, _: PaymentMethod) -> str:
    from stdnum.nz import bankaccount

    number = _standard(bankaccount, text, "there can be no account with this number")
    return str(bankaccount.format(number))


def _us_routing(text: str, method: PaymentMethod) -> str:
    from stdnum.us import rtn

    return _standard(rtn, _digits(text, method), "there can be no bank with this routing number")


#: The rule of each kind; a choice has its options instead.
RULES: Final[Mapping[FieldKind, Rule]] = {
    FieldKind.TEXT: _text,
    FieldKind.HOLDER_NAME: _holder_name,
    FieldKind.USERNAME: _username,
    FieldKind.EMAIL: _email,
    FieldKind.PHONE: _phone,
    FieldKind.PHONE_OR_EMAIL: _phone_or_email,
    FieldKind.DIGITS: _digits,
    FieldKind.ACCOUNT_NUMBER: _account_number,
    FieldKind.CARD_NUMBER: _card_number,
    FieldKind.IBAN: _iban,
    FieldKind.BIC: _bic,
    FieldKind.AR_CBU: _ar_cbu,
    FieldKind.AR_ALIAS: _ar_alias,
    FieldKind.AU_BSB: _au_bsb,
    FieldKind.AU_PAYID: _au_payid,
    FieldKind.BR_CPF_CNPJ: _br_cpf_cnpj,
    FieldKind.BR_PIX_KEY: _br_pix_key,
    FieldKind.CL_RUT: _cl_rut,
    FieldKind.CZ_ACCOUNT: _cz_account,
    FieldKind.GB_SORT_CODE: _gb_sort_code,
    FieldKind.IN_IFSC: _in_ifsc,
    FieldKind.IN_UPI: _in_upi,
    FieldKind.MX_CLABE: _mx_clabe,
    FieldKind.NO_ACCOUNT: _no_account,
    FieldKind.NZ_ACCOUNT: _nz_account,
    FieldKind.US_ROUTING: _us_routing,
}
