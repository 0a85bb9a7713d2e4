"""What a maker says of an offer, and whether that is what the exchange published.

`NewOffer` has the members of the API's body. `read_offer` makes one of a document that somebody
wrote; `faults` finds what does not agree in it before the exchange has to say so.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Annotated, Any, NotRequired

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    TypeAdapter,
    ValidationError,
    with_config,
)
from typing_extensions import TypedDict

from tradepost_client.errors import OfferChanged
from tradepost_client.models import AmountUnit, Direction, Offer, Visibility

MAX_METHODS = 10
_DAYS = "mon tue wed thu fri sat sun"


def _plain(value: Any) -> Any:
    # A float has lost digits already, and an exponent is a slip of somebody's spreadsheet.
    if isinstance(value, bool | float) or not isinstance(value, str | int | Decimal):
        raise ValueError("has to be a plain decimal number")
    text = f"{value:f}" if isinstance(value, Decimal) and value.is_finite() else str(value)
    if len(text) > 71 or not text.isascii() or not text.replace(".", "", 1).isdecimal():
        raise ValueError("has to be a plain decimal number, not negative")
    try:
        return Decimal(text)
    except InvalidOperation:
        raise ValueError("has to be a plain decimal number") from None


def _each_once(codes: Sequence[str]) -> Sequence[str]:
    if len(set(codes)) != len(codes):
        raise ValueError("each is named once")
    return codes


Number = Annotated[Decimal, BeforeValidator(_plain), Field(gt=0)]
Price = Annotated[Number, Field(max_digits=30, decimal_places=12)]
Code = Annotated[str, StringConstraints(pattern=r"^[A-Z0-9]{2,10}$")]
Country = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")]
MethodCode = Annotated[str, StringConstraints(pattern=r"^[a-z0-9_]{1,40}$")]
Clock = Annotated[str, StringConstraints(pattern=r"^(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$")]
Seconds = Annotated[int, Field(ge=1, le=60 * 86_400)]


@with_config(ConfigDict(extra="forbid"))
class Span(TypedDict):
    """A part of one weekday, in a maker's working hours."""

    day: Annotated[str, StringConstraints(pattern=rf"^({_DAYS.replace(' ', '|')})$")]
    opens: Clock
    closes: Clock


@with_config(ConfigDict(extra="forbid"))
class Hours(TypedDict):
    """A maker's working hours, on the clocks of a time zone."""

    time_zone: Annotated[str, Field(min_length=1, max_length=64)]
    spans: Annotated[list[Span], Field(min_length=1, max_length=21)]


@with_config(ConfigDict(extra="forbid"))
class NewOffer(TypedDict):
    """What a maker is ready to do; what is None counts as not said.

    direction: What the maker does with the coin.
    asset, currency: Their codes.
    price: Fixed, in units of the currency for one whole coin; or
    margin_bps: over the market's price, in 1/100 percent; below it is negative.
    limit_price: Of a floating price: a seller takes no less, a buyer pays no more.
    price_source: What a floating price follows; by default `index`.
    amount_unit: What the amounts are of: `asset` (whole coins, by default) or `currency`.
    min_amount, max_amount: The least and the most that can be taken at once.
    total_amount: The most over all trades.
    payment_methods: Codes.
    country: Where the maker is (ISO 3166-1 alpha-2).
    terms: Words to the taker.
    funding_window_s, payment_window_s: Seconds for locking and for paying.
    visibility: Who is shown it.
    min_trades, min_account_age_days, first_trade_limit, taker_countries: Who may take it.
    working_hours: When it can be taken.
    closes_at: When it ends by itself.
    shares_coins_with: The id of an own offer over whose coins this one is, too.
    """

    direction: Direction
    asset: Code
    currency: Code
    price: NotRequired[Price | None]
    margin_bps: NotRequired[Annotated[int, Field(ge=-10_000, le=90_000)] | None]
    limit_price: NotRequired[Price | None]
    price_source: NotRequired[
        Annotated[str, StringConstraints(pattern=r"^[a-z0-9_-]{1,32}$")] | None
    ]
    amount_unit: NotRequired[AmountUnit | None]
    min_amount: Number
    max_amount: Number
    total_amount: Number
    payment_methods: Annotated[
        Sequence[MethodCode],
        Field(min_length=1, max_length=MAX_METHODS),
        AfterValidator(_each_once),
    ]
    country: NotRequired[Country | None]
    terms: NotRequired[Annotated[str, Field(max_length=4000)] | None]
    funding_window_s: NotRequired[Seconds | None]
    payment_window_s: NotRequired[Seconds | None]
    visibility: NotRequired[Visibility | None]
    min_trades: NotRequired[Annotated[int, Field(ge=0, le=10_000)] | None]
    min_account_age_days: NotRequired[Annotated[int, Field(ge=0, le=3650)] | None]
    first_trade_limit: NotRequired[Number | None]
    taker_countries: NotRequired[
        Annotated[Sequence[Country], Field(max_length=300), AfterValidator(_each_once)] | None
    ]
    working_hours: NotRequired[Hours | None]
    closes_at: NotRequired[AwareDatetime | None]
    shares_coins_with: NotRequired[str | None]


