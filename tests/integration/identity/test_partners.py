"""Trusted partners: named by one, told to nobody, and bounded."""

import asyncio
from uuid import UUID, uuid4

import httpx
import pytest

from tests.integration.identity.test_account import bearer, opened
from tradepost.identity import service
from tradepost.identity.model import MAX_PARTNERS, Grant, TooManyPartners
from tradepost.kernel.access import Caller, Role, Scope
from tradepost.kernel.database import Database
from tradepost.kernel.errors import NotFound
from tradepost.kernel.ids import new_id
from tradepost.kernel.settings import Settings


async def named(api: httpx.AsyncClient, who: service.SignedIn) -> list[str]:
    """Whom somebody trusts."""
    answer = await api.get("/v1/my/partners", headers=bearer(who))
    assert answer.status_code == 200, answer.text
    return [partner["id"] for partner in answer.json()["data"]]


async def test_partners_are_named_listed_and_forgotten(
    api: httpx.AsyncClient, database: Database, settings: Settings
) -> None:
    owner, first, second = [await opened(database, settings) for _ in range(3)]

    async def put(partner: service.SignedIn) -> int:
        path = f"/v1/my/partners/{partner.account.id}"
        return (await api.put(path, headers=bearer(owner))).status_code

    assert await named(api, owner) == []
    assert [await put(second), await put(first), await put(second)] == [204, 204, 204]
    assert await named(api, owner) == [str(second.account.id), str(first.account.id)]
    # It goes one way, and nobody is told.
    assert await named(api, first) == []
    events = await api.get("/v1/account/events", headers=bearer(first))
    assert events.json()["data"] == []
    path = f"/v1/my/partners/{second.account.id}"
    gone = [(await api.delete(path, headers=bearer(owner))).status_code for _ in range(2)]
    assert gone == [204, 404]
    assert await named(api, owner) == [str(first.account.id)]
    async with database.transaction() as tx:
        assert await service.trusting(tx, [owner.account.id], first.account.id) == {
            owner.account.id
        }
        assert await service.trusting(tx, [owner.account.id], second.account.id) == set()
        assert await service.trusting(tx, [first.account.id], owner.account.id) == set()
        assert await service.trusted_by(tx, first.account.id) == [owner.account.id]
        assert await service.trusted_by(tx, owner.account.id) == []


async def test_a_partner_is_shown_by_his_name(
    api: httpx.AsyncClient, database: Database, settings: Settings
) -> None:
    owner, partner = [await opened(database, settings) for _ in range(2)]
    async with database.transaction() as tx:
        await tx.execute(
            "UPDATE accounts SET name = 'rosa', passphrase_hash = 'x' WHERE id = %s",
            [partner.account.id],
        )
    await api.put(f"/v1/my/partners/{partner.account.id}", headers=bearer(owner))
    answer = await api.get("/v1/my/partners", headers=bearer(owner))
    assert answer.json()["data"] == [{"id": str(partner.account.id), "name": "rosa"}]


@pytest.mark.parametrize("whom", ["himself", "nobody", "rosa"])
async def test_nobody_trusts_himself_or_who_is_not_there(
    api: httpx.AsyncClient, database: Database, settings: Settings, whom: str
) -> None:
    owner = await opened(database, settings)
    partner = {"himself": str(owner.account.id), "nobody": str(uuid4())}.get(whom, whom)
    answer = await api.put(f"/v1/my/partners/{partner}", headers=bearer(owner))
    assert answer.status_code == (422 if whom == "rosa" else 404), answer.text
    assert await named(api, owner) == []


async def test_naming_a_partner_needs_the_right_token(
    api: httpx.AsyncClient, database: Database, settings: Settings
) -> None:
    owner, partner = [await opened(database, settings) for _ in range(2)]
    caller = Caller(
        owner.account.id, owner.token.token.id, frozenset({Role.TRADER}), frozenset(Scope)
    )
    async with database.transaction() as tx:
        grant = Grant(frozenset({Scope.ACCOUNT_READ}))
        reads = await service.create_token(tx, caller, "reads", grant)
    path = f"/v1/my/partners/{partner.account.id}"
    reader = {"Authorization": f"Bearer {reads.secret}"}
    for headers, status in (({}, 401), (reader, 403)):
        assert (await api.put(path, headers=headers)).status_code == status
        assert (await api.delete(path, headers=headers)).status_code == status
    assert (await api.get("/v1/my/partners")).status_code == 401
    assert (await api.get("/v1/my/partners", headers=reader)).status_code == 200


async def test_partners_are_bounded_even_when_named_at_once(
    database: Database, settings: Settings
) -> None:
    owner = (await opened(database, settings)).account.id
    others = [new_id() for _ in range(MAX_PARTNERS + 5)]
    async with database.transaction() as tx:
        await tx.execute(
            "INSERT INTO accounts (id, created_at) SELECT unnest(%s::uuid[]), %s",
            [others, tx.now],
        )
        await tx.execute(
            """
            INSERT INTO trusted_partners (account_id, partner_id, since)
            SELECT %s, unnest(%s::uuid[]), %s
            """,
            [owner, others[: MAX_PARTNERS - 2], tx.now],
        )

    async def trust(partner: UUID) -> bool:
        try:
            async with database.transaction() as tx:
                await service.trust(tx, owner, partner)
        except TooManyPartners:
            return False
        return True

    answers = await asyncio.gather(*(trust(one) for one in others[MAX_PARTNERS - 2 :]))
    assert sum(answers) == 2
    async with database.transaction() as tx:
        assert len(await service.partners(tx, owner)) == MAX_PARTNERS
        # One who is known already changes nothing, and one who goes makes room.
        await service.trust(tx, owner, others[0])
        await service.distrust(tx, owner, others[0])
        with pytest.raises(NotFound):
            await service.distrust(tx, owner, others[0])
    assert await trust(others[0])


async def test_the_same_partner_named_at_once_is_one(
    api: httpx.AsyncClient, database: Database, settings: Settings
) -> None:
    owner, partner = [await opened(database, settings) for _ in range(2)]
    path = f"/v1/my/partners/{partner.account.id}"
    answers = await asyncio.gather(*(api.put(path, headers=bearer(owner)) for _ in range(8)))
    assert {answer.status_code for answer in answers} == {204}
    assert await named(api, owner) == [str(partner.account.id)]
