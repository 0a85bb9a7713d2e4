"""Payment accounts: a method's form filled in, shown, and sealed to its owner."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tradepost_client.accounts import LARGEST_TEXT, OwnAccount, open_account, seal_account
from tradepost_client.errors import SealBroken
from tradepost_client.wallet import Wallet
from tradepost_payments.accounts import AccountInvalid, check_account, lines
from tradepost_payments.registry import builtin

SEPA = builtin().methods["sepa"]
ACH = builtin().methods["ach"]
TYPED = {"iban": "DE89 3704 0044 0532 0130 00", "account_holder": " Rosa  Ruiz ", "bic": ""}
SELLER = Wallet(b"\x01" * 32)
BUYER = Wallet(b"\x02" * 32)


def test_entries_come_out_in_the_order_of_the_form() -> None:
    assert list(check_account(SEPA, TYPED).items()) == [
        ("account_holder", "Rosa Ruiz"),
        ("iban", "DE89370400440532013000"),
    ]


def test_every_fault_is_told_at_once() -> None:
    with pytest.raises(AccountInvalid) as refused:
        check_account(SEPA, {"iban": "DE00", "colour": "blue"})
    assert refused.value.faults == {
        "colour": "SEPA transfer has no such field",
        "account_holder": "it is needed",
        "iban": "there can be no account with this IBAN",
    }
    assert "DE00" not in str(refused.value)


def test_more_entries_than_any_form_has_are_not_looked_at() -> None:
    with pytest.raises(AccountInvalid, match="more than 40 entries"):
        check_account(SEPA, {f"f{number}": "x" for number in range(41)})


@pytest.mark.parametrize("language", ["en", "hi"])
def test_an_account_is_shown_in_words(language: str) -> None:
    account = check_account(
        ACH,
        {
            "account_holder": "Rosa Ruiz",
            "routing_number": "111000025",
            "account_number": "12345678",
            "account_type": "savings",
        },
    )
    shown = lines(builtin(), ACH, account, language)
    assert (
        shown[3]
        == {
            "en": ("Account type", "Savings account"),
            "hi": ("खाते का प्रकार", "बचत खाता"),
        }[language]
    )


def test_long_numbers_are_shown_in_groups_and_nothing_is_left_out() -> None:
    account = check_account(SEPA, TYPED) | {"former_field": "kept"}
    assert lines(builtin(), SEPA, account, "de") == [
        ("Kontoinhaber", "Rosa Ruiz"),
        ("IBAN", "DE89 3704 0044 0532 0130 00"),
        ("former_field", "kept"),
    ]


def test_the_owner_opens_what_he_sealed() -> None:
    account = OwnAccount("sepa", "salary", check_account(SEPA, TYPED))
    sealed = seal_account(account, SELLER)
    assert open_account(sealed, "sepa", SELLER) == account
    assert "Rosa" not in sealed


def test_each_seal_is_another_one() -> None:
    account = OwnAccount("sepa", "", {"iban": "x"})
    assert seal_account(account, SELLER) != seal_account(account, SELLER)


def test_nobody_else_opens_it() -> None:
    sealed = seal_account(OwnAccount("sepa", "", {"iban": "x"}), SELLER)
    with pytest.raises(SealBroken, match="does not open"):
        open_account(sealed, "sepa", BUYER)


def test_an_exchange_cannot_show_it_under_another_method() -> None:
    sealed = seal_account(OwnAccount("sepa", "", {"iban": "x"}), SELLER)
    with pytest.raises(SealBroken, match="another payment method"):
        open_account(sealed, "sepa_instant", SELLER)


@pytest.mark.parametrize("sealed", ["", "AAAA", "x" * 8192, "Ag" + "A" * 200])
def test_what_is_no_seal_is_refused(sealed: str) -> None:
    with pytest.raises(SealBroken, match="does not open"):
        open_account(sealed, "sepa", SELLER)


def test_a_bent_seal_is_refused() -> None:
    sealed = seal_account(OwnAccount("sepa", "", {"iban": "x"}), SELLER)
    bent = sealed[:60] + ("B" if sealed[60] == "A" else "A") + sealed[61:]
    with pytest.raises(SealBroken, match="does not open"):
        open_account(bent, "sepa", SELLER)


def test_what_the_exchange_would_not_take_is_not_sealed() -> None:
    with pytest.raises(ValueError, match="nothing in this payment account"):
        seal_account(OwnAccount("sepa", "", {}), SELLER)
    with pytest.raises(ValueError, match="60 characters"):
        seal_account(OwnAccount("sepa", "x" * 61, {"iban": "x"}), SELLER)
    with pytest.raises(ValueError, match=f"{LARGEST_TEXT} bytes"):
        seal_account(OwnAccount("sepa", "", {"iban": "x" * LARGEST_TEXT}), SELLER)


@given(length=st.integers(1, LARGEST_TEXT - 70))
def test_a_seal_is_never_longer_than_the_exchange_takes(length: int) -> None:
    sealed = seal_account(OwnAccount("sepa", "", {"iban": "x" * length}), SELLER)
    assert 100 <= len(sealed) <= 8192
    assert len(open_account(sealed, "sepa", SELLER).fields["iban"]) == length
