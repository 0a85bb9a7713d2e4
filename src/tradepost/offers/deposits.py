"""What stands behind offers: the deposits of their makers, as escrow has read them.

A deposit promises nothing: its owner draws it whenever he likes. Who lists an offer holds the row
of its deposit until his transaction ends, and who writes that row looks for the listings
afterwards; so a listing is never left with what was true before.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from tradepost.book import service as book
from tradepost.identity import service as identity
from tradepost.kernel.database import Transaction
from tradepost.kernel.pricing import Direction
from tradepost.offers import store
from tradepost.offers.listing import listing
from tradepost.offers.model import Deposit, Offer, funded
from tradepost.offers.store import Purse


async def show(tx: Transaction, offers: Sequence[Offer], *, news: bool) -> None:
    """Has the book show of the offers, all of one maker, what can be taken of them now."""
    if not offers:
        return
    makers = await identity.public_accounts(tx, [offers[0].maker_id])
    name = makers[offers[0].maker_id].name
    known = await _deposits(tx, offers, hold=True)
    shown = {}
    for offer in offers:
        listed = listing(offer, name, tx.now)
        backed = funded(offer, known.get(_purse(offer)), tx.settings.fee_bps)
        shown[offer.id] = listed and replace(listed, funded=backed)
    await book.show(tx, shown, news=news)


async def follow(tx: Transaction, wallet: str, asset_code: str, deposit: Deposit) -> None:
    """Notes what a wallet has, and has the book say which of its offers that covers."""
    purse = (wallet.lower(), asset_code)
    await store.put_deposit(tx, purse, deposit)
    fee_bps = tx.settings.fee_bps
    sold = await store.sold_from(tx, purse)
    await book.say_funded(tx, {offer.id: funded(offer, deposit, fee_bps) for offer in sold})


async def behind(tx: Transaction, offers: Sequence[Offer]) -> list[tuple[Deposit | None, bool]]:
    """The deposit behind each offer, where one is known, and whether it covers the offer."""
    known = await _deposits(tx, offers, hold=False)
    found = (known.get(_purse(offer)) if _sells(offer) else None for offer in offers)
    return [
        (deposit, funded(offer, deposit, tx.settings.fee_bps))
        for offer, deposit in zip(offers, found, strict=True)
    ]


async def _deposits(
    tx: Transaction, offers: Iterable[Offer], *, hold: bool
) -> Mapping[Purse, Deposit]:
    purses = {_purse(offer) for offer in offers if _sells(offer)}
    return await store.deposits(tx, purses, hold=hold) if purses else {}


def _sells(offer: Offer) -> bool:
    return offer.direction is Direction.SELL


def _purse(offer: Offer) -> Purse:
    return offer.wallet.lower(), offer.asset.code
