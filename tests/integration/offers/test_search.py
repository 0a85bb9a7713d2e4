"""The book against a naive model: the same offers in the same order, page by page."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import LiteralString, cast
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from psycopg.rows import DictRow

from tests.integration.offers.conftest import Maker
from tradepost.kernel.database import Database, Transaction
from tradepost.kernel.ids import new_id
from tradepost.kernel.money import Amount, Asset, Price
from tradepost.offers import model, service, store
from tradepost.offers.model import AmountSpec, Direction, Offer, OfferState

NOW = datetime(2026, 11, 23, 5, tzinfo=UTC)
# Few decimals, so that roundings and equal prices are met often.
COINS = (Asset("ETH", 18), Asset("USDT", 6))
CURRENCIES = (Asset("EUR", 2), Asset("JPY", 0))
METHODS = ("cash_in_person", "swift", "revolut")


@dataclass(frozen=True, slots=True)
class Shape:
    """What an example says of one offer."""

    direction: Direction
    state: OfferState
    coin: Asset
    currency: Asset
    price: Decimal
    least: int
    more: int
    spare: int
    taken: int
    methods: tuple[str, ...]
    country: str | None
    mine: bool

    def offer(self, maker_id: UUID, other_id: UUID) -> Offer:
        """The offer."""
        # Quantities around a millionth of a coin keep fiat amounts small and roundings frequent.
        most = self.least + self.more
        total = most + self.spare

        def coins(millionths: int) -> Amount:
            return Amount(self.coin, millionths * 10 ** (self.coin.decimals - 6))

        return Offer(
            id=new_id(),
            version=1,
            state=self.state,
            maker_id=maker_id if self.mine else other_id,
            direction=self.direction,
            price=Price(self.coin, self.currency, self.price),
            amounts=AmountSpec(coins(self.least), coins(most)),
            total=coins(total),
            remaining=coins(max(0, total - self.taken)),
            payment_methods=self.methods,
            country=self.country,
            terms="",
            funding_window_s=1800,
            payment_window_s=3600,
            wallet="0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf",
            encryption_key="79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798",
            key_signature=None,
            created_at=NOW,
            updated_at=NOW,
        )


# At the dear ones a minor unit of the currency buys less than one of the coin.
PRICES = ("3", "3.00", "30000", "70000", "19999.9", "0.000000000001")
shapes = st.builds(
    Shape,
    direction=st.sampled_from(Direction),
    state=st.sampled_from([OfferState.ACTIVE] * 6 + [OfferState.PAUSED, OfferState.CLOSED]),
    coin=st.sampled_from(COINS),
    currency=st.sampled_from(CURRENCIES),
    price=st.sampled_from([Decimal(text) for text in PRICES]),
    least=st.integers(1, 2_000_000),
    more=st.sampled_from([0, 3, 1_000_000]),
    spare=st.sampled_from([0, 1, 1_000_000]),
    taken=st.sampled_from([0, 2, 1_000_000, 9_000_000]),
    methods=st.lists(st.sampled_from(METHODS), min_size=1, max_size=3, unique=True).map(tuple),
    country=st.sampled_from([None, "DE", "BR"]),
    mine=st.booleans(),
)


@st.composite
def books(draw: st.DrawFn) -> tuple[list[Shape], list[service.Search]]:
    """Offers, and searches at the edges of what they say."""
    some = draw(st.lists(shapes, min_size=1, max_size=16))

    def search() -> service.Search:
        near = draw(st.sampled_from(some))
        offer = near.offer(UUID(int=1), UUID(int=2))
        edges = [offer.amounts.least, offer.amounts.most, offer.remaining]
        amount, fiat = draw(st.sampled_from(edges)), None
        off_by = draw(st.sampled_from([-1, 0, 0, 1]))
        kind = draw(st.sampled_from(["nothing", "amount", "fiat"]))
        if kind == "fiat":
            fiat = offer.price.cost(amount, model.gain(offer.direction))
            fiat = Amount(fiat.asset, max(0, fiat.minor + off_by))
        amount = Amount(amount.asset, max(0, amount.minor + off_by))

        def maybe(value: str, *, needed: bool = False) -> str | None:
            return value if needed or draw(st.booleans()) else None

        return service.Search(
            direction=draw(st.sampled_from([None, near.direction, near.direction])),
            asset=maybe(near.coin.code, needed=kind == "amount"),
            currency=maybe(near.currency.code, needed=kind == "fiat"),
            amount=str(amount) if kind == "amount" else None,
            fiat_amount=str(fiat) if kind == "fiat" else None,
            payment_methods=draw(st.sampled_from([(), (), near.methods[:1], METHODS[:2]])),
            country=draw(st.sampled_from([None, None, None, "DE"])),
        )

    return some, [search() for _ in range(draw(st.integers(1, 4)))]


def fits(offer: Offer, search: service.Search) -> bool:
    """True where a taker who wants this could take the offer now."""
    takeable = offer.amounts.takeable(offer.remaining)
    if offer.state is not OfferState.ACTIVE or takeable is None:
        return False
    said = (
        (search.direction, offer.direction),
        (search.asset, offer.asset.code),
        (search.currency, offer.currency.code),
        (search.country, offer.country),
        (search.maker_id, offer.maker_id),
    )
    if any(want is not None and want != have for want, have in said):
        return False
    if search.payment_methods and not set(search.payment_methods) & set(offer.payment_methods):
        return False
    least, most = takeable
    if search.amount is not None and not least <= offer.asset.amount(search.amount) <= most:
        return False
    if search.fiat_amount is not None:
        fiat = offer.currency.amount(search.fiat_amount)
        bought = offer.price.bought(fiat, model.gain(offer.direction))
        return least <= bought <= most
    return True


def expected(offers: list[Offer], search: service.Search) -> list[UUID]:
    """The ids of what is found, in order, the naive way."""
    found = [offer for offer in offers if fits(offer, search)]
    found.sort(key=lambda offer: offer.id, reverse=search.direction is None)
    if search.direction is not None:
        found.sort(key=lambda offer: offer.price.value, reverse=search.direction is Direction.BUY)
    return [offer.id for offer in found]


@pytest.fixture
async def other_id(database: Database) -> UUID:
    """Another maker."""
    account_id = new_id()
    async with database.transaction() as tx:
        await tx.execute(
            "INSERT INTO accounts (id, created_at) VALUES (%s, %s)", [account_id, tx.now]
        )
    return account_id


@hypothesis_settings(
    max_examples=250,
    deadline=None,
    # The database is emptied by each example itself.
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    book=books(),
    limit=st.integers(1, 5),
    of_maker=st.booleans(),
)
async def test_the_book_finds_what_a_naive_search_finds(
    database: Database,
    maker: Maker,
    other_id: UUID,
    book: tuple[list[Shape], list[service.Search]],
    limit: int,
    of_maker: bool,
) -> None:
    some, asked = book
    offers = [shape.offer(maker.id, other_id) for shape in some]
    if of_maker:
        asked = [*asked, service.Search(maker_id=maker.id)]
    async with database.transaction() as tx:
        await tx.execute("DELETE FROM offers")
        # Not in the order of their ids, so that order has to be made.
        for offer in reversed(offers):
            await store.add(tx, offer)
        for search in asked:
            found: list[UUID] = []
            position: service.Position | None = None
            while True:
                page = await service.search(tx, search, position, limit)
                assert len(page.offers) <= limit
                found += [offer.id for offer in page.offers]
                position = page.next
                if position is None:
                    break
            assert found == expected(offers, search)


@pytest.mark.parametrize("direction", Direction)
async def test_a_fiat_amount_is_rounded_in_the_book_as_in_the_quote(
    database: Database, maker: Maker, direction: Direction
) -> None:
    # One millionth of this coin costs three cents, and only two millionths can be taken.
    shape = Shape(
        direction=direction,
        state=OfferState.ACTIVE,
        coin=COINS[1],
        currency=CURRENCIES[0],
        price=Decimal(30_000),
        least=2,
        more=0,
        spare=0,
        taken=0,
        methods=("swift",),
        country=None,
        mine=True,
    )
    offer = shape.offer(maker.id, maker.id)
    found = []
    async with database.transaction() as tx:
        await store.add(tx, offer)
        for cents in range(1, 12):
            search = service.Search(currency="EUR", fiat_amount=str(Amount(CURRENCIES[0], cents)))
            if (await service.search(tx, search, None, 1)).offers:
                found.append(cents)
    assert found == ([4, 5, 6] if direction is Direction.BUY else [6, 7, 8])


class Explaining:
    """A transaction that plans a query instead of running it."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx
        self.plan = ""

    async def all(self, sql: LiteralString, params: Mapping[str, object]) -> list[DictRow]:
        rows = await self._tx.all("EXPLAIN " + sql, params)
        self.plan = "\n".join(row["QUERY PLAN"] for row in rows)
        return []


