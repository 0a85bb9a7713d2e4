"""An encrypted wallet is kept for its owner, and nobody who got into the account destroys it."""

import asyncio
from datetime import timedelta
from typing import Any

import httpx
import pytest

from tests.integration.backups.conftest import NewOwner, Owner
from tradepost.backups import service
from tradepost.backups.model import KEPT, MAX_VAULT, MAX_VERSIONS
from tradepost.entrypoints.wiring import SUBSCRIPTIONS
from tradepost.kernel.access import Scope
from tradepost.kernel.clock import system_clock
from tradepost.kernel.database import Database
from tradepost.kernel.settings import Settings

VAULT = '{ "form":1, "sealed":"one \\u00e9 \u00e9" }'
OTHER = '{"form":1,"sealed":"two"}'


def problem(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["type"].removeprefix("urn:tradepost:problem:")


async def test_what_is_kept_comes_back_letter_for_letter(owner: Owner) -> None:
    assert problem(await owner.get()) == (404, "backup-missing")
    kept = await owner.first(VAULT)
    assert (kept.status_code, kept.headers["ETag"]) == (200, '"1"')
    found = await owner.get()
    assert found.json() == kept.json()
    assert (found.json()["version"], found.json()["vault"]) == (1, VAULT)
    assert (found.json()["replaced_at"], found.json()["versions"]) == (None, [1])
    assert found.headers["Cache-Control"] == "private, no-cache"
    assert kept.headers["Cache-Control"] == "no-store"
    changed = await owner.ask("PUT", {"vault": OTHER}, If_Match=found.headers["ETag"])
    assert (changed.status_code, changed.json()["version"]) == (200, 2)
    assert (await owner.get()).json()["vault"] == OTHER


async def test_nobody_overwrites_what_he_has_not_seen(owner: Owner) -> None:
    assert problem(await owner.next(VAULT, 1)) == (412, "precondition-failed")
    await owner.first(VAULT)
    assert problem(await owner.first(OTHER)) == (412, "precondition-failed")
    assert problem(await owner.next(OTHER, 2)) == (412, "precondition-failed")
    await owner.next(OTHER, 1)
    assert problem(await owner.next(VAULT, 1)) == (412, "precondition-failed")
    assert problem(await owner.ask("DELETE", If_Match='"1"')) == (412, "precondition-failed")
    assert (await owner.get()).json()["vault"] == OTHER


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"If_Match": "*"},
        {"If_Match": "two"},
        {"If_None_Match": '"1"'},
        {"If_None_Match": "*", "If_Match": '"1"'},
        {"If_None_Match": "W/*"},
    ],
)
async def test_a_change_says_what_it_has_seen(owner: Owner, headers: dict[str, str]) -> None:
    refused = await owner.ask("PUT", {"vault": VAULT}, **headers)
    assert problem(refused) == (428, "precondition-required")
    assert problem(await owner.get()) == (404, "backup-missing")


async def test_an_answer_that_was_lost_is_asked_for_again(owner: Owner) -> None:
    assert (await owner.first(VAULT)).json() == (await owner.first(VAULT)).json()
    assert (await owner.next(OTHER, 1)).json() == (await owner.next(OTHER, 1)).json()
    assert (await owner.get()).json()["versions"] == [2, 1]


async def test_of_two_devices_at_once_one_is_told(owner: Owner) -> None:
    await owner.first(VAULT)
    texts = [f'{{"form":{number}}}' for number in range(5)]
    answers = await asyncio.gather(*(owner.next(text, 1) for text in texts))
    assert sorted(answer.status_code for answer in answers) == [200, 412, 412, 412, 412]
    (won,) = (answer.json()["vault"] for answer in answers if answer.status_code == 200)
    assert (await owner.get()).json()["vault"] == won
    new = await owner.ask("DELETE", If_Match='"2"')
    assert new.status_code == 204
    answers = await asyncio.gather(*(owner.first(text) for text in texts))
    assert sorted(answer.status_code for answer in answers) == [200, 412, 412, 412, 412]


async def test_a_thief_of_a_session_pushes_nothing_out(owner: Owner) -> None:
    await owner.first(VAULT)
    for version in range(1, MAX_VERSIONS):
        assert (await owner.next(f'{{"thief":{version}}}', version)).status_code == 200
    refused = await owner.next('{"thief":0}', MAX_VERSIONS)
    assert problem(refused) == (409, "too-many-backups")
    assert "again_at" in refused.json()
    assert (await owner.ask("DELETE", If_Match=f'"{MAX_VERSIONS}"')).status_code == 204
    assert problem(await owner.first('{"thief":0}')) == (409, "too-many-backups")
    gone = await owner.get()
    assert problem(gone) == (404, "backup-missing")
    assert gone.json()["versions"] == list(range(MAX_VERSIONS, 0, -1))
    first = (await owner.get(1)).json()
    assert (first["vault"], first["versions"]) == (VAULT, gone.json()["versions"])
    assert first["replaced_at"] is not None


