"""What is typed into a payment account: one rule for each kind of field."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tradepost_payments.fields import RULES, FieldInvalid, check
from tradepost_payments.model import Field, FieldKind, PaymentMethod
from tradepost_payments.registry import builtin


def method(code: str) -> PaymentMethod:
    return builtin().methods[code]


def field(kind: FieldKind, *, most: int = 254, least: int = 1) -> Field:
    options = ("savings", "checking") if kind is FieldKind.CHOICE else ()
    return Field("it", kind, True, "field.account_number", least, most, options)


#: Numbers that the standards or their registries publish as examples, and how they come out.
GOOD = [
    (FieldKind.TEXT, "cash_in_person", "  Café   Central ", "Café Central"),
    (FieldKind.TEXT, "cash_in_person", "Cafe\u0301", "Café"),
    (FieldKind.CHOICE, "ach", "savings", "savings"),
    (FieldKind.HOLDER_NAME, "sepa", "Δημήτρης O'Neil-Ruiz", "Δημήτρης O'Neil-Ruiz"),
    (FieldKind.HOLDER_NAME, "sepa", "राम कुमार", "राम कुमार"),
    (FieldKind.USERNAME, "revolut", "@rosa_77", "@rosa_77"),
    (FieldKind.EMAIL, "paypal", "Rosa@Example.COM", "Rosa@example.com"),
    (FieldKind.PHONE, "m_pesa", "+254 712 345 678", "+254712345678"),
    (FieldKind.PHONE, "swish", "070-174 06 05", "+46701740605"),
    (FieldKind.PHONE_OR_EMAIL, "zelle", "(415) 555-2671", "+14155552671"),
    (FieldKind.PHONE_OR_EMAIL, "zelle", "rosa@example.com", "rosa@example.com"),
    (FieldKind.DIGITS, "us_wire", "12-34 56", "123456"),
    (FieldKind.ACCOUNT_NUMBER, "swift", "ab 12-34", "AB1234"),
    (FieldKind.CARD_NUMBER, "postepay", "4111 1111 1111 1111", "4111111111111111"),
    (FieldKind.IBAN, "sepa", "de89 3704 0044 0532 0130 00", "DE89370400440532013000"),
    (FieldKind.IBAN, "tr_fast", "TR33 0006 1005 1978 6457 8413 26", "TR330006100519786457841326"),
    (FieldKind.BIC, "swift", "deutdeff", "DEUTDEFF"),
    (FieldKind.AR_CBU, "ar_transfer", "28505909 40090418135201", "2850590940090418135201"),
    (FieldKind.AR_ALIAS, "ar_transfer", "Sol.Luna.Mar", "sol.luna.mar"),
    (FieldKind.AU_BSB, "au_transfer", "062000", "062-000"),
    (FieldKind.AU_PAYID, "payid", "0412 345 678", "+61412345678"),
    (FieldKind.AU_PAYID, "payid", "51 824 753 556", "51824753556"),
    (FieldKind.AU_PAYID, "payid", "rosa@example.com", "rosa@example.com"),
    (FieldKind.BR_CPF_CNPJ, "ted", "390.533.447-05", "39053344705"),
    (FieldKind.BR_CPF_CNPJ, "ted", "16.727.230/0001-97", "16727230000197"),
    (FieldKind.BR_PIX_KEY, "pix", "390.533.447-05", "39053344705"),
    (FieldKind.BR_PIX_KEY, "pix", "+55 11 99876-5432", "+5511998765432"),
    (FieldKind.BR_PIX_KEY, "pix", "ROSA@example.com", "rosa@example.com"),
    (
        FieldKind.BR_PIX_KEY,
        "pix",
        "123E4567-E12B-12D1-A456-426655440000",
        "123e4567-e12b-12d1-a456-426655440000",
    ),
    (FieldKind.CL_RUT, "cl_transfer", "12.531.909-2", "12531909-2"),
    (FieldKind.CZ_ACCOUNT, "cz_transfer", "34278-0727558021/0100", "034278-0727558021/0100"),
    (FieldKind.GB_SORT_CODE, "faster_payments", "200000", "20-00-00"),
    (FieldKind.IN_IFSC, "imps", "hdfc0001234", "HDFC0001234"),
    (FieldKind.IN_UPI, "upi", "Rosa.M-7@okaxis", "rosa.m-7@okaxis"),
    (FieldKind.MX_CLABE, "spei", "032 180 00011835971 9", "032180000118359719"),
    (FieldKind.NO_ACCOUNT, "no_transfer", "8601 11 17947", "86011117947"),
    (FieldKind.NZ_ACCOUNT, "nz_transfer", "01-0242-0100194-00", "01-0242-0100194-000"),
    (FieldKind.US_ROUTING, "ach", "1110 0002 5", "111000025"),
]
BAD = [
    (FieldKind.TEXT, "cash_in_person", "\u202eevil", "not allowed"),
    (FieldKind.TEXT, "cash_in_person", "two\nlines", "not allowed"),
    (FieldKind.TEXT, "cash_in_person", " \u00a0 ", "empty"),
    (FieldKind.TEXT, "cash_in_person", "x" * 501, "more than"),
    (FieldKind.CHOICE, "ach", "current", "one of savings, checking"),
    (FieldKind.HOLDER_NAME, "sepa", "12345", "a name has letters"),
    (FieldKind.HOLDER_NAME, "sepa", "<b>Rosa</b>", "a name has letters"),
    (FieldKind.USERNAME, "revolut", "two words", "no spaces"),
    (FieldKind.EMAIL, "paypal", "rosa@localhost", "no e-mail address"),
    (FieldKind.EMAIL, "paypal", "rosa@example.com, cc@example.com", "no e-mail address"),
    (FieldKind.PHONE, "revolut", "0712 345 678", "its country's prefix"),
    (FieldKind.PHONE, "swish", "12", "no such telephone number|country's prefix"),
    (FieldKind.PHONE, "m_pesa", "+14155552671", "a country without this method"),
    (FieldKind.PHONE, "swish", "+46 70 174 06 05 ext. 5", "no such telephone number"),
    (FieldKind.PHONE_OR_EMAIL, "zelle", "rosa@", "no e-mail address"),
    (FieldKind.PHONE_OR_EMAIL, "zelle", "rosa", "its country's prefix"),
    (FieldKind.DIGITS, "us_wire", "12a", "digits only"),
    (FieldKind.DIGITS, "us_wire", "١٢٣", "digits only"),
    (FieldKind.ACCOUNT_NUMBER, "swift", "ABC", "at least one digit"),
    (FieldKind.ACCOUNT_NUMBER, "swift", "12_34", "letters and digits only"),
    (FieldKind.CARD_NUMBER, "postepay", "4111 1111 1111 1112", "no card"),
    (FieldKind.CARD_NUMBER, "postepay", "0000", "no card"),
    (FieldKind.IBAN, "sepa", "DE89370400440532013001", "no account with this IBAN"),
    (FieldKind.IBAN, "sepa", "TR330006100519786457841326", "a country without this method"),
    (FieldKind.BIC, "swift", "DEUT", "no bank"),
    (FieldKind.AR_CBU, "ar_transfer", "2810590940090418135201", "no account"),
    (FieldKind.AR_ALIAS, "ar_transfer", "sol", "6 to 20"),
    (FieldKind.AU_BSB, "au_transfer", "06200", "six digits"),
    (FieldKind.AU_PAYID, "payid", "99 999 999 999", "no such telephone number"),
    (FieldKind.BR_CPF_CNPJ, "ted", "390.533.447-06", "no CPF or CNPJ"),
    (FieldKind.BR_PIX_KEY, "pix", "11998765432", "a Pix key is"),
    (FieldKind.CL_RUT, "cl_transfer", "12531909-3", "no RUT"),
    (FieldKind.CZ_ACCOUNT, "cz_transfer", "34278-0727558021/0000", "no Czech account"),
    (FieldKind.GB_SORT_CODE, "faster_payments", "20000", "six digits"),
    (FieldKind.IN_IFSC, "imps", "HDFC1001234", "an IFSC is"),
    (FieldKind.IN_UPI, "upi", "rosa", "looks like"),
    (FieldKind.IN_UPI, "upi", "rosa@ok&am=1", "looks like"),
    (FieldKind.MX_CLABE, "spei", "032180000118359718", "no account with this CLABE"),
    (FieldKind.MX_CLABE, "spei", "03218000011835971", "18 digits"),
    (FieldKind.NO_ACCOUNT, "no_transfer", "86011117949", "no account"),
    (FieldKind.NZ_ACCOUNT, "nz_transfer", "01-0242-0100195-00", "no account"),
    (FieldKind.US_ROUTING, "ach", "112000025", "no bank"),
]


@pytest.mark.parametrize(("kind", "code", "typed", "normal"), GOOD)
def test_it_comes_out_in_its_normal_form(
    kind: FieldKind, code: str, typed: str, normal: str
) -> None:
    assert check(field(kind), method(code), typed) == normal


@pytest.mark.parametrize(("kind", "code", "typed", "normal"), GOOD)
def test_a_normal_form_stays_as_it_is(kind: FieldKind, code: str, typed: str, normal: str) -> None:
    assert check(field(kind), method(code), normal) == normal


@pytest.mark.parametrize(("kind", "code", "typed", "reason"), BAD)
def test_it_is_refused_with_a_reason_that_does_not_repeat_it(
    kind: FieldKind, code: str, typed: str, reason: str
) -> None:
    with pytest.raises(FieldInvalid, match=reason) as refused:
        check(field(kind), method(code), typed)
    assert len(typed) < 5 or typed not in str(refused.value)


@pytest.mark.parametrize("kind", FieldKind)
def test_every_kind_has_a_rule_and_examples_of_both(kind: FieldKind) -> None:
    assert kind is FieldKind.CHOICE or kind in RULES
    assert kind in {good[0] for good in GOOD}
    assert kind in {bad[0] for bad in BAD}


def test_the_length_of_the_normal_form_counts() -> None:
    exact = field(FieldKind.DIGITS, least=8, most=8)
    assert check(exact, method("faster_payments"), "12 34 56 78") == "12345678"
    with pytest.raises(FieldInvalid, match="it has to have 8 characters"):
        check(exact, method("faster_payments"), "1234567")
    with pytest.raises(FieldInvalid, match="4 to 17 characters"):
        check(field(FieldKind.DIGITS, least=4, most=17), method("ach"), "123")


@given(kind=st.sampled_from(FieldKind), typed=st.text(max_size=300))
def test_whatever_is_typed_is_a_normal_form_or_refused(kind: FieldKind, typed: str) -> None:
    code = next(good[1] for good in GOOD if good[0] is kind)
    try:
        normal = check(field(kind), method(code), typed)
    except FieldInvalid:
        return
    assert check(field(kind), method(code), normal) == normal


_TYPED = st.text(alphabet="0123456789 +-./@aAbrZ", min_size=1, max_size=40)


@given(kind=st.sampled_from(FieldKind), typed=_TYPED)
def test_what_looks_like_a_number_is_a_normal_form_or_refused(kind: FieldKind, typed: str) -> None:
    code = next(good[1] for good in GOOD if good[0] is kind)
    try:
        normal = check(field(kind), method(code), typed)
    except FieldInvalid:
        return
    assert check(field(kind), method(code), normal) == normal
