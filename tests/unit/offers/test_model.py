"""Offers without a database: states, data, quotes, and why a take is refused."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tradepost.kernel.errors import MalformedRequest, Problem
from tradepost.kernel.money import Amount, Asset, Gain, Price
from tradepost.offers import model, service
from tradepost.offers.model import (
    TRANSITIONS,
    AmountOutOfRange,
    AmountSpec,
    Category,
    Direction,
    Offer,
    OfferAlreadyTaken,
    OfferEvent,
    OfferInconsistent,
    OfferNotActive,
    OfferState,
    OfferStateConflict,
    OwnOffer,
    PaymentMethod,
    PaymentMethodUnfit,
    PaymentMethodUnknown,
    advance,
    check_amounts,
    check_methods,
    check_take,
)

ETH, EUR, JPY = Asset("ETH", 18), Asset("EUR", 2), Asset("JPY", 0)
MAKER, TAKER = UUID(int=1), UUID(int=2)
NOW = datetime(2026, 11, 23, 5, tzinfo=UTC)


def offer(
    *,
    direction: Direction = Direction.SELL,
    price: str = "2500",
    currency: Asset = EUR,
    least: str = "0.1",
    most: str = "1",
    total: str = "5",
    remaining: str = "5",
    state: OfferState = OfferState.ACTIVE,
) -> Offer:
    """An offer of ETH."""
    return Offer(
        id=UUID(int=3),
        version=1,
        state=state,
        maker_id=MAKER,
        direction=direction,
        price=Price(ETH, currency, Decimal(price)),
        amounts=AmountSpec(ETH.amount(least), ETH.amount(most)),
        total=ETH.amount(total),
        remaining=ETH.amount(remaining),
        payment_methods=("sepa",),
        country=None,
        terms="",
        funding_window_s=1800,
        payment_window_s=3600,
        wallet="0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf",
        encryption_key="79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798",
        key_signature=None,
        created_at=NOW,
        updated_at=NOW,
    )


@pytest.mark.parametrize("state", OfferState)
@pytest.mark.parametrize("event", OfferEvent)
def test_every_state_and_event_is_a_step_or_a_conflict(
    state: OfferState, event: OfferEvent
) -> None:
    if (state, event) in TRANSITIONS:
        assert advance(state, event) is TRANSITIONS[state, event]
    else:
        with pytest.raises(OfferStateConflict):
            advance(state, event)


def test_a_closed_offer_stays_closed() -> None:
    assert not [event for state, event in TRANSITIONS if state is OfferState.CLOSED]


def test_the_currencies_are_those_in_which_people_pay() -> None:
    found = {code: decimals for code, _, decimals in service.currencies()}
    assert found["EUR"] == 2
    assert found["JPY"] == 0
    assert found["KWD"] == 3
    assert len(found) > 150
    for code in ("XAU", "XXX", "XTS", "XDR", "CLF", "USN", "CHE", "XAD"):
        assert code not in found


def test_the_countries_are_those_of_the_standard() -> None:
    assert len(model.countries()) == 249
    assert {"DE", "BR", "AX", "UM"} <= model.countries()
    assert not {"EU", "UK", "XX"} & model.countries()


def test_every_payment_method_is_whole() -> None:
    methods = list(service.payment_methods())
    assert len(methods) >= 12
    assert {method.category for method in methods} == set(Category)
    assert len({method.name for method in methods}) == len(methods)


@pytest.mark.parametrize(
    ("code", "currencies", "window_s"),
    [("Sepa", ("EUR",), 3600), ("sepa", ("XAU",), 3600), ("sepa", ("EUR",), 60)],
)
def test_a_payment_method_that_makes_no_sense_is_not_loaded(
    code: str, currencies: tuple[str, ...], window_s: int
) -> None:
    with pytest.raises(AssertionError):
        PaymentMethod(code, "SEPA", Category.BANK, currencies, window_s)


def test_methods_are_known_and_take_the_currency() -> None:
    assert [method.code for method in check_methods(["sepa", "cash_in_person"], "EUR")] == [
        "sepa",
        "cash_in_person",
    ]
    with pytest.raises(PaymentMethodUnfit) as unfit:
        check_methods(["sepa", "pix", "cash_in_person"], "BRL")
    assert unfit.value.facts == {"payment_methods": ["sepa"]}
    with pytest.raises(PaymentMethodUnknown) as unknown:
        check_methods(["sepa", "barter"], "EUR")
    assert unknown.value.facts == {"payment_methods": ["barter"]}


@pytest.mark.parametrize(
    ("least", "most", "total"), [("2", "1", "5"), ("1", "6", "5"), ("0", "1", "5")]
)
def test_amounts_that_make_no_sense_are_refused(least: str, most: str, total: str) -> None:
    amounts = AmountSpec(ETH.amount(least), ETH.amount(most))
    with pytest.raises(OfferInconsistent):
        check_amounts(Direction.SELL, Price(ETH, EUR, Decimal(1)), amounts, ETH.amount(total))


def test_a_fixed_amount_is_a_range_of_one() -> None:
    amounts = AmountSpec(ETH.amount("1"), ETH.amount("1"))
    check_amounts(Direction.SELL, Price(ETH, EUR, Decimal(1)), amounts, ETH.amount("1"))


def test_the_least_amount_has_to_cost_something() -> None:
    amounts, price = AmountSpec(Amount(ETH, 1), ETH.amount("1")), Price(ETH, JPY, Decimal(100))
    check_amounts(Direction.SELL, price, amounts, ETH.amount("1"))
    with pytest.raises(OfferInconsistent):
        check_amounts(Direction.BUY, price, amounts, ETH.amount("1"))


@pytest.mark.parametrize(
    ("remaining", "bounds"), [("5", ("0.1", "1")), ("0.5", ("0.1", "0.5")), ("0.1", ("0.1", "0.1"))]
)
def test_what_can_be_taken_is_bounded_by_what_is_left(
    remaining: str, bounds: tuple[str, str]
) -> None:
    takeable = offer().amounts.takeable(ETH.amount(remaining))
    assert takeable == (ETH.amount(bounds[0]), ETH.amount(bounds[1]))


def test_a_last_piece_below_the_least_amount_cannot_be_taken() -> None:
    assert offer().amounts.takeable(ETH.amount("0.099999999999999999")) is None


@pytest.mark.parametrize(
    ("taken", "amount", "taker", "problem"),
    [
        (offer(), "0.5", MAKER, OwnOffer),
        (offer(state=OfferState.PAUSED), "0.5", TAKER, OfferNotActive),
        (offer(state=OfferState.CLOSED), "0.5", TAKER, OfferNotActive),
        (offer(), "0.09", TAKER, AmountOutOfRange),
        (offer(), "1.000000000000000001", TAKER, AmountOutOfRange),
        (offer(remaining="0.4"), "0.5", TAKER, OfferAlreadyTaken),
        (offer(remaining="0"), "0.1", TAKER, OfferAlreadyTaken),
        (offer(state=OfferState.PAUSED), "7", MAKER, OwnOffer),
        (offer(state=OfferState.PAUSED), "7", TAKER, OfferNotActive),
    ],
)
def test_a_take_is_refused_for_the_first_reason_there_is(
    taken: Offer, amount: str, taker: UUID, problem: type[Problem]
) -> None:
    with pytest.raises(problem):
        check_take(taken, ETH.amount(amount), taker)


@pytest.mark.parametrize("amount", ["0.1", "0.5", "1"])
def test_a_take_within_the_bounds_is_not_refused(amount: str) -> None:
    check_take(offer(), ETH.amount(amount), TAKER)


@pytest.mark.parametrize(
    ("direction", "amount", "fiat"),
    [
        (Direction.SELL, "0.333333333333333333", "833.34"),
        (Direction.BUY, "0.333333333333333333", "833.33"),
    ],
)
def test_a_coin_amount_costs_what_favours_the_maker(
    direction: Direction, amount: str, fiat: str
) -> None:
    quoted = service.quote(offer(direction=direction), amount=amount)
    assert quoted == (ETH.amount(amount), EUR.amount(fiat))


@pytest.mark.parametrize(
    ("direction", "amount"),
    [(Direction.SELL, "0.333333333333333333"), (Direction.BUY, "0.333333333333333334")],
)
def test_a_fiat_amount_buys_what_favours_the_maker(direction: Direction, amount: str) -> None:
    quoted = service.quote(offer(direction=direction, price="3"), fiat_amount="1")
    assert quoted == (ETH.amount(amount), EUR.amount("1"))


@pytest.mark.parametrize(
    ("direction", "amounts"),
    [
        (Direction.SELL, {"amount": "0"}),
        (Direction.SELL, {"fiat_amount": "0"}),
        (Direction.BUY, {"fiat_amount": "0.00"}),
        (Direction.BUY, {"amount": "0.000000000000000001"}),
    ],
)
def test_a_zero_on_either_side_is_refused(direction: Direction, amounts: dict[str, str]) -> None:
    with pytest.raises(AmountOutOfRange):
        service.quote(offer(direction=direction), **amounts)


@pytest.mark.parametrize(
    "amounts",
    [
        {},
        {"amount": "1", "fiat_amount": "1"},
        {"amount": "0.0000000000000000001"},
        {"fiat_amount": "0.001"},
        {"amount": "1e400"},
        {"amount": "-1"},
        {"amount": "NaN"},
        {"amount": "x"},
    ],
)
def test_an_amount_that_is_none_is_malformed(amounts: dict[str, str]) -> None:
    with pytest.raises(MalformedRequest):
        service.quote(offer(), **amounts)


prices = st.decimals(
    min_value=Decimal("0.000000000001"), max_value=Decimal(10**17), places=12, allow_nan=False
)


@given(
    st.sampled_from(Direction),
    prices,
    st.integers(1, 10**30),
    st.sampled_from([(ETH, EUR), (Asset("USDT", 6), JPY), (Asset("WHOLE", 0), Asset("KWD", 3))]),
)
def test_a_quote_never_costs_the_maker_and_never_more_than_a_unit(
    direction: Direction, price: Decimal, minor: int, pair: tuple[Asset, Asset]
) -> None:
    coin, currency = pair
    maker = replace(offer(direction=direction), price=Price(coin, currency, price))

    def quoted(kind: str) -> tuple[Amount, Amount] | None:
        asset = coin if kind == "amount" else currency
        try:
            return service.quote(maker, **{kind: str(Amount(asset, minor))})
        except AmountOutOfRange:
            return None

    numerator, denominator = exact_ratio(price, coin, currency)
    for kind in ("amount", "fiat_amount"):
        found = quoted(kind)
        if found is None:
            continue
        amount, fiat = found
        # fiat / amount against the price, as whole numbers: the maker never does worse.
        advantage = fiat.minor * denominator - amount.minor * numerator
        if direction is Direction.BUY:
            advantage = -advantage
        assert advantage >= 0
        # And the taker never loses more than one unit of what was rounded.
        assert advantage < (denominator if kind == "amount" else numerator)


def exact_ratio(price: Decimal, coin: Asset, currency: Asset) -> tuple[int, int]:
    """The price in minor units of `currency` for one of `coin`, as a fraction."""
    above, below = price.as_integer_ratio()
    return above * 10**currency.decimals, below * 10**coin.decimals


def test_the_gain_is_the_makers() -> None:
    assert model.gain(Direction.SELL) is Gain.SELLER
    assert model.gain(Direction.BUY) is Gain.BUYER
