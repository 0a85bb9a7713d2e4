"""Made-up prices, for development chains: they stand still and need no network."""

from decimal import Decimal
from typing import Final

from tradepost.kernel.settings import DevelopmentPriceSource
from tradepost.prices.model import Pair

#: Round numbers that are easy to calculate with; nobody should take them for the market's.
_DOLLARS: Final = {"ETH": Decimal(2500), "USDT": Decimal(1)}
_FOR_A_DOLLAR: Final = {
    "USD": Decimal(1),
    "ARS": Decimal(1000),
    "AUD": Decimal("1.50"),
    "BRL": Decimal("5.00"),
    "CAD": Decimal("1.40"),
    "CHF": Decimal("0.80"),
    "CNY": Decimal("7.20"),
    "CZK": Decimal(20),
    "DKK": Decimal("6.40"),
    "EUR": Decimal("0.90"),
    "GBP": Decimal("0.75"),
    "GHS": Decimal(12),
    "IDR": Decimal(16000),
    "INR": Decimal(85),
    "JPY": Decimal(150),
    "KES": Decimal(130),
    "KRW": Decimal(1400),
    "MXN": Decimal(20),
    "NGN": Decimal(1500),
    "NOK": Decimal(10),
    "NZD": Decimal("1.60"),
    "PHP": Decimal(60),
    "PLN": Decimal("3.60"),
    "SEK": Decimal(10),
    "SGD": Decimal("1.30"),
    "THB": Decimal(32),
    "TRY": Decimal(40),
    "UAH": Decimal(40),
    "VND": Decimal(25000),
    "ZAR": Decimal(18),
}


def prices(source: DevelopmentPriceSource) -> dict[Pair, Decimal]:
    """What the source is configured to say; without that, a table of ETH and USDT."""
    if source.prices:
        return {Pair(one.base, one.quote): one.price for one in source.prices}
    return {
        Pair(coin, currency): dollars * for_a_dollar
        for coin, dollars in _DOLLARS.items()
        for currency, for_a_dollar in _FOR_A_DOLLAR.items()
    }
