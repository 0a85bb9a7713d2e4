"""What must hold when a wave is over, whatever was killed in it."""

import asyncio
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from eth_abi.abi import encode

from tests.faults.processes.journal import Journal
from tests.faults.processes.players import Play
from tests.faults.processes.world import COINS, TOKEN, TOKENS, World
from tests.stage import CONTRACT, NATIVE, Asset
from tradepost.entrypoints.dev.chain import RpcError
from tradepost.entrypoints.wiring import SUBSCRIPTIONS
from tradepost.escrow.evm.chain import Chain
from tradepost.escrow.evm.rebuild import Difference, rebuild
from tradepost.kernel.clock import system_clock
from tradepost.kernel.database import Database
from tradepost_client.models import Event, HistoryEntry, Offer
from tradepost_client.models import Trade as Shown
from tradepost_contracts import calls
from tradepost_contracts import events as contract_events

_Effect = (
    contract_events.Locked
    | contract_events.Released
    | contract_events.Refunded
    | contract_events.Paid
    | contract_events.CancelRequested
    | contract_events.Settled
)
_FINAL = (contract_events.Released, contract_events.Refunded, contract_events.Settled)
#: What the contract says once an intent of each kind is carried out.
_EFFECTS: dict[str, type[_Effect]] = {
    "lock": contract_events.Locked,
    "release": contract_events.Released,
    "refund": contract_events.Refunded,
    "finish_cancel": contract_events.Refunded,
    "mark_paid": contract_events.Paid,
    "request_cancel": contract_events.CancelRequested,
    "settle": contract_events.Settled,
}
#: The word in a trade's history for each step that the API acknowledged.
_HISTORY = {
    "lock": {"sign_lock"},
    "payment-details": {"seal_details"},
    "payment-sent": {"payment_sent"},
    "release": {"release"},
    "refund": {"refund"},
    "cancel": {"cancel", "cancel_escrow"},
    "dispute": {"dispute"},
}


@dataclass(frozen=True, slots=True)
class Outcome:
    """A trade that is over, as its traders read it afterwards."""

    play: Play
    shown: Shown
    history: tuple[HistoryEntry, ...]
    offer: Offer
    #: Of the maker and of the taker; their numbers have no gap, or the client would have raised.
    events: tuple[list[Event], list[Event]]


async def outcome_of(play: Play) -> Outcome:
    """Reads all that the API tells of a trade that is over."""
    return Outcome(
        play,
        await play.seller.trade(play.id),
        await play.seller.client.history(play.id),
        await play.maker.client.offer(play.offer_id),
        (
            [event async for event in play.maker.client.events()],
            [event async for event in play.taker.client.events()],
        ),
    )


def is_quiet(world: World) -> bool:
    """Whether the database has taken in all of the chain, and has nothing left to do."""
    try:
        return unrest(world) == []
    # What was killed last may still be away.
    except (OSError, RpcError):
        return False


def unrest(world: World) -> list[str]:
    """What is still to be done before all is quiet, for the one who waits or reads of it."""
    head = world.chain.rpc("eth_getBlockByNumber", "latest", False)
    followed = world.rows("SELECT head_number, head_hash FROM escrow_chains")[0]
    rows = world.rows(
        """
        SELECT 'intent ' || kind || ' is ' || state || ': ' || coalesce(reason, '') AS told
        FROM escrow_intents WHERE state IN ('waiting', 'sent')
        UNION ALL
        SELECT 'job ' || id || ' ' || task_name || ' is ' || status FROM procrastinate_jobs
        WHERE task_name = 'trades.follow_escrow' AND status IN ('todo', 'doing')
        """
    )
    told = [str(row["told"]) for row in rows]
    if followed["head_hash"] != bytes.fromhex(head["hash"][2:]):
        told.append(f"the watcher is at {followed['head_number']} of {int(head['number'], 16)}")
    return told


