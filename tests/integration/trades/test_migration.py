"""A database with trades from before escrows were in lanes and settlements had a time."""

from uuid import UUID

import pytest
from psycopg.errors import CheckViolation

from tests.integration.trades.conftest import World
from tradepost.entrypoints.migrate import migrate
from tradepost.escrow import service as escrows
from tradepost.escrow.model import Party, SignedSettlement
from tradepost.trades import store
from tradepost.trades.settlements import Settlement

#: Back to what the step before left.
_BACK = (
    "DROP INDEX escrow_intents_open, escrows_open, trades_splitting",
    "ALTER TABLE escrows DROP COLUMN holds_lane, DROP COLUMN lane_lapses",
    "ALTER TABLE escrow_intents DROP COLUMN valid_until",
    """
    CREATE UNIQUE INDEX escrow_intents_open ON escrow_intents (escrow_id, kind)
        WHERE state IN ('waiting', 'sent')
    """,
    "ALTER TABLE trade_settlements DROP COLUMN valid_until",
    "ALTER TABLE escrows RENAME COLUMN lane TO salt",
    "UPDATE alembic_version SET version_num = '0009'",
)


async def test_what_was_signed_before_has_lapsed(world: World) -> None:
    maker, taker = await world.trader(), await world.trader()
    trade = await world.taken(taker, await world.offer(maker), amount="0.1")
    trade_id, escrow_id = UUID(trade["id"]), bytes.fromhex(trade["escrow"]["id"][2:])
    await world.chain_says(trade, "locked")
    async with world.database.transaction() as tx:
        escrow = await escrows.get(tx, escrow_id)
        for party in (Party.BUYER, Party.SELLER):
            await store.sign_settlement(tx, trade_id, Settlement(party, 7, 99, b"s"))
        share = SignedSettlement(7, 99, Party.BUYER, b"s", Party.SELLER, b"s")
        await escrows.settle(tx, escrow, share)
        await escrows.release(tx, escrow, b"r")
        for statement in _BACK:
            await tx.execute(statement)
    migrate(world.settings, "0010")
    async with world.database.transaction() as tx:
        assert await escrows.get(tx, escrow_id) == escrow
        # Whatever lane it was of, it was that of another contract.
        assert await tx.all("SELECT id FROM escrows WHERE holds_lane") == []
        known = await store.get(tx, trade_id)
        assert known is not None
        assert {(one.buyer_amount, one.valid_until) for one in known.settlements} == {(7, 0)}
        assert known.agreement(1) is None
        # One that is signed now stands beside the one of before; what is no settlement stays one.
        await escrows.settle(tx, escrow, share)
        await escrows.release(tx, escrow, b"r")
        rows = await tx.all("SELECT kind, state, valid_until FROM escrow_intents ORDER BY id")
    assert [tuple(row.values()) for row in rows] == [
        ("settle", "moot", 0),
        ("release", "waiting", None),
        ("settle", "waiting", 99),
    ]
    with pytest.raises(CheckViolation):
        async with world.database.transaction() as tx:
            await tx.execute("UPDATE escrow_intents SET valid_until = NULL WHERE kind = 'settle'")
