"""What of an offer is in the book."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from tests.unit.offers.test_model import ETH, EUR, MORNINGS, NOW, offer
from tradepost.book.model import OfferDocument, WorkingHours
from tradepost.kernel.hours import HoursInvalid, Span, WeeklyHours
from tradepost.kernel.pricing import FixedPrice, FloatingPrice
from tradepost.offers.listing import document, listing, weekly_hours
from tradepost.offers.model import Offer, OfferState, TakerRules, Visibility

AT_WORK = NOW.replace(hour=9)


def test_a_listing_shows_what_can_be_taken_now() -> None:
    found = listing(offer(remaining="0.5"), "rosa", NOW)
    assert found is not None
    assert (found.least, found.most) == (ETH.amount("0.1"), ETH.amount("0.5"))
    assert found.price == FixedPrice(Decimal(2500))
    assert found.until is None
    assert not found.in_currency
    shown = OfferDocument.model_validate_json(found.document)
    assert shown == document(offer(remaining="0.5"), "rosa")
    assert shown.maker.name == "rosa"
    assert "wallet" not in found.document
    assert "encryption_key" not in found.document


def test_a_listing_of_the_currency_has_its_amounts() -> None:
    found = listing(offer(unit=EUR, least="50", most="100", total="500", remaining="80"), None, NOW)
    assert found is not None
    assert found.in_currency
    assert (found.least, found.most) == (EUR.amount("50"), EUR.amount("80"))


@pytest.mark.parametrize(
    "some",
    [
        offer(state=OfferState.PAUSED),
        offer(state=OfferState.CLOSED),
        offer(remaining="0.09"),
        replace(offer(), visibility=Visibility.LINK, link="x"),
        replace(offer(), visibility=Visibility.TRUSTED),
        replace(offer(), closes_at=AT_WORK),
        replace(offer(), hours=WeeklyHours("UTC", (Span(1, 0, 1440),))),
    ],
)
def test_what_cannot_be_taken_by_everybody_now_is_not_listed(some: Offer) -> None:
    assert listing(some, None, AT_WORK) is None


def test_a_listing_ends_with_the_hours_or_the_offer() -> None:
    working = replace(offer(), hours=MORNINGS)
    found = listing(working, None, AT_WORK)
    assert found is not None
    assert found.until == AT_WORK.replace(hour=12)
    ending = listing(replace(working, closes_at=AT_WORK + timedelta(hours=1)), None, AT_WORK)
    assert ending is not None
    assert ending.until == AT_WORK + timedelta(hours=1)


def test_hours_are_shown_as_they_were_said() -> None:
    said = WorkingHours.model_validate(
        {
            "time_zone": "Europe/Berlin",
            "spans": [
                {"day": "sun", "opens": "20:00", "closes": "24:00"},
                {"day": "mon", "opens": "09:05", "closes": "18:30"},
            ],
        }
    )
    hours = weekly_hours(said)
    assert hours.spans == (Span(0, 545, 1110), Span(6, 1200, 1440))
    shown = document(replace(offer(), hours=hours), None).working_hours
    assert shown is not None
    assert set(shown.spans) == set(said.spans)
    assert weekly_hours(shown) == hours
    with pytest.raises(HoursInvalid):
        weekly_hours(said.model_copy(update={"time_zone": "Europe/Atlantis"}))


def test_everybody_sees_the_rules_and_what_the_price_follows() -> None:
    some = replace(
        offer(),
        price=FloatingPrice(-25, Decimal("2300.50"), "kraken"),
        rules=TakerRules(2, 7, ETH.amount("0.3"), ("DE",)),
        stock_id=offer().id,
    )
    shown = document(some, None)
    assert shown.pricing == "floating"
    assert (shown.margin_bps, shown.limit_price, shown.price_source) == (-25, "2300.50", "kraken")
    assert (shown.min_trades, shown.min_account_age_days) == (2, 7)
    assert shown.first_trade_limit == "0.300000000000000000"
    assert shown.taker_countries == ["DE"]
    assert shown.shares_coins
    assert document(offer(), None).pricing == "fixed"
