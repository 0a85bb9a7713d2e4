"""What a maker says, held against what the exchange trades, and what an edit leaves as it was."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests import worlds
from tests.unit.offers.test_model import MORNINGS, offer
from tradepost.kernel.assets import AssetNotTraded
from tradepost.kernel.errors import MalformedRequest, Problem
from tradepost.kernel.iso import CountryUnknown, CurrencyUnknown
from tradepost.kernel.money import Asset
from tradepost.kernel.pricing import Direction, FixedPrice, FloatingPrice, PriceSpec
from tradepost.kernel.settings import DevelopmentPriceSource
from tradepost.offers.draft import Changes, Draft, changed, draft_of, understand
from tradepost.offers.model import (
    AmountSpec,
    EncryptionKeyInvalid,
    Offer,
    OfferInconsistent,
    PriceSourceUnknown,
    TakerRules,
    Visibility,
)
from tradepost.payments.model import PaymentMethodUnfit, PaymentMethodUnknown

ETH, EUR = Asset("ETH", 18), Asset("EUR", 2)
NOW = datetime(2026, 11, 23, 5, tzinfo=UTC)
SETTINGS = worlds.settings("postgresql://nowhere/nothing").model_copy(
    update={"price_sources": (DevelopmentPriceSource(kind="development", name="table"),)}
)
DRAFT = Draft(
    direction=Direction.SELL,
    asset="ETH",
    currency="EUR",
    price=Decimal(2500),
    min_amount="0.1",
    max_amount="1",
    total_amount="5",
    payment_methods=("sepa", "revolut"),
    wallet="0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf",
    encryption_key="79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798",
)
FLOATING = replace(DRAFT, price=None, margin_bps=150)


def test_a_fixed_price_is_understood() -> None:
    found = understand(SETTINGS, DRAFT, NOW)
    assert (found.asset, found.currency) == (ETH, EUR)
    assert found.price == FixedPrice(Decimal(2500))
    assert found.amounts == AmountSpec(ETH.amount("0.1"), ETH.amount("1"))
    assert found.total == ETH.amount("5")
    # The slowest of its methods decides.
    assert found.payment_window_s == 259_200
    assert understand(SETTINGS, replace(DRAFT, payment_window_s=900), NOW).payment_window_s == 900


def test_a_floating_price_follows_the_index_or_a_source_that_is_there() -> None:
    def spec(**changes: Any) -> object:
        return understand(SETTINGS, replace(FLOATING, **changes), NOW).price

    assert spec() == FloatingPrice(150, None, "index")
    assert spec(price_source="table") == FloatingPrice(150, None, "table")
    assert spec(limit_price=Decimal(2)) == FloatingPrice(150, Decimal(2), "index")


def test_amounts_of_the_currency_and_rules_are_of_its_unit() -> None:
    draft = replace(
        DRAFT,
        amount_unit="currency",
        min_amount="50",
        max_amount="100",
        total_amount="1000",
        first_trade_limit="60",
        taker_countries=("DE",),
        min_trades=1,
    )
    found = understand(SETTINGS, draft, NOW)
    assert found.total == EUR.amount("1000")
    assert found.rules == TakerRules(1, 0, EUR.amount("60"), ("DE",))


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"asset": "BTC"}, AssetNotTraded),
        ({"currency": "XAU"}, CurrencyUnknown),
        ({"country": "UK"}, CountryUnknown),
        ({"taker_countries": ("DE", "UK")}, CountryUnknown),
        ({"payment_methods": ("barter",)}, PaymentMethodUnknown),
        ({"payment_methods": ("pix",)}, PaymentMethodUnfit),
        ({"encryption_key": "00" * 31 + "05"}, EncryptionKeyInvalid),
        ({"price": None}, OfferInconsistent),
        ({"margin_bps": 1}, OfferInconsistent),
        ({"limit_price": Decimal(1)}, OfferInconsistent),
        ({"price_source": "index"}, OfferInconsistent),
        ({"price": None, "margin_bps": 1, "price_source": "elsewhere"}, PriceSourceUnknown),
        ({"price": None, "margin_bps": -10_000}, OfferInconsistent),
        ({"closes_at": NOW}, OfferInconsistent),
        ({"min_amount": "0.0000000000000000001"}, MalformedRequest),
        ({"first_trade_limit": "0.0000000000000000001"}, MalformedRequest),
        ({"amount_unit": "currency", "min_amount": "0.001"}, MalformedRequest),
        ({"max_amount": "6"}, OfferInconsistent),
    ],
)
def test_what_makes_no_sense_is_refused(changes: dict[str, Any], problem: type[Problem]) -> None:
    with pytest.raises(problem):
        understand(SETTINGS, replace(DRAFT, **changes), NOW)


@st.composite
def offers(draw: st.DrawFn) -> Offer:
    """Offers of all kinds."""
    limit = draw(st.sampled_from([None, Decimal("2300.50")]))
    visibility = draw(st.sampled_from(Visibility))
    unit = draw(st.sampled_from([ETH, EUR]))
    specs: list[PriceSpec] = [
        FixedPrice(Decimal("2500.10")),
        FloatingPrice(-150, limit, "table"),
    ]
    return replace(
        offer(unit=unit, least="1", most="2"),
        price=draw(st.sampled_from(specs)),
        country=draw(st.sampled_from([None, "DE"])),
        terms=draw(st.sampled_from(["", "Now."])),
        visibility=visibility,
        link="x" if visibility is Visibility.LINK else None,
        rules=TakerRules(
            draw(st.integers(0, 3)),
            draw(st.integers(0, 3)),
            draw(st.sampled_from([None, unit.amount("1")])),
            draw(st.sampled_from([(), ("DE", "AT")])),
        ),
        hours=draw(st.sampled_from([None, MORNINGS])),
        closes_at=draw(st.sampled_from([None, NOW + timedelta(days=1)])),
    )


@given(offers())
def test_an_offer_is_understood_as_what_it_is(some: Offer) -> None:
    """What nobody changes stays as it was, to the last digit."""
    draft = changed(some, Changes())
    assert draft == draft_of(some)
    found = understand(SETTINGS, draft, NOW)
    assert (found.price, found.amounts, found.total) == (some.price, some.amounts, some.total)
    assert (found.asset, found.currency, found.rules) == (some.asset, some.currency, some.rules)
    assert found.payment_window_s == some.payment_window_s
    for name in ("country", "terms", "visibility", "hours", "closes_at", "funding_window_s"):
        assert getattr(draft, name) == getattr(some, name)


def test_one_way_of_saying_a_price_takes_the_place_of_the_other() -> None:
    floats = FloatingPrice(150, Decimal(2300), "table")
    some = replace(offer(), price=floats)

    def spec(said: Offer, changes: Changes) -> object:
        return understand(SETTINGS, changed(said, changes), NOW).price

    assert spec(some, Changes(price=Decimal(9))) == FixedPrice(Decimal(9))
    assert spec(some, Changes(margin_bps=1)) == replace(floats, margin_bps=1)
    assert spec(some, Changes(limit_price=None)) == replace(floats, limit=None)
    assert spec(some, Changes(price_source="index")) == replace(floats, source="index")
    assert spec(offer(), Changes(margin_bps=7)) == FloatingPrice(7, None, "index")
    for said, changes in (
        (offer(), Changes(limit_price=Decimal(1))),
        (offer(), Changes(price_source="table")),
        (some, Changes(price=Decimal(9), margin_bps=1)),
        (some, Changes(price=Decimal(9), limit_price=Decimal(1))),
    ):
        with pytest.raises(OfferInconsistent):
            spec(said, changes)
