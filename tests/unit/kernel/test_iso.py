"""The world's currencies and countries."""

import pytest

from tradepost.kernel import iso
from tradepost.kernel.iso import CountryUnknown, CurrencyUnknown
from tradepost.kernel.money import Asset


def test_the_currencies_are_those_in_which_people_pay() -> None:
    found = {code: asset.decimals for code, (_, asset) in iso.currencies().items()}
    assert found["EUR"] == 2
    assert found["JPY"] == 0
    assert found["KWD"] == 3
    assert len(found) > 150
    for code in ("XAU", "XXX", "XTS", "XDR", "CLF", "USN", "CHE", "XAD"):
        assert code not in found


def test_the_countries_are_those_of_the_standard() -> None:
    assert len(iso.countries()) == 249
    assert {"DE", "BR", "AX", "UM"} <= iso.countries()
    assert not {"EU", "UK", "XX"} & iso.countries()


def test_what_is_not_in_the_standards_is_unknown() -> None:
    assert iso.currency("KWD") == Asset("KWD", 3)
    iso.check_country("AX")
    for code in ("XAU", "eur", "EURO", ""):
        with pytest.raises(CurrencyUnknown):
            iso.currency(code)
    for code in ("UK", "de", "DEU", ""):
        with pytest.raises(CountryUnknown):
            iso.check_country(code)
