"""Payment codes: what they say is what was put in, and the standards' own examples hold."""

import re
from collections.abc import Mapping
from decimal import Decimal
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from segno import helpers

from tradepost_payments.accounts import check_account
from tradepost_payments.codes import CodeImpossible, PaymentCode, crc16, payment_code, reference
from tradepost_payments.model import PaymentMethod
from tradepost_payments.registry import builtin

TRADE = "0193579a-5a10-7d22-8f31-6b7c8d9e0f12"
SAID = "6W37P6V8CN"
#: The example of a static code in the manual of Brazil's central bank.
PUBLISHED_PIX = (
    "00020126580014br.gov.bcb.pix0136123e4567-e12b-12d1-a456-426655440000520400005303986"
    "5802BR5913Fulano de Tal6008BRASILIA62070503***63041D3D"
)


def method(code: str) -> PaymentMethod:
    return builtin().methods[code]


def made(code: str, account: Mapping[str, str], amount: str, currency: str) -> PaymentCode:
    code_made = payment_code(
        method(code), check_account(method(code), account), Decimal(amount), currency, SAID
    )
    assert code_made is not None
    return code_made


def entries(text: str) -> dict[str, str]:
    """Reads an EMV text: two digits say what, two how long, then the value."""
    found = {}
    while text:
        tag, length = text[:2], int(text[2:4])
        assert tag not in found
        found[tag], text = text[4 : 4 + length], text[4 + length :]
        assert len(found[tag]) == length
    return found


SEPA = {"account_holder": "Rosa Müller", "iban": "DE89370400440532013000", "bic": "DEUTDEFF"}
PIX = {"account_holder": "João Árvore", "pix_key": "+5511998765432", "city": "São Paulo"}
UPI = {"account_holder": "Rosa & Söhne", "upi_id": "rosa.m@okaxis"}


def test_the_checksum_is_the_known_one() -> None:
    assert crc16(b"123456789") == 0x29B1


def test_a_published_pix_code_has_our_checksum() -> None:
    assert crc16(PUBLISHED_PIX[:-4].encode()) == int(PUBLISHED_PIX[-4:], 16)
    assert entries(PUBLISHED_PIX)["59"] == "Fulano de Tal"


def test_an_epc_code_has_the_lines_of_the_standard() -> None:
    code = made("sepa", SEPA, "12.30", "EUR")
    assert code.kind == "epc"
    assert code.text.split("\n") == [
        "BCD",
        "002",
        "1",
        "SCT",
        "DEUTDEFF",
        "Rosa Müller",
        "DE89370400440532013000",
        "EUR12.30",
        "",
        "",
        SAID,
    ]


def test_its_picture_is_the_one_that_segno_makes() -> None:
    ours = made("sepa", SEPA | {"account_holder": "Rosa Ruiz"}, "12.34", "EUR")
    theirs = helpers.make_epc_qr(
        "Rosa Ruiz",
        SEPA["iban"],
        Decimal("12.34"),
        text=SAID,
        bic=SEPA["bic"],
        encoding="utf-8",
    )
    assert list(ours._qr().matrix) == list(theirs.matrix)


def test_a_pix_code_says_who_how_much_and_what_for() -> None:
    found = entries(made("pix", PIX, "1234.5", "BRL").text)
    assert found["00"] == "01"
    assert entries(found["26"]) == {"00": "br.gov.bcb.pix", "01": "+5511998765432"}
    assert (found["53"], found["54"], found["58"]) == ("986", "1234.50", "BR")
    assert (found["59"], found["60"]) == ("JOAO ARVORE", "SAO PAULO")
    assert entries(found["62"]) == {"05": SAID}


def test_an_upi_link_carries_each_part_whole() -> None:
    link = urlsplit(made("upi", UPI, "99", "INR").text)
    assert (link.scheme, link.netloc) == ("upi", "pay")
    assert parse_qs(link.query) == {
        "pa": ["rosa.m@okaxis"],
        "pn": ["Rosa & Söhne"],
        "am": ["99.00"],
        "cu": ["INR"],
        "tn": [SAID],
    }
    assert "+" not in link.query


@pytest.mark.parametrize(("code", "currency"), [("zelle", "USD"), ("swift", "EUR")])
def test_other_methods_have_no_code(code: str, currency: str) -> None:
    assert payment_code(method(code), {}, Decimal(1), currency, SAID) is None


@pytest.mark.parametrize("amount", ["0", "-1", "1.001", "NaN", "Infinity", "1000000000"])
def test_an_amount_that_no_bank_takes_is_refused(amount: str) -> None:
    with pytest.raises(CodeImpossible, match="amount"):
        made("sepa", SEPA, amount, "EUR")


@pytest.mark.parametrize("said", ["", "a word", "lower", "X" * 26, "A\nB", "Ä"])
def test_a_reference_that_could_bend_the_code_is_refused(said: str) -> None:
    with pytest.raises(CodeImpossible, match="reference"):
        payment_code(method("sepa"), SEPA, Decimal(1), "EUR", said)


def test_a_name_that_does_not_fit_is_refused() -> None:
    with pytest.raises(CodeImpossible, match="70 characters"):
        made("sepa", SEPA | {"account_holder": "x" * 71}, "1", "EUR")
    with pytest.raises(CodeImpossible, match="too long for the code"):
        made("sepa", SEPA | {"account_holder": "𐐀" * 70}, "1", "EUR")
    with pytest.raises(CodeImpossible, match="no letters that Pix can carry"):
        made("pix", PIX | {"account_holder": "玫瑰"}, "1", "BRL")


@given(
    name=st.text(min_size=1, max_size=40),
    city=st.text(max_size=40),
    cents=st.integers(1, 99_999_999_999),
)
def test_a_pix_code_reads_as_it_was_written(name: str, city: str, cents: int) -> None:
    account = PIX | {"account_holder": name, "city": city}
    amount = Decimal(cents) / 100
    try:
        code = payment_code(method("pix"), account, amount, "BRL", SAID)
    except CodeImpossible:
        assume(False)
    assert code is not None
    found = entries(code.text)
    assert list(found) == ["00", "26", "52", "53", "54", "58", "59", "60", "62", "63"]
    assert Decimal(found["54"]) == amount
    assert 1 <= len(found["59"]) <= 25
    assert 1 <= len(found["60"]) <= 15
    assert crc16(code.text[:-4].encode()) == int(found["63"], 16)


@given(cents=st.integers(1, 99_999_999_999), said=st.from_regex(r"\A[A-Z0-9]{1,25}\Z"))
def test_an_epc_code_reads_as_it_was_written(cents: int, said: str) -> None:
    code = payment_code(method("sepa_instant"), SEPA, Decimal(cents) / 100, "EUR", said)
    assert code is not None
    lines = code.text.split("\n")
    assert Decimal(lines[7].removeprefix("EUR")) == Decimal(cents) / 100
    assert lines[10] == said
    assert len(code.text.encode()) <= 331


@given(st.uuids())
def test_a_reference_names_nothing(trade_id: object) -> None:
    said = reference(str(trade_id))
    assert re.fullmatch(r"[A-Z0-9]{10}", said)
    assert not set(said) & set("AEIOUY01")
    assert said == reference(str(trade_id))


def test_each_trade_has_its_own_reference() -> None:
    assert len({reference(f"trade {number}") for number in range(2000)}) == 2000
    assert reference(TRADE) == SAID


def test_the_pictures_are_for_pages_and_terminals() -> None:
    code = made("pix", PIX, "1", "BRL")
    assert code.svg().startswith("<svg ")
    assert "█" in code.terminal()
