"""The numbers that Prometheus reads are so: of requests, jobs, deadlines, coins and chain."""

import math
from collections.abc import AsyncIterator
from secrets import token_hex

import httpx
import pytest

from tests import worlds
from tests.stage import CONTRACT, NATIVE, Stage, Trade, open_stage
from tradepost.entrypoints.dev.chain import DevChain
from tradepost.entrypoints.dev.exchange import RELAYER_KEY
from tradepost.entrypoints.doctor import Finding, examine
from tradepost.entrypoints.measures import Measures
from tradepost.escrow.evm.watch import follow_once
from tradepost.kernel.metrics import REGISTRY
from tradepost.trades import service as trades
from tradepost_client import Wallet
from tradepost_contracts import calls

RELAYER = Wallet(bytes.fromhex(RELAYER_KEY[2:])).address


def value(name: str, **labels: str) -> float | None:
    return REGISTRY.get_sample_value(f"tradepost_{name}", labels)


def count(name: str, **labels: str) -> float:
    return value(name, **labels) or 0.0


@pytest.fixture
async def stage(database_url: str, chain: DevChain) -> AsyncIterator[Stage]:
    async with open_stage(chain, worlds.settings(database_url, chain.url)) as opened:
        yield opened


async def _measured(stage: Stage) -> None:
    await Measures(stage.database, stage.chain, stage.settings).read()


async def _found(stage: Stage, subject: str) -> Finding:
    (finding,) = [one for one in await examine(stage.settings) if one.subject == subject]
    return finding


async def test_requests_are_counted_by_operation_and_never_by_path(api: httpx.AsyncClient) -> None:
    asked = {"operation": "time", "method": "GET", "status": "2xx"}
    head = {**asked, "method": "HEAD"}
    nowhere = {"operation": "none", "method": "GET", "status": "4xx"}
    before = [count("http_requests_total", **labels) for labels in (asked, head, nowhere)]
    waited = count("http_request_seconds_count", operation="time")
    await api.get("/v1/time")
    await api.head("/v1/time")
    await api.get("/v1/4711/secret-in-a-path")
    after = [count("http_requests_total", **labels) for labels in (asked, head, nowhere)]
    assert [now - then for now, then in zip(after, before, strict=True)] == [1, 1, 1]
    assert count("http_request_seconds_count", operation="time") - waited == 2
    assert value("http_open", kind="request") == 0
    await api.get("/v1/offers/0193e5a0-8c11-7a52-8f06-0c3a1b2c3d4e")
    await api.request("BREW-COFFEE", "/v1/time")
    labels = {
        text
        for metric in REGISTRY.collect()
        for sample in metric.samples
        for text in sample.labels.values()
    }
    assert not [text for text in labels if "/" in text or "0193e5a0" in text or "BREW" in text]


