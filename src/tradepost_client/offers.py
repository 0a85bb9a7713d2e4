"""Whether the exchange published the offer that its maker made."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from tradepost_client.errors import OfferChanged
from tradepost_client.models import Offer


def check_offer(offer: Offer, wanted: Mapping[str, Any]) -> None:
    """Holds an offer against what was asked for, as the API's body; raises `OfferChanged`.

    The words are left out: exchanges may clean them, and they bind the taker, who reads them.
    """
    amounts = {"price", "min_amount", "max_amount", "total_amount"}
    exact = {"direction", "asset", "currency", "country", "funding_window_s", "payment_window_s"}
    for name, value in wanted.items():
        found = getattr(offer, name, None)
        if name in amounts:
            same = found == Decimal(str(value))
        elif name == "payment_methods":
            same = set(offer.payment_methods) == set(value)
        else:
            same = name not in exact or found == value
        if not same:
            raise OfferChanged(f"{name} was to be {value}, the exchange says {found}.")