def check(world: World, outcomes: Sequence[Outcome], journal: Journal) -> None:
    """Holds trades, coins, database, chain and the clients' journal against one another."""
    assert asyncio.run(_differences(world)) == [], "the database is not what the chain says"
    _check_trades(outcomes)
    _check_coins(world, outcomes)
    _check_chain(world, outcomes)
    _check_told(outcomes, journal)
    _check_relayer(world)
    _check_rows(world)


async def _differences(world: World) -> list[Difference]:
    chain = Chain(world.chain.url)
    async with Database(world.settings, system_clock, SUBSCRIPTIONS) as database:
        found = await rebuild(database, chain, write=False)
    await chain.close()
    return found


def _check_trades(outcomes: Sequence[Outcome]) -> None:
    """Every trade ended as played, and its offer's amount was spent or given back."""
    for outcome in outcomes:
        play, ending = outcome.play, outcome.play.ending
        assert (outcome.shown.state, outcome.shown.escrow.state) == (ending.state, ending.escrow)
        assert outcome.history[-1].to_state == ending.state, play
        given_back = ending.state in {"refunded", "cancelled", "expired"}
        assert outcome.offer.remaining_amount == (play.amount if given_back else 0), play


def _check_coins(world: World, outcomes: Sequence[Outcome]) -> None:
    """To the last unit: who has what, less the gas that each has paid on the chain."""
    gas = _gas_paid(world)
    assets: tuple[Asset, ...] = ("ETH", "USDT")
    for play in (outcome.play for outcome in outcomes):
        world.kept[play.asset] += play.kept
    for asset in assets:
        assert _balance(world, CONTRACT, asset) == world.kept[asset], "coins are left over"
    for play in (outcome.play for outcome in outcomes):
        bought = int(play.minor * play.ending.share)
        for trader, kept, change in (
            (play.buyer, 0, bought),
            (play.seller, play.kept, -bought - play.kept),
        ):
            address = trader.wallet.address
            traded = {play.asset: change}
            coins = COINS + traded.get("ETH", 0) - gas[address.lower()]
            assert _balance(world, address, "ETH") == coins, play
            assert _balance(world, address, "USDT") == TOKENS + traded.get("USDT", 0), play
            for asset in assets:
                token = TOKEN if asset == "USDT" else NATIVE
                held = kept if asset == play.asset else 0
                assert _call(world, CONTRACT, calls.balance_of(token, address)) == held, play


def _check_chain(world: World, outcomes: Sequence[Outcome]) -> None:
    """The contract has settled each escrow once, and none that was never locked."""
    found: dict[bytes, list[str]] = defaultdict(list)
    logs = world.chain.rpc("eth_getLogs", {"address": CONTRACT, "fromBlock": "0x0"})
    for log in logs:
        event = contract_events.decode(log)
        if isinstance(event, (contract_events.Locked, *_FINAL)):
            found[event.id].append(type(event).__name__)
    for outcome in outcomes:
        last = {"released": "Released", "refunded": "Refunded", "split": "Settled", "none": None}
        ending = last[outcome.play.ending.escrow]
        wanted = [] if ending is None else ["Locked", ending]
        assert found[bytes.fromhex(outcome.shown.escrow.id[2:])] == wanted, outcome.play


def _check_told(outcomes: Sequence[Outcome], journal: Journal) -> None:
    """What a client was ever told has happened, and nothing that he did happened twice."""
    by_trade = {outcome.play.id: outcome for outcome in outcomes}
    for told in journal.told:
        if told.trade_id not in by_trade:
            continue
        outcome = by_trade[told.trade_id]
        assert told.state in {entry.to_state for entry in outcome.history}, (told, outcome.play)
        events = {entry.event for entry in outcome.history}
        assert told.step not in _HISTORY or events & _HISTORY[told.step], (told, outcome.play)
    for outcome in outcomes:
        steps = Counter(entry.event for entry in outcome.history if entry.by is not None)
        # A lock that the chain forgot for good is signed again.
        steps.pop("sign_lock", None)
        assert set(steps.values()) <= {1}, (outcome.play, steps)
        for seen in outcome.events:
            assert [event.seq for event in seen] == list(range(1, len(seen) + 1))


