"""Payment accounts over HTTP: sealed, bounded, and their owner's alone."""

import asyncio
from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.integration.payments.conftest import NewTrader, Trader
from tradepost.kernel.access import Scope
from tradepost.kernel.database import Database
from tradepost.payments import service
from tradepost.payments.model import MAX_ACCOUNTS, TooManyPaymentAccounts
from tradepost_client.accounts import OwnAccount, open_account, seal_account

PATH = "/v1/payment-accounts"
ACCOUNT = OwnAccount(
    "sepa", "salary", {"account_holder": "Rosa Ruiz", "iban": "DE89370400440532013000"}
)
SEALED = "A" * 200


async def kept(api: httpx.AsyncClient, trader: Trader, **changes: Any) -> httpx.Response:
    body = {"method": "sepa", "sealed": seal_account(ACCOUNT, trader.wallet)} | changes
    return await api.post(PATH, json=body, headers=trader.headers())


async def test_its_owner_gets_back_what_he_sealed(api: httpx.AsyncClient, seller: Trader) -> None:
    made = await kept(api, seller)
    assert made.status_code == 201
    assert made.headers["ETag"] == '"1"'
    (one,) = (await api.get(PATH, headers=seller.headers())).json()["data"]
    assert one == made.json()
    assert open_account(one["sealed"], one["method"], seller.wallet) == ACCOUNT


async def test_the_exchange_has_nothing_but_the_sealed_text(
    api: httpx.AsyncClient, seller: Trader, database: Database
) -> None:
    await kept(api, seller)
    async with database.transaction() as tx:
        row = await tx.one("SELECT * FROM payment_accounts")
    assert row is not None
    assert row["owner_id"] == seller.id
    assert "Rosa" not in str(row)
    assert "DE8937" not in str(row)


async def test_nobody_else_sees_or_changes_it(
    api: httpx.AsyncClient, seller: Trader, buyer: Trader
) -> None:
    one = f"{PATH}/{(await kept(api, seller)).json()['id']}"
    his = buyer.headers(**{"If-Match": '"1"'})
    assert (await api.get(PATH, headers=his)).json()["data"] == []
    answers = (
        await api.get(one, headers=his),
        await api.put(one, json={"sealed": SEALED}, headers=his),
        await api.delete(one, headers=his),
    )
    for answer in answers:
        assert answer.status_code == 404
        assert answer.json()["type"] == "urn:tradepost:problem:not-found"
    assert (await api.get(one, headers=seller.headers())).status_code == 200


async def test_nobody_at_all_sees_it_without_a_token(
    api: httpx.AsyncClient, seller: Trader
) -> None:
    one = f"{PATH}/{(await kept(api, seller)).json()['id']}"
    for path in (PATH, one):
        assert (await api.get(path)).status_code == 401


async def test_the_owner_seals_it_anew(api: httpx.AsyncClient, seller: Trader) -> None:
    one = f"{PATH}/{(await kept(api, seller)).json()['id']}"
    changed = await api.put(
        one, json={"sealed": SEALED}, headers=seller.headers(**{"If-Match": '"1"'})
    )
    assert changed.status_code == 200
    assert (changed.json()["sealed"], changed.headers["ETag"]) == (SEALED, '"2"')
    stale = await api.put(
        one, json={"sealed": "B" * 200}, headers=seller.headers(**{"If-Match": '"1"'})
    )
    assert stale.status_code == 412
    assert (await api.get(one, headers=seller.headers())).json()["sealed"] == SEALED


async def test_a_change_says_what_it_has_seen(api: httpx.AsyncClient, seller: Trader) -> None:
    one = f"{PATH}/{(await kept(api, seller)).json()['id']}"
    for answer in (
        await api.put(one, json={"sealed": SEALED}, headers=seller.headers()),
        await api.delete(one, headers=seller.headers()),
    ):
        assert answer.status_code == 428


async def test_the_owner_deletes_it(api: httpx.AsyncClient, seller: Trader) -> None:
    one = f"{PATH}/{(await kept(api, seller)).json()['id']}"
    stale = await api.delete(one, headers=seller.headers(**{"If-Match": '"7"'}))
    assert stale.status_code == 412
    gone = await api.delete(one, headers=seller.headers(**{"If-Match": '"1"'}))
    assert (gone.status_code, gone.content) == (204, b"")
    assert (await api.get(one, headers=seller.headers())).status_code == 404


async def test_a_retry_keeps_one(api: httpx.AsyncClient, seller: Trader) -> None:
    body = {"method": "sepa", "sealed": SEALED}
    headers = seller.headers(str(uuid4()))
    first = await api.post(PATH, json=body, headers=headers)
    again = await api.post(PATH, json=body, headers=headers)
    assert again.json() == first.json()
    assert len((await api.get(PATH, headers=seller.headers())).json()["data"]) == 1


@pytest.mark.parametrize(
    "changes",
    [
        {"sealed": "A" * 99},
        {"sealed": "A" * 8193},
        {"sealed": "A" * 150 + "!"},
        {"sealed": "A" * 150 + "\n"},
        {"method": "UPPER"},
        {"owner_id": str(uuid4())},
    ],
)
async def test_what_is_no_sealed_text_is_refused(
    api: httpx.AsyncClient, seller: Trader, changes: dict[str, str]
) -> None:
    assert (await kept(api, seller, **changes)).status_code == 422


async def test_an_unknown_method_is_refused(api: httpx.AsyncClient, seller: Trader) -> None:
    answer = await kept(api, seller, method="pigeon")
    assert answer.status_code == 400
    assert answer.json()["type"] == "urn:tradepost:problem:payment-method-unknown"
    assert answer.json()["payment_methods"] == ["pigeon"]


async def test_a_token_needs_the_scope(api: httpx.AsyncClient, new_trader: NewTrader) -> None:
    reader = await new_trader(frozenset({Scope.OFFERS_READ}))
    stranger = await new_trader(frozenset({Scope.TRADES_READ}))
    assert (await api.get(PATH, headers=reader.headers())).status_code == 200
    assert (await kept(api, reader)).status_code == 403
    assert (await api.get(PATH, headers=stranger.headers())).status_code == 403


async def test_a_trader_has_so_many_and_no_more_even_at_once(
    seller: Trader, buyer: Trader, database: Database
) -> None:
    async with database.transaction() as tx:
        for _ in range(MAX_ACCOUNTS - 1):
            await service.keep_account(tx, seller.id, "sepa", SEALED)

    async def one_more() -> bool:
        try:
            async with database.transaction() as tx:
                await service.keep_account(tx, seller.id, "sepa", SEALED)
        except TooManyPaymentAccounts:
            return False
        return True

    assert sorted(await asyncio.gather(*(one_more() for _ in range(4)))) == [0, 0, 0, 1]
    async with database.transaction() as tx:
        assert len(await service.accounts_of(tx, seller.id)) == MAX_ACCOUNTS
        await service.keep_account(tx, buyer.id, "sepa", SEALED)
