"""A trade under everything at once, as a state machine: what is done to it, and what must hold.

The parties, right and wrong, act by the API and past it; the chain mines, reorganises and lets
time pass; the background works, or does not, or does a thing twice. Whatever the order: who is
allowed what is what he is told, no coin is lost, and from anywhere each trade finds its end.
"""

import asyncio
from collections import Counter
from collections.abc import Coroutine
from typing import Any, ClassVar, TypeVar

from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    multiple,
    precondition,
    rule,
)

from tests.faults.arena import ENDINGS, SEALED, Arena, Side
from tests.faults.deals import Deal, Player, body_of
from tests.faults.test_reorganisations import delayed, dropped, moved
from tests.stage import CONTRACT, Asset
from tests.ways import WAYS, Way, ways_of
from tradepost.escrow.evm.relay import Relayer
from tradepost_contracts import calls
from tradepost_contracts.means import LockWay
from tradepost_contracts.state import Status
from tradepost_contracts.terms import InstructionKind

Answer = TypeVar("Answer")

#: The API's name of each step, by the action that permits it.
STEPS = {
    "lock": "lock",
    "send_payment_details": "payment-details",
    "payment_sent": "payment-sent",
    "release": "release",
    "refund": "refund",
    "cancel": "cancel",
    "dispute": "dispute",
    "settle": "settlement",
}
#: What a party does on the chain by himself, past the exchange.
ALONE = {
    "release": ("seller", calls.release),
    "request_cancel": ("seller", calls.request_cancel),
    "refund": ("buyer", calls.refund),
    "mark_paid": ("buyer", calls.mark_paid),
    "cancel": ("buyer", calls.cancel),
}
#: Where the market goes from the price of the fixed offers: not so far that nobody believes it.
MOVES_BPS = (-2_000, -100, 0, 1, 2_000)
#: Draws one of the ways that there are for an asset.
ANY_WAY = st.integers(0, len(WAYS) - 1)
#: What a trade's state may be once everything has arrived, by what the contract says.
_BEFORE = {"awaiting_escrow", "cancelled", "expired"}
_BETWEEN = {"escrowed", "payment_sent", "releasing", "refunding", "disputed", "splitting"}
CONSISTENT = {
    Status.NONE: _BEFORE,
    Status.LOCKED: _BETWEEN,
    Status.CANCEL_REQUESTED: _BETWEEN,
    Status.PAID: _BETWEEN,
    Status.RELEASED: {"completed"},
    Status.REFUNDED: {"refunded"},
    Status.SPLIT: {"resolved"},
}


