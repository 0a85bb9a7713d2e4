"""What of an offer is shown: to everybody, and in the book."""

from datetime import datetime
from typing import Final

from tradepost.book.model import Listing, Maker, OfferDocument, WorkingHours, WorkingSpan
from tradepost.kernel.hours import Span, WeeklyHours
from tradepost.kernel.pricing import FloatingPrice
from tradepost.offers.model import Offer, Visibility

_DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def document(offer: Offer, maker_name: str | None) -> OfferDocument:
    """What everybody may know of the offer, but for what follows the market."""
    price, first = offer.price, offer.rules.first_trade_limit
    follows = price if isinstance(price, FloatingPrice) else None
    limit = None if follows is None else follows.limit
    return OfferDocument(
        id=offer.id,
        version=offer.version,
        state=offer.state.value,
        maker=Maker(id=offer.maker_id, name=maker_name),
        direction=offer.direction,
        asset=offer.asset.code,
        currency=offer.currency.code,
        pricing="fixed" if follows is None else "floating",
        margin_bps=None if follows is None else follows.margin_bps,
        limit_price=None if limit is None else f"{limit:f}",
        price_source=None if follows is None else follows.source,
        amount_unit="asset" if offer.unit == offer.asset else "currency",
        min_amount=str(offer.amounts.least),
        max_amount=str(offer.amounts.most),
        total_amount=str(offer.total),
        remaining_amount=str(offer.remaining),
        shares_coins=offer.stock_id is not None,
        payment_methods=list(offer.payment_methods),
        country=offer.country,
        terms=offer.terms,
        funding_window_s=offer.funding_window_s,
        payment_window_s=offer.payment_window_s,
        visibility=offer.visibility.value,
        min_trades=offer.rules.min_trades,
        min_account_age_days=offer.rules.min_account_age_days,
        first_trade_limit=None if first is None else str(first),
        taker_countries=list(offer.rules.countries),
        working_hours=None if offer.hours is None else _hours(offer.hours),
        closes_at=offer.closes_at,
        created_at=offer.created_at,
        updated_at=offer.updated_at,
    )


def _hours(hours: WeeklyHours) -> WorkingHours:
    def clock(minute: int) -> str:
        return f"{minute // 60:02}:{minute % 60:02}"

    spans = tuple(
        WorkingSpan.model_validate(
            {
                "day": _DAYS[span.weekday],
                "opens": clock(span.start_min),
                "closes": clock(span.end_min),
            }
        )
        for span in hours.spans
    )
    return WorkingHours(time_zone=hours.time_zone, spans=spans)


def weekly_hours(said: WorkingHours) -> WeeklyHours:
    """The hours as they are reckoned with; raises `HoursInvalid`."""

    def minute(clock: str) -> int:
        hour, _, rest = clock.partition(":")
        return int(hour) * 60 + int(rest)

    spans = (
        Span(_DAYS.index(span.day), minute(span.opens), minute(span.closes)) for span in said.spans
    )
    return WeeklyHours(said.time_zone, tuple(sorted(spans)))


def listing(offer: Offer, maker_name: str | None, now: datetime) -> Listing | None:
    """What of the offer is in the book at this moment; None where nothing is."""
    bounds = offer.amounts.takeable(offer.remaining)
    if bounds is None or offer.visibility is not Visibility.PUBLIC or not offer.open_at(now):
        return None
    return Listing(
        id=offer.id,
        maker_id=offer.maker_id,
        direction=offer.direction,
        asset=offer.asset,
        currency=offer.currency,
        price=offer.price,
        least=bounds[0],
        most=bounds[1],
        payment_methods=offer.payment_methods,
        country=offer.country,
        until=offer.next_change(now),
        document=document(offer, maker_name).model_dump_json(),
    )
