"""What a taker looks for, as he says it."""

from typing import Annotated
from uuid import UUID

from pydantic import Field

from tradepost.book.model import Wanted
from tradepost.kernel import iso
from tradepost.kernel.assets import asset_of, stated
from tradepost.kernel.errors import MalformedRequest
from tradepost.kernel.http import (
    AssetCode,
    Body,
    CountryCode,
    CurrencyCode,
    DecimalString,
    MethodCode,
)
from tradepost.kernel.pricing import Direction
from tradepost.kernel.settings import Settings

_MAX_METHODS = 10


class Criteria(Body):
    """What is missing is left open. An `amount` needs an `asset`, a `fiat_amount` a `currency`."""

    direction: Annotated[Direction | None, Field(description="What the maker does.")] = None
    asset: AssetCode | None = None
    currency: CurrencyCode | None = None
    amount: Annotated[
        DecimalString | None, Field(description="That can be taken, of the `asset`.")
    ] = None
    fiat_amount: Annotated[
        DecimalString | None, Field(description="That can be paid, in the `currency`.")
    ] = None
    payment_method: Annotated[
        list[MethodCode],
        Field(default_factory=list, max_length=_MAX_METHODS, description="Any of them."),
    ]
    country: Annotated[CountryCode | None, Field(description="Where the maker is.")] = None
    maker: UUID | None = None

    def wanted(self, settings: Settings, *, online: bool = False, funded: bool = False) -> Wanted:
        """What it comes to; raises `AssetNotTraded`, `CurrencyUnknown`, `MalformedRequest`."""
        asset = None if self.asset is None else asset_of(settings, self.asset)
        currency = None if self.currency is None else iso.currency(self.currency)
        amount = fiat_amount = None
        if self.amount is not None:
            if asset is None:
                raise MalformedRequest("An amount needs an asset.")
            amount = stated(asset, "amount", self.amount)
        if self.fiat_amount is not None:
            if currency is None:
                raise MalformedRequest("A fiat_amount needs a currency.")
            fiat_amount = stated(currency, "fiat_amount", self.fiat_amount)
        return Wanted(
            direction=self.direction,
            asset=asset,
            currency=currency,
            amount=amount,
            fiat_amount=fiat_amount,
            payment_methods=tuple(self.payment_method),
            country=self.country,
            maker_id=self.maker,
            online=online,
            funded=funded,
        )
