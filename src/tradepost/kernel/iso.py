"""The world's currencies (ISO 4217) and countries (ISO 3166-1)."""

import json
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Final

from iso4217 import Currency as IsoCurrency

from tradepost.kernel.errors import Problem
from tradepost.kernel.money import Asset

#: Codes of ISO 4217 that are units of account or funds: nobody can pay in them.
_FUNDS: Final = frozenset({"BOV", "CHE", "CHW", "CLF", "COU", "MXV", "USN", "UYI", "UYW", "XAD"})


class CurrencyUnknown(Problem):
    """There is no such currency in ISO 4217."""

    status = 400


class CountryUnknown(Problem):
    """There is no such country in ISO 3166."""

    status = 400


@cache
def currencies() -> Mapping[str, tuple[str, Asset]]:
    """Name and asset of every currency that has a minor unit, by code."""
    return {
        found.code: (found.currency_name, Asset(found.code, found.exponent))
        for found in sorted(IsoCurrency, key=lambda currency: currency.code)
        # Metals, test codes and baskets such as the SDR have no minor unit.
        if found.exponent is not None and found.code not in _FUNDS
    }


def currency(code: str) -> Asset:
    """The currency with this code; raises `CurrencyUnknown`."""
    found = currencies().get(code)
    if found is None:
        raise CurrencyUnknown
    return found[1]


@cache
def countries() -> frozenset[str]:
    """The two-letter codes of all countries."""
    text = (resources.files("tradepost.kernel") / "countries.json").read_text("utf-8")
    return frozenset(json.loads(text))


def check_country(code: str) -> None:
    """Raises `CountryUnknown` unless there is such a country."""
    if code not in countries():
        raise CountryUnknown
