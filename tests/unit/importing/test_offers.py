"""What a row says of an offer, held against itself and against the exchange's lists."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import httpx
import pytest

from tests.unit.client.stage import NO_PAUSE, FakeExchange
from tradepost.entrypoints.cli.importing.accounts import understood as account_understood
from tradepost.entrypoints.cli.importing.files import Row
from tradepost.entrypoints.cli.importing.offers import COLUMNS, Lists, understood
from tradepost.entrypoints.cli.importing.runs import key_of
from tradepost_client import Client
from tradepost_payments.registry import builtin

ROW: dict[str, Any] = {
    "direction": "sell",
    "asset": "USDT",
    "currency": "EUR",
    "price": "0.98",
    "min_amount": "10",
    "max_amount": "500",
    "payment_methods": "sepa revolut",
}


@pytest.fixture
def lists() -> Iterator[Lists]:
    exchange = FakeExchange()
    transport = httpx.MockTransport(exchange.answer)
    with Client("http://127.0.0.1:8000", retries=NO_PAUSE, transport=transport) as client:
        yield Lists(client, client.exchange())


def row(**changes: Any) -> Row:
    said = {name: value for name, value in (ROW | changes).items() if value is not None}
    assert said.keys() <= COLUMNS
    return Row(7, said)


def faults(lists: Lists, **changes: Any) -> list[str]:
    offer, wrong = understood(row(**changes))
    if offer is not None:
        wrong += lists.faults(7, offer)
    return [str(fault) for fault in wrong]


def test_a_row_is_an_offer(lists: Lists) -> None:
    offer, wrong = understood(
        row(
            price=None,
            margin="1.5 %",
            limit_price="0.9",
            price_source="kraken",
            amount_unit="currency",
            taker_countries="DE;AT",
            hours="mon-fri 09:00-18:00 Europe/Berlin; sat 10:00-12:00 Europe/Berlin",
            closes_at="2026-12-31T18:00Z",
            min_trades="3",
            visibility="trusted",
        )
    )
    assert offer is not None
    assert wrong == lists.faults(7, offer) == []
    assert offer.get("margin_bps") == 150
    assert offer["total_amount"] == Decimal(500)
    assert list(offer["payment_methods"]) == ["sepa", "revolut"]
    assert list(offer.get("taker_countries") or ()) == ["DE", "AT"]
    assert len((offer.get("working_hours") or {"spans": []})["spans"]) == 6


def test_json_has_numbers_and_lists(lists: Lists) -> None:
    said = {"price": Decimal("0.98"), "min_amount": 10, "payment_methods": ["sepa"]}
    assert faults(lists, **said, hours=["mon 09:00-18:00 UTC"]) == []


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"price": "1e5"}, "price: has to be a plain decimal number"),
        ({"price": ["1"]}, "price: has to be a plain decimal number"),
        ({"price": "0"}, "price: input should be greater than 0"),
        ({"price": "-1"}, "price: has to be a plain decimal number"),
        ({"price": "1" * 80}, "price: has to be a plain decimal number"),
        ({"price": "0.1234567890123"}, "price: "),
        ({"price": None}, "price: it takes either"),
        ({"margin": "1"}, "price: it takes either"),
        ({"limit_price": "1"}, "limit_price: only a margin"),
        ({"price": None, "margin": "1.234"}, "margin: "),
        ({"price": None, "margin": "901"}, "margin: "),
        ({"price": None, "margin": ["1"]}, "margin: has to be one value"),
        ({"price": None, "margin": "1", "price_source": "other"}, "price_source: the exchange has"),
        ({"direction": "lend"}, "direction: "),
        ({"direction": 5}, "direction: "),
        ({"asset": "DOGE"}, "asset: the exchange does not trade DOGE"),
        ({"currency": "XXX"}, "currency: the exchange does not trade XXX"),
        ({"currency": "euro"}, "currency: "),
        ({"payment_methods": "sepa sepa"}, "payment_methods: each is named once"),
        ({"payment_methods": "barter"}, "payment_methods: the exchange does not know barter"),
        ({"payment_methods": "pix"}, "payment_methods: pix does not carry EUR"),
        ({"payment_methods": " ".join("abcdefghijk")}, "payment_methods: "),
        ({"min_amount": "501"}, "min_amount: is above max_amount"),
        ({"total_amount": "499"}, "max_amount: is above total_amount"),
        ({"min_amount": "0.0000001"}, "min_amount: "),
        ({"min_amount": "0.001", "amount_unit": "currency"}, "min_amount: "),
        ({"min_amount": None}, "min_amount: "),
        ({"hours": "always"}, "hours: "),
        ({"hours": 5}, "hours: "),
        ({"closes_at": "2026-12-31"}, "closes_at: "),
        ({"min_trades": "many"}, "min_trades: "),
        ({"min_trades": -1}, "min_trades: "),
        ({"visibility": "secret"}, "visibility: "),
        ({"taker_countries": "Germany"}, "taker_countries: "),
        ({"terms": "x" * 4001}, "terms: "),
    ],
)
def test_what_is_wrong_is_told_with_line_and_column(
    changes: dict[str, Any], told: str, lists: Lists
) -> None:
    found = faults(lists, **changes)
    assert [line for line in found if line.startswith(f"line 7, {told}")], found


def test_all_that_is_wrong_is_told_at_once(lists: Lists) -> None:
    found = faults(lists, direction="lend", price="x", min_amount="y", payment_methods="A B")
    assert {line.split(":")[0].removeprefix("line 7, ") for line in found} == {
        "direction",
        "price",
        "min_amount",
        "payment_methods",
    }


def test_a_pair_that_nobody_quotes_takes_fixed_prices_only(lists: Lists) -> None:
    exchange = FakeExchange()
    body = {"type": "urn:tradepost:problem:pair-not-quoted", "title": "Nobody.", "status": 404}

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path.startswith("/v1/prices"):
            return httpx.Response(404, json=body)
        return exchange.answer(request)

    lists.client._http._transport = httpx.MockTransport(answer)
    assert faults(lists) == []
    assert faults(lists, price=None, margin="1") == [
        "line 7, margin: nobody tells the exchange a price of USDT/EUR"
    ]


def test_the_key_is_of_the_row_and_of_the_account() -> None:
    key = key_of("offer", "rosa", row())
    assert key == key_of("offer", "rosa", Row(9, dict(reversed(ROW.items()))))
    assert len({key, key_of("offer", "otto", row()), key_of("offer", "rosa", row(price="1"))}) == 3


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ({"method": "barter"}, "method: the exchange does not know 'barter'"),
        ({"iban": "DE89370400440532013000"}, "method: it is needed"),
        ({"method": "sepa", "account_holder": "Rosa"}, "iban: it is needed"),
        ({"method": "sepa", "account_holder": "Rosa", "iban": "DE00"}, "iban: "),
        ({"method": "sepa", "account_holder": ["Rosa"], "iban": "x"}, "account_holder: has to be"),
        ({"method": "sepa", "upi_id": "a@b"}, "upi_id: SEPA"),
        ({"method": "sepa", "label": "x" * 61}, "label: has more than 60"),
    ],
)
def test_a_payment_account_is_checked_by_its_form(said: dict[str, Any], told: str) -> None:
    _, wrong = account_understood(Row(7, said), builtin().methods)
    found = [str(fault) for fault in wrong]
    assert [line for line in found if line.startswith(f"line 7, {told}")], found


def test_a_payment_account_is_kept_in_its_normal_form() -> None:
    said = {"method": "sepa", "account_holder": "Rosa", "iban": "de89 3704 0044 0532 0130 00"}
    (code, _, fields), wrong = account_understood(Row(7, said), builtin().methods)
    assert (code, wrong) == ("sepa", [])
    assert fields == {"account_holder": "Rosa", "iban": "DE89370400440532013000"}