def _check_relayer(world: World) -> None:
    """Each nonce carried one set of intents, and each intent had its effect at most once."""
    sets: dict[int, set[tuple[str, ...]]] = defaultdict(set)
    effects: Counter[str] = Counter()
    intents = {str(row["id"]): row for row in world.rows("SELECT * FROM escrow_intents")}
    for row in world.rows(
        """
        SELECT hash, nonce, array_agg(intent_id::text ORDER BY place) AS carried,
            array_agg(place ORDER BY place) AS places
        FROM escrow_transactions JOIN escrow_carried USING (hash) GROUP BY hash, nonce
        """
    ):
        sets[row["nonce"]].add(tuple(row["carried"]))
        receipt = world.chain.rpc("eth_getTransactionReceipt", "0x" + row["hash"].hex())
        # One that failed, on a chain that had forgotten the lock, had none.
        said = [] if receipt is None else _said(receipt)
        failed = {one.index for one in said if isinstance(one, contract_events.CallFailed)}
        # A permit that goes before its lock has a place too.
        for place, intent in zip(row["places"], row["carried"], strict=True):
            had_effect = any(_is_effect(one, intents[intent]) for one in said)
            assert had_effect or not said or place in failed, "a call that failed was not reported"
            effects[intent] += had_effect
    assert all(len(carried) == 1 for carried in sets.values()), "a nonce carried two sets"
    assert set(effects.values()) <= {0, 1}, "an intent was carried out twice"


def _said(receipt: dict[str, Any]) -> list[contract_events.Event]:
    own = (log for log in receipt["logs"] if log["address"].lower() == CONTRACT.lower())
    return [event for log in own if (event := contract_events.decode(log)) is not None]


def _is_effect(event: contract_events.Event, intent: dict[str, Any]) -> bool:
    if isinstance(event, contract_events.Settled) and event.buyer_amount != intent["buyer_amount"]:
        return False
    return isinstance(event, _EFFECTS[intent["kind"]]) and event.id == intent["escrow_id"]


def _check_rows(world: World) -> None:
    """Nothing is half done behind the API."""
    # A periodic job that lost its database is followed by the next; that of an event has no next.
    failed = world.rows(
        "SELECT * FROM procrastinate_jobs WHERE status = 'failed' AND args ? 'event_id'"
    )
    assert failed == []
    gaps = world.rows(
        """
        SELECT account_id FROM account_events JOIN account_sequences USING (account_id)
        GROUP BY account_id, last_seq HAVING count(*) <> last_seq OR max(seq) <> last_seq
        """
    )
    assert gaps == [], "an account's events have a gap"
    unfinished = world.rows("SELECT key FROM idempotency_keys WHERE status IS NULL")
    assert unfinished == [], "a key was kept without its answer"


# --- the node, asked past everything ----------------------------------------------------------


def _gas_paid(world: World) -> Counter[str]:
    """What each sender has paid for gas since the beginning, in wei."""
    paid: Counter[str] = Counter()
    head = int(world.chain.rpc("eth_blockNumber"), 16)
    for number in range(head + 1):
        receipts: list[dict[str, Any]] = world.chain.rpc("eth_getBlockReceipts", hex(number))
        for receipt in receipts:
            price = int(receipt["effectiveGasPrice"], 16)
            paid[receipt["from"].lower()] += int(receipt["gasUsed"], 16) * price
    return paid


def _balance(world: World, address: str, asset: Asset) -> int:
    if asset == "ETH":
        return int(world.chain.rpc("eth_getBalance", address, "latest"), 16)
    return _call(world, TOKEN, bytes.fromhex("70a08231") + encode(["address"], [address]))


def _call(world: World, to: str, data: bytes) -> int:
    """The number that a view of a contract returns."""
    call = {"to": to, "data": "0x" + data.hex()}
    return int(world.chain.rpc("eth_call", call, "latest"), 16)
