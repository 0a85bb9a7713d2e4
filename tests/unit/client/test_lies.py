"""Each lie of an exchange, and the error that finds it out before anything is signed."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from tests.unit.client import stage
from tradepost_client import errors, keysigning
from tradepost_client.agreement import Agreement, as_maker, as_taker, confirmations
from tradepost_client.markets import OfferQuote
from tradepost_client.models import Exchange, Offer, Trade
from tradepost_client.verify import (
    check_for_arbitrator,
    check_quote,
    check_trade,
    check_unchanged,
)
from tradepost_client.wallet import Wallet, maker_context
from tradepost_contracts.terms import ZERO_ADDRESS

BUYER_KEY, SELLER_KEY, OTHER_KEY = "b0" * 32, "5e" * 32, "0c" * 32
Lie = Callable[[dict[str, Any]], Any]


EXCHANGE = Exchange.model_validate(stage.EXCHANGE)


def offered(**changes: Any) -> Offer:
    return Offer.model_validate(stage.OFFER | changes)


def quoted(**changes: Any) -> OfferQuote:
    return OfferQuote.model_validate(stage.QUOTE | changes)


def taken() -> Agreement:
    address = stage.BUYER.address
    return as_taker(offered(), EXCHANGE, quoted(), "sepa", address, BUYER_KEY, 2)


def published(**changes: Any) -> Agreement:
    address = stage.SELLER.address
    offer = offered(wallet=address, encryption_key=SELLER_KEY, **changes)
    return as_maker(offer, EXCHANGE, address, SELLER_KEY, 2)


def told(lie: Lie, role: str = "buyer", *, computes_id: bool = True) -> Trade:
    """The trade as a liar tells it; he gives the escrow id that his terms have."""
    body = stage.trade_body(BUYER_KEY, SELLER_KEY, role)
    lie(body)
    return Trade.model_validate(stage.with_id(body) if computes_id else body)


def terms(**changes: Any) -> Lie:
    return lambda body: body["escrow"]["terms"].update(changes)


def both(first: Lie, second: Lie) -> Lie:
    return lambda body: (first(body), second(body))


def test_an_honest_trade_holds_for_both_sides() -> None:
    honest: Lie = lambda body: None  # noqa: E731 - the shape of all the lies below
    buyers = check_trade(told(honest), taken(), stage.TRADE_ID)
    sellers = check_trade(told(honest, "seller"), published(), stage.TRADE_ID)
    assert buyers.escrow_id == sellers.escrow_id
    assert buyers.terms.terms().amount == 100_000_000


def test_a_sum_of_money_is_kept_to_the_cent() -> None:
    for lie in (
        lambda body: body.update(fiat_amount="97.99"),
        lambda body: body.update(fiat_amount="98.01"),
    ):
        with pytest.raises(errors.FiatChanged):
            check_trade(told(lie), taken())


QUOTES: dict[str, tuple[dict[str, Any], type[errors.VerificationFailed]]] = {
    "another amount": ({"amount": "99.000000", "fiat_amount": "97.02"}, errors.AmountChanged),
    "a worse price": ({"price": "0.99", "fiat_amount": "99.00"}, errors.PriceChanged),
    "more money than the price": ({"fiat_amount": "98.01"}, errors.FiatChanged),
    "less money than the price": ({"fiat_amount": "97.99"}, errors.FiatChanged),
}


@pytest.mark.parametrize("name", QUOTES)
def test_a_lie_in_a_quote_is_found_out(name: str) -> None:
    lie, found = QUOTES[name]
    with pytest.raises(found):
        check_quote(quoted(**lie), offered(), EXCHANGE, (Decimal(100), None), None)


def test_a_quote_is_for_the_money_that_was_asked_for() -> None:
    check_quote(quoted(), offered(), EXCHANGE, (None, Decimal(98)), None)
    with pytest.raises(errors.FiatChanged):
        check_quote(quoted(), offered(), EXCHANGE, (None, Decimal(99)), None)
    for asked in ((None, None), (Decimal(100), Decimal(98))):
        with pytest.raises(ValueError, match="either"):
            check_quote(quoted(), offered(), EXCHANGE, asked, None)


def test_a_floating_price_is_as_quoted_or_within_the_takers_limit() -> None:
    dearer = quoted(price="1.02", fiat_amount="102.00")
    asked = (Decimal(100), None)
    check_quote(dearer, offered(**stage.floating()), EXCHANGE, asked, None)
    check_quote(dearer, offered(**stage.floating()), EXCHANGE, asked, Decimal("1.02"))
    with pytest.raises(errors.PriceChanged):
        check_quote(dearer, offered(**stage.floating()), EXCHANGE, asked, Decimal("1.01"))
    # Whoever buys coins of a taker pays him no less than his limit.
    buys = offered(direction="buy", **stage.floating())
    with pytest.raises(errors.PriceChanged):
        check_quote(quoted(), buys, EXCHANGE, asked, Decimal("0.99"))


def test_a_makers_limit_bounds_what_the_market_is_said_to_be() -> None:
    limited = published(**stage.floating(limit_price="0.98"))
    check_trade(told(lambda body: None, "seller"), limited)
    higher: Lie = lambda body: body.update(price="1.20", fiat_amount="120.00")  # noqa: E731 - a lie
    lower: Lie = lambda body: body.update(price="0.97", fiat_amount="97.00")  # noqa: E731 - a lie
    check_trade(told(higher, "seller"), limited)
    with pytest.raises(errors.PriceChanged):
        check_trade(told(lower, "seller"), limited)
    # Without a limit the price is what he is told; what it comes to is still reckoned.
    unlimited = published(**stage.floating())
    check_trade(told(lower, "seller"), unlimited)
    with pytest.raises(errors.FiatChanged):
        check_trade(
            told(lambda body: body.update(price="0.97", fiat_amount="96.99"), "seller"), unlimited
        )


def test_amounts_in_money_bound_the_money() -> None:
    money = {"amount_unit": "currency", "total_amount": "1000.00"}
    check_trade(
        told(lambda body: None, "seller"),
        published(**money, min_amount="98.00", max_amount="98.00"),
    )
    for least, most in (("98.01", "200.00"), ("10.00", "97.99")):
        with pytest.raises(errors.FiatChanged):
            check_trade(
                told(lambda body: None, "seller"),
                published(**money, min_amount=least, max_amount=most),
            )


def test_the_fraction_of_a_cent_is_the_makers() -> None:
    # 100 coins at 0.98004 cost 98.004: a seller who made the offer gets 98.01, or it is a lie.
    def rounded(fiat: str) -> Lie:
        return lambda body: body.update(price="0.98004", fiat_amount=fiat)

    check_trade(told(rounded("98.01"), "seller"), published())
    for fiat in ("98.00", "98.02"):
        with pytest.raises(errors.FiatChanged):
            check_trade(told(rounded(fiat), "seller"), published())


LIES: dict[str, tuple[Lie, type[errors.VerificationFailed]]] = {
    "another trade": (
        lambda body: body.update(id=stage.OTHER_TRADE_ID),
        errors.OtherTrade,
    ),
    "another offer": (
        lambda body: body.update(offer_id=stage.OTHER_TRADE_ID),
        errors.OfferChanged,
    ),
    "another asset": (lambda body: body.update(asset="ETH"), errors.OfferChanged),
    "the other side": (
        lambda body: body["viewer"].update(role="seller"),
        errors.RoleChanged,
    ),
    "the buyer's wallet": (terms(buyer=stage.STRANGER), errors.OwnWalletMissing),
    "the buyer's wallet, shown too": (
        both(
            terms(buyer=stage.STRANGER),
            lambda body: body["buyer"].update(wallet=stage.STRANGER),
        ),
        errors.OwnWalletMissing,
    ),
    "the seller's wallet in the terms only": (
        terms(seller=stage.STRANGER),
        errors.CounterpartyChanged,
    ),
    "the own key": (
        lambda body: body["buyer"].update(encryption_key=OTHER_KEY),
        errors.KeyNotOurs,
    ),
    "the own key as the seller's": (
        lambda body: body["seller"].update(encryption_key=BUYER_KEY),
        errors.CounterpartyChanged,
    ),
    "an arbitrator of his own": (terms(arbitrator=stage.STRANGER), errors.ArbitratorChanged),
    "less in the escrow than shown": (terms(amount="99000000"), errors.AmountChanged),
    "less, and shown so": (
        both(
            terms(amount="99000000", fee="495000"),
            lambda body: body.update(amount="99.000000", fee="0.495", fiat_amount="97.02"),
        ),
        errors.AmountChanged,
    ),
    "a worse price": (
        lambda body: body.update(price="0.99", fiat_amount="99.00"),
        errors.PriceChanged,
    ),
    "more money than the price": (
        lambda body: body.update(fiat_amount="98.01"),
        errors.FiatChanged,
    ),
    "another currency": (lambda body: body.update(currency="USD"), errors.FiatChanged),
    "a higher fee": (
        both(terms(fee="500001"), lambda body: body.update(fee="0.500001")),
        errors.FeeChanged,
    ),
    "a higher fee than shown": (terms(fee="499999"), errors.FeeChanged),
    "a fee for somebody else": (terms(fee_recipient=stage.STRANGER), errors.FeeChanged),
    "another token": (terms(token=stage.OTHER_CONTRACT), errors.TokenChanged),
    "the native coin for a token": (terms(token=ZERO_ADDRESS), errors.TokenChanged),
    "another chain": (lambda body: body["escrow"].update(chain_id=1), errors.WrongChain),
    "another contract": (
        lambda body: body["escrow"].update(contract=stage.OTHER_CONTRACT),
        errors.ContractChanged,
    ),
    "a short payment window": (terms(payment_window=60), errors.WindowsChanged),
    "a short challenge window": (terms(challenge_window=600), errors.WindowsChanged),
    "another payment method": (
        lambda body: body.update(payment_method="cash"),
        errors.MethodChanged,
    ),
    "other words": (lambda body: body.update(terms="Send gifts."), errors.WordsChanged),
    "terms the contract refuses": (terms(buyer=stage.SELLER.address), errors.TermsMalformed),
    "a number that is none": (terms(amount=str(2**128)), errors.TermsMalformed),
}


@pytest.mark.parametrize("name", LIES)
def test_a_lie_to_the_buyer_is_found_out(name: str) -> None:
    lie, found = LIES[name]
    trade = told(lie, computes_id=name != "a number that is none")
    with pytest.raises(found):
        check_trade(trade, taken(), stage.TRADE_ID)


SELLERS_LIES: dict[str, tuple[Lie, type[errors.VerificationFailed]]] = {
    "the seller's wallet": (terms(seller=stage.STRANGER), errors.OwnWalletMissing),
    "the buyer's wallet in the terms only": (
        terms(buyer=stage.STRANGER),
        errors.CounterpartyChanged,
    ),
    "more in the escrow than shown": (terms(amount="100000001"), errors.AmountChanged),
    "more than the offer's most": (
        both(
            terms(amount="600000000", fee="3000000"),
            lambda body: body.update(amount="600", fee="3", fiat_amount="588.00"),
        ),
        errors.AmountChanged,
    ),
    "a lower price": (
        lambda body: body.update(price="0.97", fiat_amount="97.00"),
        errors.PriceChanged,
    ),
    "less money than the price": (
        lambda body: body.update(fiat_amount="97.99"),
        errors.FiatChanged,
    ),
    "a higher fee": (
        both(terms(fee="1000000"), lambda body: body.update(fee="1")),
        errors.FeeChanged,
    ),
    "a long payment window": (terms(payment_window=86400), errors.WindowsChanged),
    "a method that was not offered": (
        lambda body: body.update(payment_method="cash"),
        errors.MethodChanged,
    ),
}


@pytest.mark.parametrize("name", SELLERS_LIES)
def test_a_lie_to_the_seller_is_found_out(name: str) -> None:
    lie, found = SELLERS_LIES[name]
    with pytest.raises(found):
        check_trade(told(lie, "seller"), published(), stage.TRADE_ID)


def rekeyed(key: str, signature: str | None) -> Lie:
    return lambda body: body["buyer"].update(encryption_key=key, key_signature=signature)


#: What an exchange tells a seller in order to read his payment details.
KEY_LIES: dict[str, Lie] = {
    "the exchange's own key in the buyer's place": rekeyed(
        OTHER_KEY, keysigning.sign(OTHER_KEY, Wallet(bytes.fromhex("ee" * 32)))
    ),
    "its own key with the buyer's signature over his": rekeyed(
        OTHER_KEY, keysigning.sign(BUYER_KEY, stage.BUYER)
    ),
    "its own key with the seller's signature": rekeyed(
        OTHER_KEY, keysigning.sign(OTHER_KEY, stage.SELLER)
    ),
    "its own key without a signature": rekeyed(OTHER_KEY, None),
    "its own key with no real signature": rekeyed(OTHER_KEY, "0x" + "00" * 65),
    "the buyer's key without its signature": rekeyed(BUYER_KEY, None),
}


@pytest.mark.parametrize("name", KEY_LIES)
async def test_nothing_is_sealed_to_a_key_that_the_buyers_wallet_did_not_sign(name: str) -> None:
    exchange, node = stage.FakeExchange(), stage.FakeNode()
    seller = stage.trader(exchange, node, stage.SELLER)
    key = stage.SELLER.new_trade_key(maker_context("sell", "USDT", "EUR")).public
    exchange.trade = stage.trade_body(BUYER_KEY, key, "seller")
    exchange.lie = KEY_LIES[name]
    async with seller.client, seller.chain:
        with pytest.raises(errors.KeyNotSigned, match="buyer's wallet has not signed"):
            await seller.send_payment_details(stage.TRADE_ID, {"iban": "DE02"})
    assert exchange.posts("payment-details") == []


def test_the_escrow_id_is_recomputed() -> None:
    trade = told(lambda body: body["escrow"].update(id="0x" + "ab" * 32), computes_id=False)
    with pytest.raises(errors.EscrowIdWrong):
        check_trade(trade, taken(), stage.TRADE_ID)


def test_what_was_verified_cannot_change() -> None:
    known = check_trade(told(lambda body: None), taken(), stage.TRADE_ID)
    check_unchanged(told(lambda body: body.update(state="escrowed")), known)
    later = told(terms(fund_by=stage.CHAIN_TIME + 9000))
    with pytest.raises(errors.TermsChanged):
        check_unchanged(later, known)


def test_the_other_side_cannot_change_afterwards() -> None:
    known = check_trade(told(lambda body: None), taken(), stage.TRADE_ID)
    swapped = told(
        both(
            terms(seller=stage.STRANGER),
            lambda body: body["seller"].update(wallet=stage.STRANGER),
        )
    )
    with pytest.raises(errors.TermsChanged):
        check_unchanged(swapped, known)
    other_key = told(lambda body: body["seller"].update(encryption_key=OTHER_KEY))
    with pytest.raises(errors.CounterpartyChanged):
        check_unchanged(other_key, known)


def test_an_offer_with_another_wallet_or_key_is_no_agreement() -> None:
    for own, found in (
        ({"wallet": stage.STRANGER, "encryption_key": SELLER_KEY}, errors.OwnWalletMissing),
        ({"wallet": stage.SELLER.address, "encryption_key": OTHER_KEY}, errors.KeyNotOurs),
    ):
        offer = Offer.model_validate(stage.OFFER | own)
        with pytest.raises(found):
            as_maker(offer, EXCHANGE, stage.SELLER.address, SELLER_KEY, 2)


def test_an_arbitrator_checks_what_he_can() -> None:
    def ruling(lie: Lie, wallet: str = stage.ARBITRATOR, *, computes_id: bool = True) -> None:
        trade = told(lie, "arbitrator", computes_id=computes_id)
        check_for_arbitrator(trade, stage.TRADE_ID, wallet, stage.CHAIN_ID)

    ruling(lambda body: None)
    with pytest.raises(errors.ArbitratorChanged):
        ruling(lambda body: None, stage.STRANGER)
    with pytest.raises(errors.WrongChain):
        ruling(lambda body: body["escrow"].update(chain_id=1))
    with pytest.raises(errors.EscrowIdWrong):
        ruling(lambda body: body["escrow"].update(id="0x" + "ab" * 32), computes_id=False)
    with pytest.raises(errors.OtherTrade):
        ruling(lambda body: body.update(id=stage.OTHER_TRADE_ID))


def test_an_exchange_that_claims_few_confirmations_is_not_followed() -> None:
    assert confirmations(1, 31337) == 1
    assert confirmations(1, 1) == 6
    assert confirmations(30, 1) == 30
    assert confirmations(30, 1, wanted=3) == 3
    assert confirmations(30, 1, wanted=0) == 1
