"""The rows of balances: what accounts have in the contract, and which are to be read again."""

from collections.abc import Iterable, Mapping, Sequence

from tradepost.escrow.model import Balance, Holder
from tradepost.kernel.database import Transaction


async def touch(tx: Transaction, touched: Iterable[tuple[Holder, int]]) -> None:
    """Notes balances that may be others from a block on: they are read once it is confirmed.

    Block 0 is at once. What is noted by a branch that is gone makes one read too many.
    """
    every = sorted(set(touched))
    await tx.execute(
        """
        INSERT INTO escrow_touches (token, account, block_number)
        SELECT * FROM unnest(%s::text[], %s::text[], %s::bigint[]) ON CONFLICT DO NOTHING
        """,
        [
            [holder.token for holder, _ in every],
            [holder.account for holder, _ in every],
            [block_number for _, block_number in every],
        ],
    )


async def touch_all(tx: Transaction) -> None:
    """Has every balance that is known read again."""
    await tx.execute(
        """
        INSERT INTO escrow_touches (token, account, block_number)
        SELECT token, account, 0 FROM escrow_balances ON CONFLICT DO NOTHING
        """
    )


async def forget_above(tx: Transaction, keep: int) -> None:
    """Has balances read again that were read at blocks which are gone, those above `keep`."""
    await tx.execute(
        """
        WITH gone AS (
            UPDATE escrow_balances SET block_number = NULL WHERE block_number > %s
            RETURNING token, account
        )
        INSERT INTO escrow_touches (token, account, block_number)
        SELECT token, account, 0 FROM gone ON CONFLICT DO NOTHING
        """,
        [keep],
    )


async def due(tx: Transaction, confirmed: int, stale: int, limit: int) -> list[Holder]:
    """Balances to be read now that `confirmed` is: what was touched first comes first.

    What nothing has touched comes behind it, if it was last read at block `stale` or before.
    """
    rows = await tx.all(
        """
        (
            SELECT token, account FROM escrow_touches WHERE block_number <= %(confirmed)s
            ORDER BY block_number, token, account LIMIT %(limit)s
        )
        UNION ALL
        (
            SELECT token, account FROM escrow_balances WHERE block_number <= %(stale)s
            ORDER BY block_number LIMIT %(limit)s
        )
        """,
        {"confirmed": confirmed, "stale": stale, "limit": limit},
    )
    holders = dict.fromkeys(Holder(row["token"], row["account"]) for row in rows)
    return list(holders)[:limit]


async def put(
    tx: Transaction, amounts: Mapping[Holder, int], block_number: int, confirmed: int
) -> list[Holder]:
    """Stores what was read at a block of our branch; gives those that are others than before.

    What was touched up to the block `confirmed` is answered by it. Where a newer block was read
    by now, that stays.
    """
    holders = sorted(amounts)
    rows = await tx.all(
        """
        WITH given AS (
            SELECT * FROM unnest(%(tokens)s::text[], %(accounts)s::text[], %(amounts)s::numeric[])
                AS given (token, account, amount)
        ), answered AS (
            DELETE FROM escrow_touches AS touch USING given
            WHERE touch.block_number <= %(confirmed)s
                AND touch.token = given.token AND touch.account = given.account
        ), before AS (
            SELECT token, account, known.amount FROM escrow_balances AS known
            JOIN given USING (token, account)
        ), stored AS (
            INSERT INTO escrow_balances AS known (token, account, amount, block_number)
            SELECT token, account, amount, %(block)s FROM given ORDER BY token, account
            ON CONFLICT (token, account) DO UPDATE SET
                amount = excluded.amount, block_number = excluded.block_number
                WHERE known.block_number IS NULL OR known.block_number <= excluded.block_number
            RETURNING token, account, amount
        )
        SELECT token, account FROM stored LEFT JOIN before USING (token, account)
        WHERE stored.amount IS DISTINCT FROM before.amount
        ORDER BY token, account
        """,
        {
            "tokens": [holder.token for holder in holders],
            "accounts": [holder.account for holder in holders],
            "amounts": [amounts[holder] for holder in holders],
            "block": block_number,
            "confirmed": confirmed,
        },
    )
    return [Holder(row["token"], row["account"]) for row in rows]


async def on_branch(tx: Transaction, number: int, block_hash: bytes) -> bool:
    """Whether that block is of the branch that is followed."""
    row = await tx.one(
        "SELECT FROM escrow_blocks WHERE number = %s AND hash = %s", [number, block_hash]
    )
    return row is not None


async def known(tx: Transaction, holders: Sequence[Holder]) -> set[Holder]:
    """Those of `holders` whose balance has been read before."""
    rows = await tx.all(
        """
        SELECT token, account FROM escrow_balances
        JOIN unnest(%s::text[], %s::text[]) AS asked (token, account) USING (token, account)
        """,
        [[holder.token for holder in holders], [holder.account for holder in holders]],
    )
    return {Holder(row["token"], row["account"]) for row in rows}


async def held(tx: Transaction, holder: Holder) -> Balance | None:
    """What an account has, held until the transaction ends; None where it is not known now."""
    row = await tx.one(
        """
        SELECT amount, block_number FROM escrow_balances WHERE token = %s AND account = %s
        FOR SHARE
        """,
        [holder.token, holder.account],
    )
    if row is None or row["block_number"] is None:
        return None
    return Balance(holder, int(row["amount"]), row["block_number"])
