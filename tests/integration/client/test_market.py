"""The client on a market that moves: floating prices, quotes, partners, payment accounts."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from decimal import Decimal

import httpx
import pytest

from tests import market as markets
from tests import worlds
from tests.market import Market
from tests.stage import Stage, open_stage
from tradepost.entrypoints.dev.chain import DevChain
from tradepost_client import AsyncClient, AsyncTrader
from tradepost_client.errors import ProblemError, SealBroken
from tradepost_client.models import Offer
from tradepost_client.offers import NewOffer
from tradepost_payments.accounts import AccountInvalid
from tradepost_payments.registry import builtin

FLOATING: NewOffer = {
    "direction": "sell",
    "asset": "ETH",
    "currency": "EUR",
    "margin_bps": 150,
    "limit_price": Decimal(2400),
    "amount_unit": "currency",
    "min_amount": Decimal(50),
    "max_amount": Decimal(1000),
    "total_amount": Decimal(5000),
    "payment_methods": ["sepa_instant", "revolut"],
    "country": "DE",
}
IBAN = "DE89370400440532013000"


@pytest.fixture
async def stage(database_url: str, chain: DevChain) -> AsyncIterator[Stage]:
    """An exchange with two sources of prices."""
    settings = markets.settings(worlds.settings(database_url, chain.url))
    async with open_stage(chain, settings) as opened:
        yield opened


@pytest.fixture
def market(stage: Stage) -> Market:
    """What its sources say."""
    return Market(stage.database)


async def visitor(stage: Stage) -> AsyncClient:
    return await stage.stack.enter_async_context(
        AsyncClient(stage.settings.public_url, transport=httpx.ASGITransport(stage.app))
    )


async def test_a_floating_offer_is_found_quoted_and_taken(stage: Stage, market: Market) -> None:
    await market.moves("2500")
    maker, taker = await stage.trader(), await stage.trader()
    offer = await maker.publish_offer(**FLOATING)
    assert (offer.price, offer.premium_bps, offer.hidden_because) == (Decimal("2537.5"), 150, None)
    note = maker.notebook.offer(offer.id)
    assert note is not None
    assert (note.worst_price, note.amount_unit) == (Decimal(2400), "currency")

    page = await taker.client.search(
        direction="sell",
        asset="ETH",
        currency="EUR",
        fiat_amount=Decimal(250),
        payment_methods=["revolut", "wise"],
        online=True,
    )
    assert page.market is not None
    assert (page.market.price, page.market.development) == (Decimal(2500), False)
    (seen,) = page.data
    assert (seen.id, seen.maker_online) == (offer.id, True)
    assert seen.quote is not None
    assert seen.quote.fiat_amount == Decimal(250)
    facets = await taker.client.facets(asset="ETH")
    assert (facets.total, facets.payment_methods["revolut"]) == (1, 1)

    quote = await taker.quote(seen, fiat_amount=Decimal(250))
    assert quote.amount == seen.quote.amount
    await market.moves("2600")
    trade = await taker.take(seen, fiat_amount=Decimal(250), method="revolut", quote=quote)
    assert (trade.price, trade.amount) == (Decimal("2537.5"), quote.amount)
    assert (await maker.trade(trade.id)).fiat_amount == Decimal(250)
    left = await maker.client.offer(offer.id)
    assert (left.remaining_amount, left.price) == (Decimal(4750), Decimal(2639))


@pytest.mark.parametrize("maker_sells", [True, False], ids=["maker_sells", "maker_buys"])
@pytest.mark.parametrize("named", ["amount", "fiat_amount"])
async def test_the_makers_client_agrees_with_how_the_exchange_rounds(
    stage: Stage, market: Market, maker_sells: bool, named: str
) -> None:
    await market.moves("0.97013", pair=markets.PAIRS[2])
    maker, taker = await stage.trader(), await stage.trader()
    offer = await maker.publish_offer(
        direction="sell" if maker_sells else "buy",
        asset="USDT",
        currency="EUR",
        margin_bps=-33,
        min_amount=Decimal(1),
        max_amount=Decimal(500),
        total_amount=Decimal(500),
        payment_methods=["sepa"],
    )
    amount = Decimal("77.77") if named == "fiat_amount" else None
    coins = Decimal("77.777777") if named == "amount" else None
    trade = await taker.take(offer, method="sepa", amount=coins, fiat_amount=amount)
    seen = await maker.trade(trade.id)
    assert (seen.amount, seen.fiat_amount) == (trade.amount, trade.fiat_amount)


async def test_an_offer_without_a_market_says_why_it_is_not_found(
    stage: Stage, market: Market
) -> None:
    maker = await stage.trader()
    offer = await maker.publish_offer(**FLOATING)
    assert (offer.price, offer.hidden_because) == (None, "no_market_price")
    with pytest.raises(ProblemError) as refused:
        await maker.quote(offer, fiat_amount=Decimal(100))
    assert refused.value.slug == "price-unavailable"
    await market.moves("2500")
    assert (await maker.client.offer(offer.id)).price == Decimal("2537.5")


async def test_what_a_maker_says_comes_back_as_he_said_it(stage: Stage, market: Market) -> None:
    await market.moves("2500")
    maker = await stage.trader()
    said: NewOffer = {
        **FLOATING,
        "price_source": "one",
        "visibility": "link",
        "min_trades": 2,
        "min_account_age_days": 3,
        "first_trade_limit": Decimal(200),
        "taker_countries": ["DE", "AT"],
        "working_hours": {
            "time_zone": "Europe/Berlin",
            "spans": [{"day": "mon", "opens": "09:00", "closes": "24:00"}],
        },
        "closes_at": datetime(2099, 1, 1, tzinfo=UTC),
        "terms": "Own account.",
        "funding_window_s": 900,
        "payment_window_s": 7200,
    }
    offer = await maker.publish_offer(**said)
    assert offer.link is not None
    edited = await maker.edit_offer(
        offer.id,
        {
            "price": "2600",
            "visibility": "public",
            "first_trade_limit": None,
            "working_hours": None,
            "closes_at": None,
            "taker_countries": [],
        },
    )
    assert (edited.pricing, edited.price, edited.limit_price) == ("fixed", Decimal(2600), None)
    assert (edited.link, edited.working_hours, edited.closes_at) == (None, None, None)
    note = maker.notebook.offer(offer.id)
    assert note is not None
    assert note.worst_price == Decimal(2600)


async def test_one_intent_publishes_once(stage: Stage, market: Market) -> None:
    await market.moves("2500")
    maker = await stage.trader()
    first = await maker.publish_offer(**FLOATING, once="a" * 64)
    again = await maker.publish_offer(**FLOATING, once="a" * 64)
    assert first.id == again.id
    assert [one.id async for one in maker.client.my_offers()] == [first.id]


async def test_a_link_and_partners_open_what_others_do_not_see(
    stage: Stage, market: Market
) -> None:
    await market.moves("2500")
    maker, taker = await stage.trader(), await stage.trader()
    said: NewOffer = {**FLOATING, "visibility": "link"}
    linked = await maker.publish_offer(**said)
    with pytest.raises(ProblemError) as hidden:
        await taker.client.offer(linked.id)
    assert hidden.value.status == 404
    seen = await taker.client.offer(linked.id, link=linked.link)
    await taker.take(seen, method="revolut", fiat_amount=Decimal(100), link=linked.link)

    said = {**FLOATING, "visibility": "trusted"}
    trusted = await maker.publish_offer(**said)
    me = await taker.client.account()
    assert [one async for one in taker.client.offers_for_partner()] == []
    await maker.client.trust_partner(me.id)
    assert [one.id for one in await maker.client.partners()] == [me.id]
    assert [one.id async for one in taker.client.offers_for_partner()] == [trusted.id]
    await taker.take(trusted, method="revolut", fiat_amount=Decimal(100))
    await maker.client.distrust_partner(me.id)
    assert await maker.client.partners() == ()


async def test_a_saved_search_is_told_of_a_new_offer(stage: Stage, market: Market) -> None:
    await market.moves("2500")
    maker, taker = await stage.trader(), await stage.trader()
    saved = await taker.client.save_search(
        "Coins", direction="sell", asset="ETH", currency="EUR", payment_methods=["revolut"]
    )
    assert (await taker.client.saved_searches())[0].payment_method == ("revolut",)
    offer = await maker.publish_offer(**FLOATING)
    await stage.jobs()
    found = [one async for one in taker.client.events() if one.type == "saved.search_matched"]
    assert [one.payload["offer_id"] for one in found] == [offer.id]
    await taker.client.forget_search(saved.id)
    assert await taker.client.saved_searches() == ()


async def test_prices_are_told_with_their_sources(stage: Stage, market: Market) -> None:
    client = await visitor(stage)
    with pytest.raises(ProblemError) as none:
        await client.price("ETH", "EUR")
    assert none.value.slug in {"price-unavailable", "pair-not-quoted"}
    await market.moves("2500")
    price = await client.price("ETH", "EUR")
    assert {one.name for one in price.sources if one.used} == {"one", "two"}
    assert [one.price async for one in client.prices(asset="ETH")] == [Decimal(2500)]
    assert [one.price async for one in client.price_history("ETH", "EUR")] == [Decimal(2500)]


async def test_payment_methods_are_those_that_were_signed(stage: Stage) -> None:
    client = await visitor(stage)
    registry = await client.payment_registry()
    assert registry.version == builtin().version
    told = {one.code: one async for one in client.payment_methods()}
    assert told.keys() == registry.methods.keys()
    found = [one.code async for one in client.payment_methods(currency="BRL", text="pix")]
    assert "pix" in found
    german = await client.payment_method("sepa", language="de")
    sepa = registry.get("sepa")
    assert sepa is not None
    assert german.name == sepa.name_in("de")
    form = german.form()
    assert [field.kind for field in form.fields] == [field.kind for field in sepa.fields]


async def test_payment_accounts_are_kept_for_their_owner_alone(stage: Stage) -> None:
    owner, other = await stage.trader(), await stage.trader()
    with pytest.raises(AccountInvalid):
        await owner.accounts.add("sepa", {"iban": "DE00"})
    kept = await owner.accounts.add(
        "sepa", {"account_holder": "Rosa", "iban": IBAN.lower()}, label="mine"
    )
    assert kept.fields == {"account_holder": "Rosa", "iban": IBAN}
    assert await owner.accounts.list() == (kept,)
    assert await other.accounts.list() == ()
    with pytest.raises(ProblemError) as hidden:
        await other.accounts.get(kept.id)
    assert hidden.value.status == 404
    thief = AsyncTrader(owner.client, owner.chain, other.wallet)
    with pytest.raises(SealBroken):
        await thief.accounts.get(kept.id)
    newer = await owner.accounts.replace(kept, {**kept.fields, "account_holder": "Rosa M"})
    with pytest.raises(ProblemError) as late:
        await owner.accounts.replace(kept, kept.fields)
    assert late.value.status == 412
    assert (await owner.accounts.get(kept.id)).fields["account_holder"] == "Rosa M"
    await owner.accounts.remove(newer)
    assert await owner.accounts.list() == ()


async def test_offers_over_the_same_coins_lose_together(stage: Stage, market: Market) -> None:
    await market.moves("2500")
    await market.moves("2700", pair=markets.PAIRS[1])
    maker, taker = await stage.trader(), await stage.trader()
    said: NewOffer = {
        **FLOATING,
        "amount_unit": "asset",
        "min_amount": Decimal("0.1"),
        "max_amount": Decimal(1),
        "total_amount": Decimal(1),
        "payment_methods": ["revolut"],
    }
    euros = await maker.publish_offer(**said)
    said = {**said, "currency": "USD", "shares_coins_with": euros.id}
    dollars = await maker.publish_offer(**said)
    assert dollars.shares_coins
    await taker.take(euros, method="revolut", amount=Decimal("0.4"))

    async def left(offer: Offer) -> Decimal:
        return (await maker.client.offer(offer.id)).remaining_amount

    assert await left(euros) == await left(dollars) == Decimal("0.6")