async def test_jobs_are_counted_by_task_and_outcome(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    task = "trades.follow_escrow"
    done, failed = ({"task": task, "outcome": outcome} for outcome in ("done", "failed"))
    before = count("jobs_total", **done), count("jobs_total", **failed)
    trade = await Trade.open(stage)
    await trade.lock()
    assert count("jobs_total", **done) > before[0]

    async def broken(*_: object) -> None:
        raise ValueError

    monkeypatch.setattr(trades, "follow", broken)
    await trade.pay()
    await trade.seller.release(trade.id)
    await stage.confirm()
    assert count("jobs_total", **failed) > before[1]
    assert count("job_seconds_count", task=task) > 0


async def test_what_the_contract_owes_is_what_it_holds(stage: Stage) -> None:
    for asset in ("ETH", "USDT"):
        trade = await Trade.open(stage, asset=asset)
        await trade.lock()
    await _measured(stage)
    assert value("escrow_owed", asset="ETH") == 1.5
    assert value("escrow_owed", asset="USDT") == 250
    for asset in ("ETH", "USDT"):
        assert value("escrow_held", asset=asset) == value("escrow_owed", asset=asset)
        assert value("escrow_missing", asset=asset) == 0
    assert (await _found(stage, "coins")).good
    # More than is owed belongs to strangers.
    stage.node.rpc("anvil_setBalance", CONTRACT, hex(9 * 10**18))
    await stage.mine()
    await _measured(stage)
    assert value("escrow_held", asset="ETH") == 9
    assert value("escrow_missing", asset="ETH") == 0


async def test_coins_that_are_not_there_are_found_out(stage: Stage) -> None:
    trade = await Trade.open(stage)
    await trade.lock()
    stage.node.rpc("anvil_setBalance", CONTRACT, hex(14 * 10**17))
    await stage.mine()
    await _measured(stage)
    assert value("escrow_missing", asset="ETH") == pytest.approx(0.1)
    finding = await _found(stage, "coins")
    assert not finding.good
    assert "lacks 0.1" in finding.words


async def test_known_balances_are_owed_unless_they_may_have_changed(stage: Stage) -> None:
    maker = await stage.trader()
    owner, amount = maker.wallet.address, 2 * 10**18
    stage.send(owner, CONTRACT, calls.deposit(NATIVE, owner, amount), amount)
    await stage.confirm()
    await _measured(stage)
    assert value("escrow_owed", asset="ETH") == 2
    async with stage.database.transaction() as tx:
        await tx.execute(
            "INSERT INTO escrow_touches SELECT 10^9, token, account FROM escrow_balances"
        )
    await _measured(stage)
    assert value("escrow_owed", asset="ETH") == 0


async def test_a_deadline_that_nobody_meets_is_late(stage: Stage) -> None:
    await Trade.open(stage)
    await _measured(stage)
    assert value("deadline_late_seconds") == 0
    stage.node.rpc("evm_increaseTime", 5 * 86_400)
    stage.node.rpc("anvil_mine", hex(stage.settings.confirmations + 1))
    # The watcher goes on, the worker does not.
    while await follow_once(stage.database, stage.chain):
        pass
    await _measured(stage)
    assert (value("deadline_late_seconds") or 0) > 4 * 86_400
    finding = await _found(stage, "deadlines")
    assert not finding.good
    assert "tradepost worker" in finding.words
    await stage.jobs()
    await _measured(stage)
    assert value("deadline_late_seconds") == 0


async def test_what_waits_for_the_chain_is_seen_wait(stage: Stage) -> None:
    trade = await Trade.open(stage)
    await trade.lock()
    await trade.pay()
    await _measured(stage)
    assert (value("intents", state="waiting"), value("intents", state="sent")) == (0, 0)
    await trade.seller.release(trade.id)
    async with stage.database.transaction() as tx:
        await tx.execute("UPDATE escrow_intents SET created_at = created_at - interval '300 s'")
    await _measured(stage)
    assert value("intents", state="waiting") == 1
    assert (value("intents_oldest_seconds") or 0) >= 300
    stage.node.rpc("evm_setAutomine", False)
    await stage.relayer.round()
    await _measured(stage)
    assert (value("intents", state="waiting"), value("intents", state="sent")) == (0, 1)
    assert value("relayer_nonce_gap") == 1
    stage.node.rpc("evm_setAutomine", True)
    await stage.confirm()
    await _measured(stage)
    assert value("relayer_nonce_gap") == 0
    assert value("relayer_balance_ether") == pytest.approx(
        await stage.chain.balance(RELAYER) / 10**18
    )


async def test_the_chain_is_measured_against_its_node(stage: Stage) -> None:
    await _measured(stage)
    assert value("chain_blocks_behind") == 0
    assert value("chain_head_block") == (await stage.chain.head()).number
    stage.node.rpc("anvil_mine", hex(7))
    await _measured(stage)
    assert value("chain_blocks_behind") == 7
    taken_back = count("chain_reorganisation_blocks_count")
    depth = count("chain_reorganisation_blocks_sum")
    await stage.work()
    stage.node.rpc("anvil_setCoinbase", "0x" + token_hex(20))
    stage.node.rpc("anvil_reorg", 3, [])
    await stage.mine()
    assert count("chain_reorganisation_blocks_count") - taken_back == 1
    assert count("chain_reorganisation_blocks_sum") - depth == 3
    assert value("chain_followed_block") == (await stage.chain.head()).number


async def test_what_cannot_be_measured_is_no_number(stage: Stage) -> None:
    await _measured(stage)
    assert value("escrow_missing", asset="ETH") == 0
    measured = value("measured_timestamp_seconds", part="escrow")
    failures = count("measure_failures_total", part="escrow")
    stage.node.stop()
    await _measured(stage)
    assert value("escrow_missing", asset="ETH") is None
    assert math.isnan(value("relayer_balance_ether") or 0)
    assert value("measured_timestamp_seconds", part="escrow") == measured
    assert count("measure_failures_total", part="escrow") == failures + 1
    # The database answers, so the rest is told.
    assert value("deadline_late_seconds") == 0
    assert value("jobs_failed") == 0


async def test_jobs_that_nobody_runs_are_seen(stage: Stage) -> None:
    async with stage.database.transaction() as tx:
        # The queue's own clock may have put something there.
        await tx.execute("TRUNCATE procrastinate_jobs CASCADE")
        await tx.defer("trades.follow_escrow", event_id="x")
        await tx.execute(
            "UPDATE procrastinate_events SET at = at - interval '400 s' WHERE type = 'deferred'"
        )
    await _measured(stage)
    assert value("jobs_waiting") == 1
    assert (value("jobs_oldest_seconds") or 0) >= 400
    finding = await _found(stage, "jobs")
    assert not finding.good
    async with stage.database.transaction() as tx:
        await tx.execute(
            "UPDATE procrastinate_jobs SET status = 'failed' WHERE task_name LIKE 'trades.fol%'"
        )
    await _measured(stage)
    assert (value("jobs_waiting"), value("jobs_failed"), value("jobs_oldest_seconds")) == (0, 1, 0)
