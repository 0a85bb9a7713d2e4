"""Where prices come from: one class for each kind of source in the settings."""

from collections.abc import Mapping
from typing import Protocol, assert_never

from tradepost.kernel.settings import (
    CcxtPriceSource,
    DevelopmentPriceSource,
    HttpPriceSource,
    PriceSource,
)
from tradepost.prices.model import Fault, Pair, Told

#: What a source says of each of its pairs.
Answer = Mapping[Pair, Told | Fault]


class Source(Protocol):
    """Something that can be asked for prices."""

    @property
    def setting(self) -> PriceSource:
        """How it is configured."""
        ...

    async def read(self) -> Answer:
        """Asks once; a pair that is left out is missing there.

        What it raises for itself is a `Fault` for every pair; a hostile answer can also make it
        raise anything else. The caller bounds its time.
        """
        ...

    async def close(self) -> None:
        """Gives its connections back."""
        ...


def open_source(setting: PriceSource) -> Source:
    """The source that is configured so; it has asked nobody yet."""
    from tradepost.prices.sources.development import DevelopmentTable
    from tradepost.prices.sources.documents import JsonDocument
    from tradepost.prices.sources.exchanges import PublicExchange

    match setting:
        case HttpPriceSource():
            return JsonDocument(setting)
        case CcxtPriceSource():
            return PublicExchange(setting)
        case DevelopmentPriceSource():
            return DevelopmentTable(setting)
        case _:
            assert_never(setting)
