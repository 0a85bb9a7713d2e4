"""Who plays in the sandbox: names, habits, offers, and the keys that follow from the names."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from tradepost.entrypoints.counterparties.habits import Habit
from tradepost_client import Wallet
from tradepost_client.models import Direction
from tradepost_client.offers import NewOffer
from tradepost_client.wallet import hkdf

_LABEL: Final = b"tradepost/sandbox/counterparty/v1"
#: As the word list of development chains: known to everybody.
_SEED: Final = b"test test test test test test test test test test test junk"
#: No payment window of a method is waited for where the clock can be moved; these are the shortest.
_FUNDING_S: Final = 1_800
_PAYMENT_S: Final = 3_600

_WORDS: Final = {
    Habit.PROMPT: "Sandbox: answers at once, and keeps to the rules.",
    Habit.SLOW: "Sandbox, slow: does everything, each step after ten seconds.",
    Habit.NEVER_LOCKS: "Sandbox, lapses: never locks the coins. The trade expires.",
    Habit.NEVER_PAYS: "Sandbox, never pays: cancel when the time for it is over.",
    Habit.NEVER_RELEASES: "Sandbox, never releases: shares the coins in halves in a dispute.",
    Habit.CANCELS: "Sandbox, cancels: before he locks as a seller, before he pays as a buyer.",
}


@dataclass(frozen=True, slots=True)
class Persona:
    """One counterparty. `takes` says whether it takes the offers of others."""

    name: str
    habit: Habit
    offers: tuple[NewOffer, ...] = ()
    takes: bool = False

    def wallet(self) -> Wallet:
        """Its wallet, the same at every start."""
        return Wallet(hkdf(_SEED, _LABEL, self.name.encode(), 32))


def _offer(
    direction: Direction,
    asset: str,
    currency: str,
    method: str,
    habit: Habit,
    price: str | int,
) -> NewOffer:
    """An offer at a price, or (an integer) at a margin over the market in 1/100 percent."""
    coin = asset == "ETH"
    said: NewOffer = {
        "direction": direction,
        "asset": asset,
        "currency": currency,
        "min_amount": Decimal("0.01") if coin else Decimal(10),
        "max_amount": Decimal("0.2") if coin else Decimal(500),
        "total_amount": Decimal(2) if coin else Decimal(5_000),
        "payment_methods": [method],
        "terms": _WORDS[habit],
        "funding_window_s": _FUNDING_S,
        "payment_window_s": _PAYMENT_S,
    }
    if isinstance(price, int):
        said["margin_bps"] = price
    else:
        said["price"] = Decimal(price)
    return said


def _bad(name: str, habit: Habit, *directions: Direction) -> Persona:
    """One with a bad habit: a worse price than the others', so that he is taken on purpose."""
    prices: dict[Direction, str] = {"sell": "2400", "buy": "2100"}
    offers = tuple(
        _offer(one, "ETH", "EUR", "sepa_instant", habit, prices[one]) for one in directions
    )
    return Persona(name, habit, offers)


_P = Habit.PROMPT
#: All of them; names are for logs, keys and tests.
PERSONAS: Final = (
    Persona(
        "ada",
        _P,
        (
            _offer("sell", "ETH", "EUR", "sepa_instant", _P, "2275"),
            _offer("buy", "ETH", "EUR", "sepa_instant", _P, "2225"),
            _offer("sell", "USDT", "EUR", "sepa_instant", _P, 100),
            _offer("buy", "USDT", "EUR", "sepa_instant", _P, -100),
        ),
    ),
    Persona(
        "ben",
        _P,
        (
            _offer("sell", "ETH", "USD", "zelle", _P, 150),
            _offer("buy", "ETH", "USD", "zelle", _P, -150),
            _offer("sell", "USDT", "USD", "revolut", _P, 50),
        ),
    ),
    Persona(
        "cleo",
        _P,
        (
            _offer("sell", "ETH", "GBP", "faster_payments", _P, 200),
            _offer("buy", "ETH", "CHF", "revolut", _P, -100),
            _offer("sell", "USDT", "BRL", "pix", _P, 150),
        ),
    ),
    _bad("sam", Habit.SLOW, "sell", "buy"),
    _bad("lars", Habit.NEVER_LOCKS, "sell"),
    _bad("nina", Habit.NEVER_PAYS, "buy"),
    _bad("rolf", Habit.NEVER_RELEASES, "sell"),
    _bad("cara", Habit.CANCELS, "sell", "buy"),
    Persona("theo", _P, takes=True),
)

#: Whom a buyer pays, by payment method: accounts that do not exist.
DETAILS: Final[dict[str, dict[str, str]]] = {
    "sepa_instant": {"account_holder": "Sandbox", "iban": "DE02120300000000202051"},
    "zelle": {"account_holder": "Sandbox", "phone_or_email": "sandbox@example.org"},
    "revolut": {"account_holder": "Sandbox", "username": "sandbox"},
    "faster_payments": {
        "account_holder": "Sandbox",
        "sort_code": "20-00-00",
        "account_number": "55779911",
    },
    "pix": {"account_holder": "Sandbox", "pix_key": "sandbox@example.org"},
}
