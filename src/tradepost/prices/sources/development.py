"""The source of made-up prices: answers at once, and always the same."""

from tradepost.kernel.settings import DevelopmentPriceSource
from tradepost.prices import table
from tradepost.prices.model import Told
from tradepost.prices.sources import Answer


class DevelopmentTable:
    """Says what it was configured to say."""

    def __init__(self, setting: DevelopmentPriceSource) -> None:
        self.setting = setting

    async def read(self) -> Answer:
        """The whole table."""
        return {pair: Told(price) for pair, price in table.prices(self.setting).items()}

    async def close(self) -> None:
        """Has nothing to give back."""
