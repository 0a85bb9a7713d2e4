"""A seller and a buyer, and what becomes of their coins."""

from dataclasses import dataclass

from tests.browser.trading.people import ETH, Person

#: What transactions of his own may cost somebody.
_GAS = ETH // 100
#: What is traded, in whole coins and in wei.
AMOUNT = "0.5"
HALF = ETH // 2


@dataclass
class Pair:
    """Who sells and who buys, and what both had before."""

    seller: Person
    buyer: Person
    before: tuple[int, int]

    def take(self) -> str:
        """The buyer takes the seller's offer."""
        return self.buyer.take(self.seller, AMOUNT)

    def locked(self) -> str:
        """The same, and the seller has locked the coins."""
        trade = self.take()
        self.seller.open_trade(trade)
        self.seller.locked()
        return trade

    def both_told(self, buyer: str, seller: str | None = None) -> None:
        """Waits until both pages say how it stands."""
        self.buyer.told(buyer)
        self.seller.told(seller or buyer)

    def moved(self, coins: int) -> None:
        """Holds what both have against what has moved from one to the other, in wei."""
        seller, buyer = self.before
        assert self.buyer.holds() - buyer == coins
        assert 0 <= seller - self.seller.holds() - coins < _GAS
