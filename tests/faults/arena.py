"""A stage for faults: trades moved by bare requests and bare transactions, and what must hold.

Nothing here is polite. Players send what they like, transactions are kept as they were signed so
that another branch of the chain can get them too, and each job can be run twice, late or never.
"""

from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from secrets import token_hex
from typing import Any, Literal

import httpx
import pytest
from eth_utils.crypto import keccak

from tests import market as markets
from tests import worlds
from tests.faults.books import check_books
from tests.faults.deals import Deal, Player
from tests.market import Market
from tests.stage import CONTRACT, NATIVE, TOKEN, Asset, Stage, open_stage
from tests.ways import Way, deploy_permit2
from tradepost.entrypoints.dev.chain import DevChain
from tradepost.escrow.evm.rebuild import rebuild
from tradepost.escrow.evm.watch import BranchMoved, follow_once
from tradepost.prices.model import Pair
from tradepost_client.models import EscrowTerms
from tradepost_contracts import calls

#: As short as the rules permit, so that a test can outlive them.
PAYMENT_WINDOW_S = 900
CHALLENGE_WINDOW_S = 600
FUNDING_WINDOW_S = 36_000
#: More rounds than the watcher ever needs, and after how many two branches are not one moment's.
_ROUNDS, _PATIENCE = 500, 50
PRICES = {"ETH": "2500", "USDT": "0.98"}
AMOUNTS = {"ETH": "0.5", "USDT": "250"}
#: What a seller and a buyer take at worst, wherever the market is.
WORST = {
    asset: (f"{Decimal(price) / 2}", f"{2 * Decimal(price)}") for asset, price in PRICES.items()
}
#: An offer whose price follows the market and whose amounts are of the currency.
FLOATING = {
    "price": None,
    "margin_bps": 25,
    "amount_unit": "currency",
    "min_amount": "100",
    "max_amount": "5000",
    "total_amount": "1000000",
}
SEALED = "A" * 200
ENDINGS = {"completed", "refunded", "resolved", "expired", "cancelled"}
#: An escrow's three ways out, by the topic of the contract's event.
_WAYS_OUT = {
    "0x" + keccak(text=text).hex()
    for text in ("Released(bytes32)", "Refunded(bytes32)", "Settled(bytes32,uint128)")
}

Side = Literal["seller", "buyer"]


