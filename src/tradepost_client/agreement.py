"""What a trader agreed to, written down so that the exchange can be held to it.

An `Agreement` is made when he publishes or takes an offer, a `KnownTrade` when `verify` has let a
trade pass. Everything here is pure.
"""

from collections.abc import Sequence
from decimal import Decimal

from pydantic import BaseModel, ConfigDict

from tradepost_client import errors
from tradepost_client.markets import OfferQuote
from tradepost_client.models import (
    Address,
    Amount,
    AmountUnit,
    Asset,
    Currency,
    EscrowTerms,
    Exchange,
    Key,
    Offer,
    Side,
    Trade,
    native,
)
from tradepost_contracts.terms import ZERO_ADDRESS

#: Fewer confirmations are never enough where the coins are worth something.
FEWEST_CONFIRMATIONS = 6
DEVELOPMENT_CHAIN = 31337


class Agreement(BaseModel):
    """What a trader agreed to with an offer, and the exchange's rules at that moment.

    Attributes:
        offer_id: The offer.
        side: Which side of its trades the trader is on.
        asset: The coin's code.
        decimals: The coin's decimals.
        token: Its token's address, or the zero address for the native coin.
        currency: The currency's code.
        currency_decimals: The currency's decimals.
        worst_price: The most a buyer pays, or the least a seller takes, for one whole coin; None
            for the maker of a floating price without a limit, who has left it to the market.
        amount_unit: What the two amounts are of, the coin or the currency.
        min_amount: The least amount.
        max_amount: The most.
        fiat_amount: The exact sum of money, where a taker was quoted one.
        payment_methods: Those agreed to.
        words: The offer's terms, which a taker read; None for a maker, who wrote them.
        wallet: The trader's own.
        encryption_key: The trader's own.
        chain_id: The chain.
        contract: The escrow contract's address.
        arbitrator: Who decides with one of the two.
        fee_bps: The fee's rate in 1/10,000.
        fee_recipient: Whom the fee goes to.
        payment_window: Seconds.
        challenge_window: Seconds.
        confirmations: How deep a lock has to be.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    offer_id: str
    side: Side
    asset: str
    decimals: int
    token: Address
    currency: str
    currency_decimals: int
    worst_price: Amount | None
    # A note of an earlier version does not tell it: offers had amounts of the coin only.
    amount_unit: AmountUnit = "asset"
    min_amount: Amount
    max_amount: Amount
    fiat_amount: Amount | None
    payment_methods: tuple[str, ...]
    words: str | None
    wallet: Address
    encryption_key: Key
    chain_id: int
    contract: Address
    arbitrator: Address
    fee_bps: int
    fee_recipient: Address
    payment_window: int
    challenge_window: int
    confirmations: int

    @property
    def is_makers(self) -> bool:
        """Whether the trader made the offer; a taker's agreement has its words."""
        return self.words is None


class KnownTrade(BaseModel):
    """A trade that was verified once, as it is kept: the exchange cannot change it any more.

    It is also all that is needed to end the trade on the chain without the exchange.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    agreement: Agreement
    terms: EscrowTerms
    escrow_id: str
    buyer_key: Key
    seller_key: Key


def confirmations(claimed: int, chain_id: int, wanted: int | None = None) -> int:
    """How deep a lock has to be: what the trader wants, or the exchange's number with a floor."""
    if wanted is not None:
        return max(1, wanted)
    return max(1 if chain_id == DEVELOPMENT_CHAIN else FEWEST_CONFIRMATIONS, claimed)


def as_maker(offer: Offer, exchange: Exchange, wallet: str, key: str, depth: int) -> Agreement:
    """The agreement of the maker of `offer`, of which trades within its range may come.

    A floating price is bounded by the offer's `limit_price`. Without one the trade's price is what
    the exchange says that the market's was, and only its arithmetic can be checked.

    Raises:
        OwnWalletMissing: The offer has another wallet than the maker's.
        KeyNotOurs: It has another key.
    """
    if (offer.wallet or "").lower() != wallet.lower():
        raise errors.OwnWalletMissing(f"The offer names {offer.wallet}.")
    if offer.encryption_key != key:
        raise errors.KeyNotOurs(f"The offer names {offer.encryption_key}.")
    side: Side = "seller" if offer.direction == "sell" else "buyer"
    return _agreement(
        offer,
        exchange,
        side,
        (offer.min_amount, offer.max_amount, None),
        offer.amount_unit,
        offer.price if offer.pricing == "fixed" else offer.limit_price,
        offer.payment_methods,
        (None, wallet, key, depth),
    )