async def test_what_was_deleted_can_be_had_and_another_one_kept(owner: Owner) -> None:
    await owner.first(VAULT)
    assert problem(await owner.ask("DELETE")) == (428, "precondition-required")
    assert (await owner.ask("DELETE", If_Match='"1"')).status_code == 204
    assert problem(await owner.ask("DELETE", If_Match='"1"')) == (404, "backup-missing")
    again = await owner.first(OTHER)
    assert (again.json()["version"], again.json()["versions"]) == (2, [2, 1])
    assert (await owner.get(1)).json()["vault"] == VAULT
    assert problem(await owner.get(3)) == (404, "backup-missing")


async def test_after_a_month_it_is_gone(
    owner: Owner, database: Database, settings: Settings
) -> None:
    await owner.first(VAULT)
    await owner.next(OTHER, 1)
    account_id = owner.signed_in.account.id

    def later(after: timedelta) -> Database:
        return Database(settings, lambda: system_clock() + after, SUBSCRIPTIONS)

    async def rows() -> int:
        async with database.transaction() as tx:
            row = await tx.one("SELECT count(*) AS kept FROM account_backups")
        assert row is not None
        return int(row["kept"])

    async with later(KEPT - timedelta(hours=1)) as month, month.transaction() as tx:
        await service.forget(tx)
        assert (await service.get(tx, account_id, 1))[0].vault == VAULT
    assert await rows() == 2
    async with later(KEPT + timedelta(hours=1)) as month:
        async with month.transaction() as tx:
            # Nobody is given what a worker that is late has not deleted.
            assert (await service.get(tx, account_id, None))[1] == [2]
        async with month.transaction() as tx:
            await service.forget(tx)
            assert (await service.get(tx, account_id, None))[0].vault == OTHER
    assert await rows() == 1


@pytest.mark.parametrize("lacking", sorted(set(Scope)))
async def test_a_session_for_less_gets_nothing(new_owner: NewOwner, lacking: Scope) -> None:
    less = await new_owner(frozenset(Scope) - {lacking})
    for answer in (await less.first(VAULT), await less.get(), await less.ask("DELETE")):
        assert problem(answer) == (403, "scope-missing")
        assert answer.json()["scope"] == lacking


async def test_a_programs_token_gets_nothing_whatever_it_may_do(owner: Owner) -> None:
    await owner.first(VAULT)
    program = await owner.program(frozenset(Scope))
    for answer in (
        await program.first(OTHER),
        await program.next(OTHER, 1),
        await program.get(),
        await program.get(1),
        await program.ask("DELETE", If_Match='"1"'),
    ):
        assert problem(answer) == (403, "session-needed")
        assert "one" not in answer.text
    agent = await owner.program(
        frozenset({Scope.OFFERS_READ, Scope.CONFIRMATIONS_READ, Scope.CONFIRMATIONS_ASK})
    )
    assert problem(await agent.get()) == (403, "scope-missing")
    assert (await owner.get()).json()["version"] == 1


async def test_each_has_his_own(new_owner: NewOwner) -> None:
    rosa, bruno = await new_owner(), await new_owner()
    await rosa.first(VAULT)
    assert problem(await bruno.get()) == (404, "backup-missing")
    assert (await bruno.get()).json()["versions"] == []
    assert problem(await bruno.next(OTHER, 1)) == (412, "precondition-failed")
    assert (await bruno.first(OTHER)).json()["versions"] == [1]
    assert (await rosa.get()).json()["vault"] == VAULT


@pytest.mark.parametrize(
    "vault",
    [
        None, 1, {}, {"form": 1}, "", "{", "null", "[]", "1", '"text"', "{}{}", '{"a":NaN}',
        "{\u0000}", "a" * MAX_VAULT, '{"a":"' + "a" * (MAX_VAULT - 7) + '"}',
        "[" * 4000, '{"a":' * 1500,
    ],
)  # fmt: skip
async def test_what_is_no_small_object_is_refused(owner: Owner, vault: Any) -> None:
    refused = await owner.first(vault)
    assert problem(refused) == (422, "malformed-request")
    largest = '{"a":"' + "\u00e9" * (MAX_VAULT - 8) + '"}'
    assert (await owner.first(largest)).status_code == 200


async def test_no_event_tells_of_it_and_an_account_takes_it_along(
    owner: Owner, database: Database
) -> None:
    await owner.first(VAULT)
    await owner.next(OTHER, 1)
    events = await owner.api.get(
        "/v1/account/events", headers={"Authorization": f"Bearer {owner.token}"}
    )
    assert events.json()["data"] == []
    account_id = owner.signed_in.account.id
    async with database.transaction() as tx:
        row = await tx.one("SELECT count(*) AS told FROM events")
        assert row is not None
        assert row["told"] == 0
        await tx.execute("DELETE FROM wallets WHERE account_id = %s", [account_id])
        await tx.execute("DELETE FROM tokens WHERE account_id = %s", [account_id])
        await tx.execute("DELETE FROM accounts WHERE id = %s", [account_id])
        row = await tx.one("SELECT count(*) AS kept FROM account_backups")
        assert row is not None
        assert row["kept"] == 0
