"""What the operator is told of an exchange that is well, and of one that is not."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from pydantic import SecretStr

from tests import worlds
from tests.stage import CONTRACT, Stage, open_stage
from tradepost.entrypoints import doctor
from tradepost.entrypoints.dev.chain import DevChain
from tradepost.entrypoints.dev.exchange import RELAYER_KEY
from tradepost.entrypoints.doctor import Finding, examine
from tradepost.kernel.clock import system_clock
from tradepost_client import Wallet


@pytest.fixture
async def stage(database_url: str, chain: DevChain) -> AsyncIterator[Stage]:
    """An exchange that is well."""
    async with open_stage(chain, worlds.settings(database_url, chain.url)) as opened:
        yield opened


async def _bad(stage: Stage) -> list[Finding]:
    return [finding for finding in await examine(stage.settings) if not finding.good]


async def test_an_exchange_that_is_well(stage: Stage) -> None:
    findings = await examine(stage.settings)
    assert [finding.subject for finding in findings if finding.good] == [
        "database schema",
        "contract",
        "watcher",
        "limits",
        "relayer",
        "deadlines",
        "jobs",
        "coins",
        "clock",
        "settings",
    ]


async def test_a_schema_that_is_behind(stage: Stage) -> None:
    async with stage.database.transaction() as tx:
        await tx.execute("UPDATE alembic_version SET version_num = '0001'")
    (finding,) = await _bad(stage)
    assert finding.subject == "database schema"
    assert "tradepost migrate" in finding.words


async def test_other_code_at_the_contracts_address(stage: Stage) -> None:
    stage.node.rpc("anvil_setCode", CONTRACT, "0x6001")
    (finding,) = await _bad(stage)
    assert finding.subject == "contract"


async def test_a_watcher_that_is_gone(stage: Stage) -> None:
    async with stage.database.transaction() as tx:
        await tx.execute("UPDATE escrow_chains SET seen_at = seen_at - interval '5 minutes'")
    (finding,) = await _bad(stage)
    assert finding.subject == "watcher"


async def test_a_relayer_without_gas(stage: Stage) -> None:
    relayer = Wallet(bytes.fromhex(RELAYER_KEY[2:])).address
    stage.node.rpc("anvil_setBalance", relayer, "0x1")
    (finding,) = await _bad(stage)
    assert finding.subject == "relayer"
    assert relayer in finding.words


async def test_a_relayer_with_gas_for_few_at_once(stage: Stage) -> None:
    relayer = Wallet(bytes.fromhex(RELAYER_KEY[2:])).address
    stage.node.rpc("anvil_setBalance", relayer, hex(2 * 10**16))
    max_fee, _ = await stage.chain.fees()
    assert 2 * max_fee * 550_000 * stage.settings.relay_count > 2 * 10**16
    (finding,) = [one for one in await examine(stage.settings) if one.subject == "relayer"]
    assert finding.good
    assert f"of {stage.settings.relay_count} go together" in finding.words


async def test_a_node_that_is_away(stage: Stage) -> None:
    stage.node.stop()
    assert {finding.subject for finding in await _bad(stage)} == {
        "contract",
        "relayer",
        "coins",
    }


async def test_a_store_of_limits_that_is_away(stage: Stage) -> None:
    settings = stage.settings.model_copy(update={"redis_url": SecretStr("redis://127.0.0.1:9")})
    (finding,) = [each for each in await examine(settings) if not each.good]
    assert finding.subject == "limits"
    assert finding.words == "Valkey does not answer"


async def test_several_processes_without_a_store_are_told_of(stage: Stage) -> None:
    settings = stage.settings.model_copy(update={"http_workers": 3})
    (finding,) = [each for each in await examine(settings) if each.subject == "limits"]
    assert "each of 3 processes" in finding.words
    assert "REDIS_URL" in finding.words


async def test_a_watcher_that_is_behind_its_node(stage: Stage) -> None:
    stage.node.rpc("anvil_mine", hex(30))
    (finding,) = await _bad(stage)
    assert finding.subject == "watcher"
    assert "30 behind the node" in finding.words


async def test_a_chain_that_stands_still(stage: Stage) -> None:
    async with stage.database.transaction() as tx:
        await tx.execute("UPDATE escrow_chains SET head_time = head_time - 700")
    (finding,) = await _bad(stage)
    assert finding.subject == "watcher"
    assert "s old" in finding.words


async def test_a_clock_that_is_off(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "system_clock", lambda: system_clock() + timedelta(seconds=9))
    (finding,) = await _bad(stage)
    assert finding.subject == "clock"
    assert "NTP" in finding.words


async def test_settings_that_are_dangerous(stage: Stage) -> None:
    open_to_all = {"public_url": "http://exchange.example"}
    settings = stage.settings.model_copy(update=open_to_all)
    (finding,) = [finding for finding in await examine(settings) if not finding.good]
    assert finding.subject == "settings"
    assert "https" in finding.words
