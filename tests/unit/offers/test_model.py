"""Offers without a database: states, hours, rules, quotes, and why a take is refused."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tradepost.kernel.errors import MalformedRequest, Problem
from tradepost.kernel.hours import Span, WeeklyHours
from tradepost.kernel.money import Amount, Asset, Gain, Price
from tradepost.kernel.pricing import Direction, FixedPrice, FloatingPrice, PriceSpec
from tradepost.offers import service
from tradepost.offers.model import (
    TRANSITIONS,
    AmountOutOfRange,
    AmountSpec,
    Deposit,
    Hidden,
    Offer,
    OfferAlreadyTaken,
    OfferEvent,
    OfferInconsistent,
    OfferNotActive,
    OfferState,
    OfferStateConflict,
    OutsideWorkingHours,
    OwnOffer,
    PauseReason,
    Taker,
    TakerRefused,
    TakerRules,
    Visibility,
    advance,
    check_amounts,
    check_price,
    check_take,
    check_taker,
    funded,
    hidden,
    worse,
)

ETH, EUR, JPY = Asset("ETH", 18), Asset("EUR", 2), Asset("JPY", 0)
MAKER, TAKER = UUID(int=1), UUID(int=2)
#: A Monday.
NOW = datetime(2026, 11, 23, 5, tzinfo=UTC)
MORNINGS = WeeklyHours("UTC", (Span(0, 480, 720),))


def offer(
    *,
    direction: Direction = Direction.SELL,
    currency: Asset = EUR,
    unit: Asset = ETH,
    least: str = "0.1",
    most: str = "1",
    total: str = "5",
    remaining: str = "5",
    state: OfferState = OfferState.ACTIVE,
) -> Offer:
    """An offer of ETH, with amounts of ETH if nothing else is said."""
    return Offer(
        id=UUID(int=3),
        version=1,
        state=state,
        paused_because=PauseReason.MAKER if state is OfferState.PAUSED else None,
        maker_id=MAKER,
        direction=direction,
        asset=ETH,
        currency=currency,
        price=FixedPrice(Decimal(2500)),
        amounts=AmountSpec(unit.amount(least), unit.amount(most)),
        total=unit.amount(total),
        remaining=unit.amount(remaining),
        stock_id=None,
        payment_methods=("sepa",),
        country=None,
        terms="",
        funding_window_s=1800,
        payment_window_s=3600,
        visibility=Visibility.PUBLIC,
        link=None,
        rules=TakerRules(),
        hours=None,
        closes_at=None,
        wallet="0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf",
        encryption_key="79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798",
        key_signature=None,
        created_at=NOW,
        updated_at=NOW,
    )


def price(value: str = "2500", coin: Asset = ETH, currency: Asset = EUR) -> Price:
    """A price of a coin."""
    return Price(coin, currency, Decimal(value))


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


@pytest.mark.parametrize(
    ("least", "most", "total"), [("2", "1", "5"), ("1", "6", "5"), ("0", "1", "5")]
)
def test_amounts_that_make_no_sense_are_refused(least: str, most: str, total: str) -> None:
    amounts = AmountSpec(ETH.amount(least), ETH.amount(most))
    with pytest.raises(OfferInconsistent):
        check_amounts(Direction.SELL, price("1"), amounts, ETH.amount(total))


def test_a_fixed_amount_is_a_range_of_one() -> None:
    amounts = AmountSpec(ETH.amount("1"), ETH.amount("1"))
    check_amounts(Direction.SELL, price("1"), amounts, ETH.amount("1"))


def test_the_least_amount_has_to_cost_something() -> None:
    amounts, cheap = AmountSpec(Amount(ETH, 1), ETH.amount("1")), price("100", currency=JPY)
    check_amounts(Direction.SELL, cheap, amounts, ETH.amount("1"))
    with pytest.raises(OfferInconsistent):
        check_amounts(Direction.BUY, cheap, amounts, ETH.amount("1"))


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
        check_take(taken, ETH.amount(amount), taker, NOW)


@pytest.mark.parametrize("amount", ["0.1", "0.5", "1"])
def test_a_take_within_the_bounds_is_not_refused(amount: str) -> None:
    check_take(offer(), ETH.amount(amount), TAKER, NOW)


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
    quoted = service.quote(offer(direction=direction), price(), amount=amount)
    assert quoted == (ETH.amount(amount), EUR.amount(fiat))


@pytest.mark.parametrize(
    ("direction", "amount"),
    [(Direction.SELL, "0.333333333333333333"), (Direction.BUY, "0.333333333333333334")],
)
def test_a_fiat_amount_buys_what_favours_the_maker(direction: Direction, amount: str) -> None:
    quoted = service.quote(offer(direction=direction), price("3"), fiat_amount="1")
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
        service.quote(offer(direction=direction), price(), **amounts)


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
        service.quote(offer(), price(), **amounts)


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
    direction: Direction, value: Decimal, minor: int, pair: tuple[Asset, Asset]
) -> None:
    coin, currency = pair
    maker = replace(offer(direction=direction), asset=coin, currency=currency)

    def quoted(kind: str) -> tuple[Amount, Amount] | None:
        asset = coin if kind == "amount" else currency
        try:
            return service.quote(
                maker, Price(coin, currency, value), **{kind: str(Amount(asset, minor))}
            )
        except AmountOutOfRange:
            return None

    numerator, denominator = exact_ratio(value, coin, currency)
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


def exact_ratio(value: Decimal, coin: Asset, currency: Asset) -> tuple[int, int]:
    """The price in minor units of `currency` for one of `coin`, as a fraction."""
    above, below = value.as_integer_ratio()
    return above * 10**currency.decimals, below * 10**coin.decimals


def test_the_gain_is_the_makers() -> None:
    assert Direction.SELL.gain is Gain.SELLER
    assert Direction.BUY.gain is Gain.BUYER


# --- amounts of the currency ---------------------------------------------------------------


def test_amounts_of_the_currency_are_bounded_in_it() -> None:
    some = offer(unit=EUR, least="100", most="1000", total="5000", remaining="150")
    check_take(some, EUR.amount("100"), TAKER, NOW)
    with pytest.raises(AmountOutOfRange) as outside:
        check_take(some, EUR.amount("99.99"), TAKER, NOW)
    assert outside.value.facts == {"min_amount": "100.00", "max_amount": "1000.00"}
    with pytest.raises(OfferAlreadyTaken) as taken:
        check_take(some, EUR.amount("150.01"), TAKER, NOW)
    assert taken.value.facts == {"remaining_amount": "150.00"}


def test_an_amount_of_another_unit_is_out_of_range() -> None:
    """Its maker has stated it anew since the taker looked."""
    with pytest.raises(AmountOutOfRange):
        check_take(offer(), EUR.amount("250"), TAKER, NOW)


def test_the_least_amount_of_the_currency_has_to_buy_something() -> None:
    cheap = Asset("COIN", 0)
    amounts = AmountSpec(EUR.amount("0.50"), EUR.amount("5"))
    check_amounts(Direction.BUY, price("1", cheap), amounts, EUR.amount("5"))
    with pytest.raises(OfferInconsistent):
        check_amounts(Direction.SELL, price("1", cheap), amounts, EUR.amount("5"))
    # Where the price follows the market nobody can tell.
    check_amounts(Direction.SELL, None, amounts, EUR.amount("5"))


# --- prices --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("direction", "spec", "good"),
    [
        (Direction.SELL, FixedPrice(Decimal(1)), True),
        (Direction.SELL, FloatingPrice(-9_999, None, "index"), True),
        (Direction.BUY, FloatingPrice(-9_999, None, "index"), True),
        (Direction.SELL, FloatingPrice(-10_000, Decimal(1), "index"), True),
        (Direction.SELL, FloatingPrice(-10_000, None, "index"), False),
        (Direction.BUY, FloatingPrice(-10_000, Decimal(1), "index"), False),
        (Direction.BUY, FloatingPrice(-10_000, None, "index"), False),
    ],
)
def test_a_price_of_nothing_is_refused(direction: Direction, spec: PriceSpec, good: bool) -> None:
    if good:
        check_price(spec, direction)
    else:
        with pytest.raises(OfferInconsistent):
            check_price(spec, direction)


def test_worse_is_what_costs_the_taker_more_than_his_limit() -> None:
    one, two = Decimal(1), Decimal(2)
    assert worse(Direction.SELL, two, one)
    assert worse(Direction.BUY, one, two)
    assert not worse(Direction.SELL, one, two)
    assert not worse(Direction.BUY, two, one)
    assert not worse(Direction.SELL, one, one)
    assert not worse(Direction.BUY, one, one)


# --- rules ---------------------------------------------------------------------------------

STRICT = TakerRules(
    min_trades=3,
    min_account_age_days=30,
    first_trade_limit=ETH.amount("0.2"),
    countries=("DE", "AT"),
)
GOOD = Taker(TAKER, completed_trades=3, since=NOW - timedelta(days=30), country="AT")


def test_a_taker_who_meets_every_rule_is_not_refused() -> None:
    check_taker(replace(offer(), rules=STRICT), ETH.amount("1"), GOOD, NOW)
    new = Taker(TAKER, 0, NOW)
    check_taker(offer(), ETH.amount("1"), new, NOW)


@pytest.mark.parametrize(
    ("taker", "facts"),
    [
        (
            replace(GOOD, country=None, completed_trades=0),
            {"rule": "countries", "needed": ["DE", "AT"], "yours": None},
        ),
        (replace(GOOD, country="CH"), {"rule": "countries", "needed": ["DE", "AT"], "yours": "CH"}),
        (
            replace(GOOD, completed_trades=2, since=NOW),
            {"rule": "min_trades", "needed": 3, "yours": 2},
        ),
        (
            replace(GOOD, since=NOW - timedelta(days=30) + timedelta(seconds=1)),
            {"rule": "min_account_age_days", "needed": 30, "yours": 29},
        ),
    ],
)
def test_a_refused_taker_is_told_the_rule(taker: Taker, facts: dict[str, object]) -> None:
    with pytest.raises(TakerRefused) as refused:
        check_taker(replace(offer(), rules=STRICT), ETH.amount("0.1"), taker, NOW)
    assert refused.value.facts == facts


def test_a_first_trade_is_small_and_a_second_is_not() -> None:
    careful = replace(offer(), rules=TakerRules(first_trade_limit=ETH.amount("0.2")))
    first, second = Taker(TAKER, 0, NOW), Taker(TAKER, 1, NOW)
    check_taker(careful, ETH.amount("0.2"), first, NOW)
    check_taker(careful, ETH.amount("1"), second, NOW)
    with pytest.raises(TakerRefused) as refused:
        check_taker(careful, ETH.amount("0.200000000000000001"), first, NOW)
    assert refused.value.facts["rule"] == "first_trade_limit"
    assert refused.value.facts["needed"] == "0.200000000000000000"


# --- the maker's clock ---------------------------------------------------------------------


def test_an_offer_is_open_at_its_hours_and_until_its_end() -> None:
    at = NOW.replace(hour=8)
    working = replace(offer(), hours=MORNINGS, closes_at=at + timedelta(hours=1))
    assert not working.open_at(at - timedelta(seconds=1))
    assert working.open_at(at)
    assert working.open_at(at + timedelta(hours=1) - timedelta(seconds=1))
    assert not working.open_at(at + timedelta(hours=1))
    for state in (OfferState.PAUSED, OfferState.CLOSED):
        assert not replace(working, state=state).open_at(at)


def test_the_next_change_is_the_first_of_hours_and_end() -> None:
    at = NOW.replace(hour=8)
    assert offer().next_change(NOW) is None
    assert replace(offer(), hours=MORNINGS).next_change(NOW) == at
    assert replace(offer(), hours=MORNINGS).next_change(at) == at.replace(hour=12)
    ending = replace(offer(), hours=MORNINGS, closes_at=at.replace(hour=9))
    assert ending.next_change(at) == at.replace(hour=9)
    assert replace(ending, state=OfferState.PAUSED).next_change(NOW) == at
    assert replace(ending, state=OfferState.CLOSED).next_change(NOW) is None


def test_a_take_outside_of_the_hours_is_told_when_they_begin() -> None:
    with pytest.raises(OutsideWorkingHours) as outside:
        check_take(replace(offer(), hours=MORNINGS), ETH.amount("1"), TAKER, NOW)
    assert outside.value.facts == {"opens_at": "2026-11-23T08:00:00+00:00"}
    check_take(replace(offer(), hours=MORNINGS), ETH.amount("1"), TAKER, NOW.replace(hour=8))


def test_an_offer_that_has_ended_is_not_active_before_the_clock_has_closed_it() -> None:
    ended = replace(offer(), closes_at=NOW)
    with pytest.raises(OfferNotActive) as refused:
        check_take(ended, ETH.amount("1"), TAKER, NOW)
    assert refused.value.facts == {"state": "closed"}
    check_take(ended, ETH.amount("1"), TAKER, NOW - timedelta(seconds=1))


@pytest.mark.parametrize(
    ("some", "priced", "why"),
    [
        (offer(), True, None),
        (offer(), False, Hidden.NO_MARKET_PRICE),
        (offer(remaining="0.09"), False, Hidden.TOO_LITTLE_LEFT),
        (replace(offer(), visibility=Visibility.TRUSTED), True, Hidden.NOT_PUBLIC),
        (
            replace(offer(remaining="0"), visibility=Visibility.LINK, link="x"),
            True,
            Hidden.NOT_PUBLIC,
        ),
        (replace(offer(), hours=MORNINGS), True, Hidden.OUTSIDE_WORKING_HOURS),
        (replace(offer(), closes_at=NOW, hours=MORNINGS), True, Hidden.CLOSED),
        (offer(state=OfferState.CLOSED), True, Hidden.CLOSED),
        (offer(state=OfferState.PAUSED), True, Hidden.PAUSED),
        (
            replace(offer(state=OfferState.PAUSED), paused_because=PauseReason.AWAY),
            True,
            Hidden.AWAY,
        ),
    ],
)
def test_a_maker_is_told_why_nobody_finds_his_offer(
    some: Offer, priced: bool, why: Hidden | None
) -> None:
    assert hidden(some, NOW, priced=priced) is why


# --- the deposit behind it -----------------------------------------------------------------


def covered(spec: Offer, coins: str, fee_bps: int = 0) -> bool:
    """Whether so many coins are a deposit that backs the offer."""
    return funded(spec, Deposit(ETH.amount(coins).minor, 7), fee_bps)


def test_a_deposit_covers_what_remains_with_the_fee() -> None:
    assert covered(offer(), "5")
    assert not covered(offer(), "4.999999999999999999")
    assert covered(offer(), "5.05", fee_bps=100)
    assert not covered(offer(), "5.049999999999999999", fee_bps=100)
    assert covered(offer(remaining="1"), "1")
    assert not funded(offer(), None, 0)


def test_only_a_seller_has_a_deposit_behind_his_offer() -> None:
    assert not covered(offer(direction=Direction.BUY), "5000")


def test_where_nothing_remains_nothing_is_covered() -> None:
    assert not covered(offer(remaining="0"), "5000")


def test_of_sums_of_money_the_price_decides() -> None:
    money = offer(unit=EUR, least="100", most="500", total="5000", remaining="5000")
    assert covered(money, "2")
    assert not covered(money, "1.999999999999999999")
    following = replace(money, price=FloatingPrice(0, Decimal(2000), "index"))
    assert covered(following, "2.5")
    assert not covered(following, "2.499999999999999999")
    # Where the market falls and nothing holds it, they are more coins than anybody has.
    assert not covered(replace(money, price=FloatingPrice(0, None, "index")), "5000")
    # Coins are coins, whatever they cost.
    assert covered(replace(offer(), price=FloatingPrice(0, None, "index")), "5")


@given(
    total=st.integers(1, 10**7),
    takes=st.lists(st.integers(1, 10**7), max_size=8),
    price=st.decimals("0.01", "9999", places=2),
    fee_bps=st.integers(0, 1_000),
    in_currency=st.booleans(),
)
def test_what_is_funded_can_be_locked_however_it_is_taken(
    total: int, takes: list[int], price: Decimal, fee_bps: int, in_currency: bool
) -> None:
    """The sums of all takes, each rounded for the seller and with its fee, are never more."""
    unit = EUR if in_currency else ETH
    whole = Amount(unit, total)
    said = replace(offer(), price=FixedPrice(price), total=whole, remaining=whole)
    of = Price(ETH, EUR, price)
    locked, left = 0, total
    for take in takes:
        taken = min(take, left)
        left -= taken
        coins = of.bought(Amount(EUR, taken), Gain.SELLER).minor if in_currency else taken
        locked += coins + coins * fee_bps // 10_000
    if locked:
        assert not funded(said, Deposit(locked - 1, 7), fee_bps)
    needs = of.bought(whole, Gain.SELLER).minor if in_currency else total
    needs += needs * fee_bps // 10_000
    assert needs >= locked
    assert funded(said, Deposit(needs, 7), fee_bps) == (needs > 0)
    assert not funded(said, Deposit(max(0, needs - 1), 7), fee_bps)