def as_taker(
    offer: Offer,
    exchange: Exchange,
    quote: OfferQuote,
    method: str,
    wallet: str,
    key: str,
    depth: int,
) -> Agreement:
    """The agreement of a taker: the very amounts that he was quoted.

    Args:
        offer: As he sees it.
        exchange: As he sees it.
        quote: One that `check_quote` has let pass.
        method: The payment method.
        wallet: His own.
        key: His trade key.
        depth: How deep a lock has to be.
    """
    return _agreement(
        offer,
        exchange,
        "buyer" if offer.direction == "sell" else "seller",
        (quote.amount, quote.amount, quote.fiat_amount),
        "asset",
        quote.price,
        (method,),
        (offer.terms or "", wallet, key, depth),
    )


def _agreement(
    offer: Offer,
    exchange: Exchange,
    side: Side,
    bounds: tuple[Decimal, Decimal, Decimal | None],
    unit: AmountUnit,
    worst_price: Decimal | None,
    methods: Sequence[str],
    own: tuple[str | None, str, str, int],
) -> Agreement:
    asset, currency = told(exchange, offer.asset, offer.currency)
    words, wallet, key, depth = own
    return Agreement(
        offer_id=offer.id,
        side=side,
        asset=asset.code,
        decimals=asset.decimals,
        token=native(asset),
        currency=currency.code,
        currency_decimals=currency.decimals,
        worst_price=worst_price,
        amount_unit=unit,
        min_amount=bounds[0],
        max_amount=bounds[1],
        fiat_amount=bounds[2],
        payment_methods=tuple(methods),
        words=words,
        wallet=wallet,
        encryption_key=key,
        chain_id=exchange.chain.chain_id,
        contract=exchange.chain.escrow_address,
        arbitrator=exchange.arbitrator,
        fee_bps=exchange.fee_bps,
        fee_recipient=exchange.fee_recipient or ZERO_ADDRESS,
        payment_window=offer.payment_window_s,
        challenge_window=exchange.challenge_window_s,
        confirmations=depth,
    )


def told(exchange: Exchange, asset: str, currency: str) -> tuple[Asset, Currency]:
    """What the exchange tells of a coin and a currency; raises `OfferChanged` where it does not."""
    try:
        return exchange.asset(asset), exchange.currency(currency)
    except KeyError as error:
        raise errors.OfferChanged(f"The exchange does not tell what {error} is.") from None


def as_shown(trade: Trade, exchange: Exchange, wallet: str, key: str, depth: int) -> Agreement:
    """An agreement made anew from the exchange's word, where the trader has no note of his own.

    It cannot tell that amounts, price or rules were others before; the trader has to look at them.
    The wallet and the key are still the trader's own, and whatever comes later is held against it.

    Raises:
        RoleChanged: The trader is neither the buyer nor the seller.
        OfferChanged: The exchange does not tell what the coin or the currency is.
    """
    if trade.viewer.role == "arbitrator":
        raise errors.RoleChanged("You are not one of its traders.")
    asset, currency = told(exchange, trade.asset, trade.currency)
    return Agreement(
        offer_id=trade.offer_id,
        side=trade.viewer.role,
        asset=asset.code,
        decimals=asset.decimals,
        token=native(asset),
        currency=currency.code,
        currency_decimals=currency.decimals,
        worst_price=trade.price,
        min_amount=trade.amount,
        max_amount=trade.amount,
        fiat_amount=trade.fiat_amount,
        payment_methods=(trade.payment_method,),
        words=trade.terms or "",
        wallet=wallet,
        encryption_key=key,
        chain_id=exchange.chain.chain_id,
        contract=exchange.chain.escrow_address,
        arbitrator=exchange.arbitrator,
        fee_bps=exchange.fee_bps,
        fee_recipient=exchange.fee_recipient or ZERO_ADDRESS,
        payment_window=trade.escrow.terms.payment_window,
        challenge_window=exchange.challenge_window_s,
        confirmations=depth,
    )