@pytest.mark.parametrize(
    ("search", "index"),
    [
        (store.Wanted(Direction.SELL, "ETH", "EUR"), "offers_book"),
        (store.Wanted(Direction.BUY, "ETH", "EUR", amount=10**18), "offers_book"),
        (store.Wanted(Direction.SELL), "offers_best"),
        (store.Wanted(), "offers_newest"),
    ],
)
async def test_a_page_of_a_large_book_is_read_off_an_index(
    database: Database, maker: Maker, search: store.Wanted, index: str
) -> None:
    async with database.transaction() as tx:
        await tx.execute(
            """
            INSERT INTO offers (
                id, version, state, maker_id, direction, asset, asset_decimals, currency,
                currency_decimals, price, min_amount, max_amount, total_amount,
                remaining_amount, payment_methods, terms, funding_window_s, payment_window_s,
                wallet, encryption_key, created_at, updated_at
            )
            SELECT gen_random_uuid(), 1, 'active', %s, (ARRAY['buy', 'sell'])[1 + n %% 2],
                'ETH', 18,
                (ARRAY['EUR', 'USD', 'GBP', 'BRL'])[1 + n / 2 %% 4], 2, 1000 + n %% 997, 1, 10^18,
                10^18, CASE n %% 3 WHEN 0 THEN 0 ELSE 10^18 END, '{sepa}', '', 1800, 3600,
                %s, repeat('ab', 32), now(), now()
            FROM generate_series(1, 20000) AS n
            """,
            [maker.id, maker.wallet.lower()],
        )
        await tx.execute("ANALYZE offers")
        seen = await store.search(tx, search, None, 21)
        assert len(seen) == 21
        place = (seen[-1].rank, seen[-1].offer.id) if search.direction else seen[-1].offer.id
        explaining = Explaining(tx)
        await store.search(cast("Transaction", explaining), search, place, 21)
    assert index in explaining.plan
    assert "Seq Scan" not in explaining.plan
    assert "Sort" not in explaining.plan