_READER = TypeAdapter(NewOffer)
#: A fault: the member it is about, and what is wrong.
Fault = tuple[str, str]


def read_offer(document: Mapping[str, Any]) -> tuple[NewOffer | None, list[Fault]]:
    """The offer that a document says, or all that is wrong with it."""
    try:
        offer = _READER.validate_python(dict(document))
    except ValidationError as error:
        return None, [_fault(found) for found in error.errors(include_url=False)]
    found = list(faults(offer))
    return (None if found else offer), found


def _fault(found: Any) -> Fault:
    where = str(found["loc"][0]) if found["loc"] else "offer"
    words = str(found["msg"]).removeprefix("Value error, ")
    return where, words[:1].lower() + words[1:]


def faults(offer: NewOffer) -> Iterator[Fault]:
    """What does not agree within an offer, whatever the exchange."""
    fixed, floats = offer.get("price") is not None, offer.get("margin_bps") is not None
    if fixed == floats:
        yield "price", "it takes either a price or a margin over the market"
    elif fixed:
        for name in ("limit_price", "price_source"):
            if offer.get(name) is not None:
                yield name, "only a margin over the market has one"
    if offer["min_amount"] > offer["max_amount"]:
        yield "min_amount", "is above max_amount"
    if offer["max_amount"] > offer["total_amount"]:
        yield "max_amount", "is above total_amount"


def body(offer: Mapping[str, Any]) -> dict[str, Any]:
    """An offer, or changes of one, as the API's body; what is None is left out."""
    return {name: _said(value) for name, value in offer.items() if value is not None}


def _said(value: Any) -> Any:
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, datetime):
        return value.isoformat()
    return list(value) if isinstance(value, tuple | set | frozenset) else value


_AMOUNTS = frozenset(
    {"price", "limit_price", "min_amount", "max_amount", "total_amount", "first_trade_limit"}
)
_SETS = frozenset({"payment_methods", "taker_countries"})
_EXACT = frozenset(
    {
        *("direction", "asset", "currency", "country", "margin_bps", "price_source", "amount_unit"),
        *("funding_window_s", "payment_window_s", "visibility", "min_trades"),
        "min_account_age_days",
    }
)
_COMPARED = _AMOUNTS | _SETS | _EXACT | {"working_hours", "closes_at"}


_DEFAULTS = {
    "amount_unit": "asset",
    "visibility": "public",
    "min_trades": 0,
    "min_account_age_days": 0,
}


def expected(wanted: Mapping[str, Any]) -> dict[str, Any]:
    """A new offer's body with what the API promises where it says nothing, for `check_offer`."""
    follows = {"price_source": "index"} if "margin_bps" in wanted else {}
    return {**_DEFAULTS, **follows, **wanted}


def check_offer(offer: Offer, wanted: Mapping[str, Any]) -> None:
    """Holds an offer against what was asked for, as the API's body; raises `OfferChanged`.

    The words are left out: exchanges may clean them, and they bind the taker, who reads them.
    """
    for name, value in wanted.items():
        found = getattr(offer, name, None)
        if not _same(name, value, offer):
            raise OfferChanged(f"{name} was to be {value}, the exchange says {found}.")
    for name, pricing in (("price", "fixed"), ("margin_bps", "floating")):
        if wanted.get(name) is not None and offer.pricing != pricing:
            raise OfferChanged(f"Its price was to be {pricing}, it is {offer.pricing}.")


def _same(name: str, value: Any, offer: Offer) -> bool:
    if name == "shares_coins_with":
        return offer.shares_coins
    found = getattr(offer, name, None)
    if value is None or found is None:
        return found is value or name not in _COMPARED
    if name in _AMOUNTS:
        return bool(found == Decimal(str(value)))
    if name in _SETS:
        return set(found) == set(value)
    if name == "closes_at":
        return bool(found == datetime.fromisoformat(str(value)))
    if name == "working_hours":
        return _spans(found.model_dump()) == _spans(value)
    return name not in _EXACT or bool(found == value)


def _spans(hours: Mapping[str, Any]) -> tuple[str, set[tuple[str, ...]]]:
    spans = {tuple(span[part] for part in ("day", "opens", "closes")) for span in hours["spans"]}
    return hours["time_zone"], spans