class TradeMachine(RuleBasedStateMachine):
    """Trades on an arena that all runs share; each run has its own trades."""

    runner: ClassVar[asyncio.Runner]
    arena: ClassVar[Arena]
    counts: ClassVar[Counter[str]]

    deals = Bundle("deals")

    def __init__(self) -> None:
        super().__init__()
        self.mine_only: list[Deal] = []

    def run(self, work: Coroutine[Any, Any, Answer]) -> Answer:
        """Runs one step of the world."""
        self.counts["steps of the machine"] += 1
        return self.runner.run(work)

    @initialize(target=deals, way=st.sampled_from(WAYS), locks=st.booleans())
    def begin(self, way: Way, locks: bool) -> Any:
        """There is a trade at the start, perhaps with its coins locked."""
        deal = self.run(self.arena.open(way.asset))
        self.mine_only.append(deal)
        if locks:
            self.run(self._lock(deal, way))
        return multiple(deal)

    @precondition(lambda self: len(self.mine_only) < 3)
    @rule(
        target=deals,
        asset=st.sampled_from(["ETH", "USDT"]),
        maker=st.sampled_from(["seller", "buyer"]),
        floating=st.booleans(),
    )
    def take(self, asset: Asset, maker: Side, floating: bool) -> Deal:
        """Another trade begins, at a fixed price or at the market's."""
        deal = self.run(self.arena.open(asset, maker, floating=floating))
        self.mine_only.append(deal)
        return deal

    @precondition(lambda self: len(self.mine_only) < 3)
    @rule(
        target=deals,
        asset=st.sampled_from(["ETH", "USDT"]),
        maker=st.sampled_from(["seller", "buyer"]),
        moves_bps=st.sampled_from(MOVES_BPS),
    )
    def take_held(self, asset: Asset, maker: Side, moves_bps: int) -> Deal:
        """Another trade begins, at a price that was held while the market moved."""
        deal = self.run(self.arena.open_held(asset, maker, moves_bps))
        self.mine_only.append(deal)
        return deal

    @rule(asset=st.sampled_from(["ETH", "USDT"]), moves_bps=st.sampled_from(MOVES_BPS))
    def market_moves(self, asset: Asset, moves_bps: int) -> None:
        """Prices follow it; what trades have agreed does not."""
        self.run(self.arena.market_moves(asset, moves_bps))

    # --- the parties -----------------------------------------------------------------------

    @rule(
        deal=deals,
        who=st.integers(0, 3),
        action=st.sampled_from(sorted(STEPS)),
        quarters=st.integers(0, 4),
        number=ANY_WAY,
    )
    def act(self, deal: Deal, who: int, action: str, quarters: int, number: int) -> None:
        """Anybody does anything: it is taken exactly where he was told that he may."""
        self.run(self._act(deal, self.arena.players[who], action, quarters, number))

    @rule(
        deal=deals,
        action=st.sampled_from(sorted(STEPS)),
        quarters=st.integers(0, 4),
        number=ANY_WAY,
    )
    def act_rightly(self, deal: Deal, action: str, quarters: int, number: int) -> None:
        """The one who may do it, does: else most of a run is refusals."""

        async def rightly() -> None:
            for player in (deal.buyer, deal.seller, self.arena.arbitrator):
                if action in await allowed(deal, player):
                    await self._act(deal, player, action, quarters, number)
                    return

        self.run(rightly())

    async def _act(
        self, deal: Deal, player: Player, action: str, quarters: int = 0, number: int = 0
    ) -> None:
        may = action in await allowed(deal, player)
        if action == "lock":
            body = body_of(deal.signed_lock(drawn(ways_of(deal.asset, signed=True), number)))
        else:
            body = await step_body(deal, player, action, deal.terms.amount * quarters // 4)
        response = await deal.step(player, STEPS[action], body)
        wanted = {200} if may else {403, 404, 409}
        assert response.status_code in wanted, (action, may, response.text)

    @rule(deal=deals, action=st.sampled_from(["payment_sent", "release", "refund"]))
    def lie(self, deal: Deal, action: str) -> None:
        """The right one, with the other's signature."""

        async def lied() -> None:
            player = deal.seller if action == "release" else deal.buyer
            other = deal.buyer if action == "release" else deal.seller
            kind: InstructionKind = "Paid" if action == "payment_sent" else "Release"
            body = {"signature": deal.signature(kind, other)}
            response = await deal.step(player, STEPS[action], body)
            assert response.status_code in {403, 409}, response.text

        self.run(lied())

    @rule(deal=deals)
    def lock(self, deal: Deal) -> None:
        """The seller locks; for the second time, or too late, the contract refuses."""
        deal.lock()

    @rule(deal=deals, number=ANY_WAY)
    def prepare_lock(self, deal: Deal, number: int) -> None:
        """The seller sends what a way to lock needs, whether or not he goes it."""
        deal.send(drawn(_every_way(deal), number).first(deal.terms))

    @rule(deal=deals, number=ANY_WAY)
    def back_out(self, deal: Deal, number: int) -> None:
        """The seller takes away what a signed lock would take, of whichever trade."""
        way = drawn(_every_way(deal), number)
        # All that he has would not come back.
        if way.signed not in {LockWay.AUTHORIZATION, LockWay.PERMIT}:
            deal.send(way.back_out(deal.terms))

    @rule(deal=deals, number=ANY_WAY)
    def bring_lock(self, deal: Deal, number: int) -> None:
        """A stranger has a signed lock, and brings it, whether or not the exchange has it too."""
        deal.bring(deal.signed_lock(drawn(ways_of(deal.asset, signed=True), number)))

    @rule(deal=deals, number=ANY_WAY)
    def lock_and_wait(self, deal: Deal, number: int) -> None:
        """The seller locks in time, by any way, and everybody waits until it counts."""
        self.run(self._lock(deal, drawn(_every_way(deal), number)))

    async def _lock(self, deal: Deal, way: Way) -> None:
        may = way.signed is None or "lock" in await allowed(deal, deal.seller)
        if may and deal.on_chain().status is Status.NONE:
            self.counts[f"locks by {way}"] += 1
            await deal.lock_by(way)
            await self.arena.settle_down(1)

    @rule(deal=deals, what=st.sampled_from(sorted(ALONE)))
    def act_alone(self, deal: Deal, what: str) -> None:
        """A party goes past the exchange; where it is not time for it the contract refuses."""
        side, call = ALONE[what]
        player = deal.seller if side == "seller" else deal.buyer
        player.transact(CONTRACT, call(deal.terms))

    # --- the chain -------------------------------------------------------------------------

    @rule(blocks=st.integers(1, 4))
    def mine(self, blocks: int) -> None:
        """Blocks come, and nobody looks."""
        self.arena.stage.node.rpc("anvil_mine", hex(blocks))

    @rule(seconds=st.sampled_from([60, 700, 1_000, 40_000]))
    def pass_time(self, seconds: int) -> None:
        """Windows and deadlines pass."""
        self.run(self.arena.pass_time(seconds))

    @rule(depth=st.integers(1, 12), instead=st.sampled_from([dropped, moved, delayed]))
    def reorganise(self, depth: int, instead: Any) -> None:
        """The newest blocks are others."""
        self.counts["reorganisations"] += 1
        self.arena.reorganise(depth, self.run(instead(self.arena, depth)))

    @rule()
    def send_again(self) -> None:
        """Wallets bring what the chain has forgotten."""
        self.arena.rebroadcast()

    # --- the background --------------------------------------------------------------------

    @rule()
    def work(self) -> None:
        """All of it, once."""
        self.run(self.arena.work())

    @rule()
    def settle_down(self) -> None:
        """All of it, until what is on its way has arrived."""
        self.run(self.arena.settle_down(2))

    @rule()
    def follow(self) -> None:
        """The watcher alone."""
        self.run(self.arena.follow())

    @rule(backwards=st.booleans())
    def run_jobs(self, backwards: bool) -> None:
        """The jobs alone, perhaps the last one first."""
        self.run(self.arena.jobs(lambda ids: ids[::-1] if backwards else ids))

    @rule(age=st.integers(1, 10))
    def run_again(self, age: int) -> None:
        """A job that has run, or its twin, comes long after."""
        if age <= len(self.arena.heard):
            self.counts["jobs run again"] += 1
            self.run(self.arena.hear(self.arena.heard[-age]))

    @rule(anew=st.booleans())
    def relay(self, anew: bool) -> None:
        """The relayer alone, perhaps right after it was started."""
        stage = self.arena.stage
        if anew:
            stage.relayer = Relayer(stage.database, stage.chain, stage.settings)
        self.run(stage.relayer.round())

    # --- what must hold --------------------------------------------------------------------

    @invariant()
    def books_hold(self) -> None:
        """At every moment, whatever is half done."""
        self.runner.run(self.arena.check_books())

    def teardown(self) -> None:
        """Everything comes to rest, and then to its end."""
        self.run(self._rest())
        for deal in self.mine_only:
            self.run(self._finish(deal))
        self.run(self._rest())
        self.counts["runs of the machine"] += 1

    async def _rest(self) -> None:
        self.arena.rebroadcast()
        await self.arena.settle_down(5)
        for deal in self.mine_only:
            state = await deal.state()
            assert state in CONSISTENT[deal.on_chain().status], (state, deal.on_chain())
        await self.arena.check()

    async def _finish(self, deal: Deal) -> None:
        """The parties want it to end, and use what they are told that they may do."""
        for _ in range(12):
            if await deal.state() in ENDINGS:
                return
            for player, action in (
                (deal.seller, "release"),
                (deal.buyer, "refund"),
                (deal.seller, "cancel"),
                (deal.buyer, "cancel"),
                (deal.buyer, "dispute"),
                (deal.seller, "dispute"),
            ):
                if action in await allowed(deal, player):
                    await self._act(deal, player, action)
                    break
            else:
                # Whatever is being waited for, a window or a deadline, comes with time.
                await self.arena.pass_time(40_000)
            await self.arena.settle_down(3)
        raise AssertionError((await deal.shown(), deal.on_chain()))


async def allowed(deal: Deal, player: Player) -> set[str]:
    """What the exchange tells this player that he may do."""
    path = f"/v1/trades/{deal.id}"
    response = await deal.arena.http.get(path, headers=player.headers())
    if response.status_code == 404:
        return set()
    return set(response.json()["viewer"]["allowed_actions"])


def drawn(ways: tuple[Way, ...], number: int) -> Way:
    """The way that a number stands for."""
    return ways[number % len(ways)]


def _every_way(deal: Deal) -> tuple[Way, ...]:
    return tuple(way for way in WAYS if way.asset == deal.asset)


async def step_body(deal: Deal, player: Player, action: str, share: int) -> dict[str, Any]:
    """A body that would be good if the time and the player were right."""
    match action:
        case "send_payment_details":
            return {"sealed": SEALED}
        case "payment_sent":
            return {"signature": deal.signature("Paid")}
        case "release":
            return {"signature": deal.signature("Release")}
        case "refund":
            return {"signature": deal.signature("Refund")}
        case "dispute":
            return {"reason": "other"}
        case "cancel":
            kind: InstructionKind = "Refund" if player is deal.buyer else "Cancel"
            early = await deal.state() == "awaiting_escrow" and player is deal.seller
            return {} if early else {"signature": deal.signature(kind)}
        case _:
            return deal.settlement(player, share)