@dataclass
class Arena:
    """The stage, its players and their deals."""

    stage: Stage
    http: httpx.AsyncClient
    seller: Player = field(init=False)
    buyer: Player = field(init=False)
    stranger: Player = field(init=False)
    arbitrator: Player = field(init=False)
    #: Sellers who came later, each for one trade.
    guests: list[Player] = field(default_factory=list)
    offers: dict[str, str] = field(default_factory=dict)
    deals: list[Deal] = field(default_factory=list)
    #: Ids of events whose jobs have run: each can come again.
    heard: list[str] = field(default_factory=list)
    held: dict[Asset, int] = field(default_factory=dict)
    #: The newest time that a block ever had.
    newest: int = 0

    @property
    def players(self) -> list[Player]:
        """Everybody."""
        return [self.seller, self.buyer, self.stranger, self.arbitrator, *self.guests]

    async def gather(self) -> None:
        """Brings the players and their offers."""
        self.seller, self.buyer, self.stranger = [
            await self.player(await self.stage.trader()) for _ in range(3)
        ]
        self.seller.sells = True
        self.arbitrator = await self.player(await self.stage.arbitrator())
        await self.stage.work()
        self.held = {"ETH": self.total("ETH"), "USDT": self.total("USDT")}
        for asset in self.held:
            await self.market_moves(asset, 0)

    async def player(self, trader: Any) -> Player:
        """One who has signed in, as a player."""
        account = await trader.client.account()
        return Player(self, trader.wallet, trader.client.token, account.id)

    async def publish(self, maker: Player, asset: Asset, **changes: Any) -> str:
        """A new offer's id."""
        body = {
            "direction": "sell" if maker.sells else "buy",
            "asset": asset,
            "currency": "EUR",
            "price": PRICES[asset],
            "min_amount": AMOUNTS[asset],
            "max_amount": AMOUNTS[asset],
            "total_amount": str(1_000 * Decimal(AMOUNTS[asset])),
            "payment_methods": ["sepa"],
            "funding_window_s": FUNDING_WINDOW_S,
            "payment_window_s": PAYMENT_WINDOW_S,
            "wallet": maker.wallet.address,
            "encryption_key": maker.wallet.new_trade_key("faults").public,
        }
        response = await maker.post("/v1/offers", body | changes)
        assert response.status_code == 201, response.text
        return str(response.json()["id"])

    async def open(
        self, asset: Asset = "ETH", maker: Side = "seller", *, floating: bool = False
    ) -> Deal:
        """A trade between the seller and the buyer, one of whom made the offer."""
        offer_id = await self.offered(asset, maker, floating=floating)
        taker = self.buyer if maker == "seller" else self.seller
        response = await self.take(taker, offer_id, asset)
        assert response.status_code == 201, response.text
        return self.deal(response.json())

    async def open_by(self, way: Way) -> Deal:
        """A trade whose seller is new here: nobody else's approvals and deposits are his."""
        guest = await self.player(await self.stage.trader())
        guest.sells = True
        self.guests.append(guest)
        for asset in self.held:
            self.held[asset] += self.stage.balance(guest.wallet.address, asset)
        offer_id = await self.offered(way.asset, "buyer")
        response = await self.take(guest, offer_id, way.asset)
        assert response.status_code == 201, response.text
        return self.deal(response.json())

    async def open_held(self, asset: Asset, maker: Side, moves_bps: int) -> Deal:
        """As `open`, at a price that was quoted before the market moved."""
        offer_id = await self.offered(asset, maker, floating=True)
        taker = self.buyer if maker == "seller" else self.seller
        query = f"amount={AMOUNTS[asset]}"
        quote = await taker.get(f"/v1/offers/{offer_id}/quote?{query}")
        await self.market_moves(asset, moves_bps)
        taking = self.taking(taker, offer_id, asset)
        held = {"hold": quote["hold"], "price_limit": quote["price"]}
        response = await taker.post("/v1/trades", taking | held)
        assert response.status_code == 201, response.text
        shown = response.json()
        for name in ("price", "amount", "fiat_amount"):
            assert shown[name] == quote[name]
        return self.deal(shown)

    async def offered(self, asset: Asset, maker: Side, *, floating: bool = False) -> str:
        """An offer that can be taken now: its maker is there."""
        name = f"{asset} {maker}" + (" floating" if floating else "")
        owner = self.seller if maker == "seller" else self.buyer
        if name not in self.offers:
            follows = FLOATING if floating else {}
            self.offers[name] = await self.publish(owner, asset, **follows)
        offer_id = self.offers[name]
        if (await owner.get(f"/v1/offers/{offer_id}"))["state"] == "paused":
            # Takes have lapsed, so he counted as away: he comes back.
            response = await owner.post(f"/v1/offers/{offer_id}/resume")
            assert response.status_code == 200, response.text
        return offer_id

    async def market_moves(self, asset: Asset, moves_bps: int) -> None:
        """The market is so far above, or below, the price of the fixed offers."""
        value = Decimal(PRICES[asset]) * (10_000 + moves_bps) / 10_000
        await Market(self.stage.database).moves(f"{value:f}", pair=Pair(asset, "EUR"))

    async def take(self, taker: Player, offer_id: str, asset: Asset) -> httpx.Response:
        """Takes an offer of one amount."""
        return await taker.post("/v1/trades", self.taking(taker, offer_id, asset))

    def taking(self, taker: Player, offer_id: str, asset: Asset) -> dict[str, str]:
        """The body of a taking."""
        return {
            "offer_id": offer_id,
            "amount": AMOUNTS[asset],
            # As bad as it can get: what is shown as the price is a matter of other tests.
            "price_limit": WORST[asset][not taker.sells],
            "payment_method": "sepa",
            "wallet": taker.wallet.address,
            "encryption_key": taker.wallet.new_trade_key("faults").public,
        }

    def deal(self, shown: Mapping[str, Any]) -> Deal:
        """The deal of a trade as the API shows it."""
        terms = EscrowTerms.model_validate(shown["escrow"]["terms"]).terms()
        by_wallet = {player.wallet.address: player for player in self.players}
        made = Deal(
            self,
            shown["id"],
            shown["asset"],
            by_wallet[terms.seller],
            by_wallet[terms.buyer],
            terms,
            bytes.fromhex(shown["escrow"]["id"][2:]),
        )
        self.deals.append(made)
        return made

    # --- the background --------------------------------------------------------------------

    async def follow(self) -> None:
        """The watcher, up to the head.

        A node that shows two branches at once may do so until its next block, which comes where
        time goes by; here it is brought.
        """
        moved = 0
        for _ in range(_ROUNDS):
            try:
                if not await follow_once(self.stage.database, self.stage.chain):
                    return
            except BranchMoved:
                moved += 1
                if moved % _PATIENCE == 0:
                    self.stage.node.rpc("anvil_mine", "0x1")
        pytest.fail(f"the watcher comes to no end: {moved} of {_ROUNDS} rounds met two branches")

    async def jobs(self, order: Callable[[list[str]], list[str]] | None = None) -> None:
        """Runs what the watcher's events have queued, in `order` if one is given."""
        async with self.stage.database.transaction() as tx:
            rows = await tx.all(
                "DELETE FROM procrastinate_jobs WHERE task_name = 'trades.follow_escrow'"
                " RETURNING id, args->>'event_id' AS event_id"
            )
        ids = [str(row["event_id"]) for row in sorted(rows, key=lambda row: row["id"])]
        for event_id in ids if order is None else order(ids):
            await self.hear(event_id)
        self.heard += ids
        await self.stage.queue.tasks["trades.meet_deadlines"](timestamp=0)

    async def hear(self, event_id: str) -> None:
        """Runs the job of one event."""
        await self.stage.queue.tasks["trades.follow_escrow"](event_id=event_id)

    async def work(self) -> None:
        """Watcher, jobs and relayer, once."""
        await self.follow()
        await self.jobs()
        await self.hurry()
        await self.stage.relayer.round()

    async def hurry(self) -> None:
        """Lets what was put off for seconds be due now."""
        async with self.stage.database.transaction() as tx:
            await tx.execute("UPDATE escrow_intents SET try_at = %s", [tx.now])

    async def mine(self, blocks: int = 1) -> None:
        """Lets blocks pass and the background take them in."""
        self.stage.node.rpc("anvil_mine", hex(blocks))
        await self.work()

    async def settle_down(self, rounds: int = 4) -> None:
        """Mines until all that is on its way has arrived and counts."""
        for _ in range(rounds):
            await self.mine(self.stage.settings.confirmations)

    async def pass_time(self, seconds: int) -> None:
        """Moves the chain's clock on, and makes the new time count."""
        node = self.stage.node
        node.rpc("evm_setNextBlockTimestamp", self.chain_time() + seconds)
        await self.mine(self.stage.settings.confirmations + 1)

    def chain_time(self) -> int:
        """The newest block's time, or that of a newer one that the chain has forgotten.

        The node refuses a block that is older than any that it ever had.
        """
        block = self.stage.node.rpc("eth_getBlockByNumber", "latest", False)
        self.newest = max(self.newest, int(block["timestamp"], 16))
        return self.newest

    @contextmanager
    def one_block(self) -> Iterator[None]:
        """What is sent meanwhile comes into one block, at the end."""
        node = self.stage.node
        node.rpc("evm_setAutomine", False)
        yield
        node.rpc("evm_setAutomine", True)
        node.rpc("anvil_mine", "0x1")

    # --- reorganisations -------------------------------------------------------------------

    def reorganise(self, depth: int, instead: list[tuple[str, int]] | None = None) -> None:
        """Puts other blocks in place of the newest `depth`, with `instead` in them.

        The chain's time goes on from where it was: on the new branch the blocks are as old as
        their common ancestor, and time must not seem to run backwards for those who wait.
        """
        self.chain_time()
        # Another miner, or a block could come out the same, which anvil takes for the old one.
        self.stage.node.rpc("anvil_setCoinbase", "0x" + token_hex(20))
        self.stage.node.rpc("anvil_reorg", depth, [list(pair) for pair in instead or []])
        self.stage.node.rpc("evm_setNextBlockTimestamp", self.chain_time() + 1)

    async def raw_of_newest(self, depth: int) -> list[str]:
        """The signed transactions of the newest `depth` blocks, in their order."""
        async with self.stage.database.transaction() as tx:
            rows = await tx.all("SELECT raw FROM escrow_transactions")
        ours = ["0x" + bytes(row["raw"]).hex() for row in rows]
        known = {
            "0x" + keccak(bytes.fromhex(raw[2:])).hex(): raw
            for raw in [*ours, *(raw for player in self.players for raw in player.sent.values())]
        }
        head = int(self.stage.node.rpc("eth_blockNumber"), 16)
        found = []
        for number in range(max(0, head - depth + 1), head + 1):
            block = self.stage.node.rpc("eth_getBlockByNumber", hex(number), False)
            found += [known[each] for each in block["transactions"] if each in known]
        return found

    def rebroadcast(self) -> None:
        """The players' wallets send again what the chain no longer has."""
        for player in self.players:
            nonce = player.nonce()
            while nonce in player.sent:
                self.stage.node.rpc("eth_sendRawTransaction", player.sent[nonce])
                nonce += 1

    # --- what must hold --------------------------------------------------------------------

    def total(self, asset: Asset) -> int:
        """What players, relayer's credit and contract hold in all, in minor units."""
        holders = {player.wallet.address for player in self.players} | {CONTRACT}
        return sum(self.stage.balance(holder, asset) for holder in holders)

    async def check(self) -> None:
        """All that must hold whenever the background has caught up."""
        differing = await rebuild(self.stage.database, self.stage.chain, write=False)
        assert not differing, differing
        self._check_coins()
        self._check_ends()
        await self.check_books()

    async def check_books(self) -> None:
        """What must hold at any moment, since it is one transaction's work."""
        await check_books(self.stage.database)

    def _check_coins(self) -> None:
        """No coin comes from nowhere, none is gone; the contract holds what its escrows say."""
        lost = {asset: held - self.total(asset) for asset, held in self.held.items()}
        assert lost["USDT"] == 0
        # Gas is paid in ETH.
        assert 0 <= lost["ETH"] < 10**18
        owed: dict[Asset, int] = {"ETH": 0, "USDT": 0}
        for deal in self.deals:
            status = deal.on_chain().status
            if status and not status.is_final:
                owed[deal.asset] += deal.terms.locked_amount
        for asset, locked in owed.items():
            token = NATIVE if asset == "ETH" else TOKEN
            waiting = sum(
                int(self.stage.call(CONTRACT, calls.balance_of(token, player.wallet.address)), 16)
                for player in self.players
            )
            assert self.stage.balance(CONTRACT, asset) == locked + waiting

    def _check_ends(self) -> None:
        """Each escrow has left by one way, once."""
        logs = self.stage.node.rpc(
            "eth_getLogs", {"address": CONTRACT, "fromBlock": "0x0", "toBlock": "latest"}
        )
        ways: dict[str, int] = defaultdict(int)
        for log in logs:
            if log["topics"][0] in _WAYS_OUT:
                ways[log["topics"][1]] += 1
        assert set(ways.values()) <= {1}, ways


@asynccontextmanager
async def open_arena(node: DevChain, database_url: str) -> AsyncIterator[Arena]:
    """An arena with its players, on a chain long enough to be reorganised."""
    settings = markets.settings(worlds.settings(database_url, node.url)).model_copy(
        update={
            # Nothing of an arena waits for the server's clock.
            "price_max_age_s": 86_400,
            "challenge_window_s": CHALLENGE_WINDOW_S,
            "release_window_s": 2_592_000,
            "sandbox": True,
            "fee_bps": 100,
            "fee_recipient": worlds.arbitrator().address,
        }
    )
    node.rpc("anvil_mine", hex(20))
    deploy_permit2(node)
    async with (
        open_stage(node, settings) as stage,
        httpx.AsyncClient(
            transport=httpx.ASGITransport(stage.app), base_url=settings.public_url
        ) as http,
    ):
        arena = Arena(stage, http)
        await arena.gather()
        # A reorganisation must not reach back to the contract and the coins of the players.
        await arena.mine(20)
        yield arena
