"""Which of a seller's lanes a new escrow gets: one that is free, if the chain says so.

The contract refuses a lock in a lane that is not free, so a wrong choice costs a trade, and never a
coin. The unique index over the holders of lanes is what keeps two escrows apart that are opened at
once. Whether another exchange, or the seller by himself, uses a lane cannot be seen from here.
"""

from tradepost.escrow.model import ChainView
from tradepost.kernel.database import Transaction

#: After so many escrows of a lane that were never locked, one after the other, it is left alone.
_MOST_LAPSES = 2


async def take(tx: Transaction, view: ChainView, seller: str, token: str) -> tuple[int, int] | None:
    """Takes a seller's lane of a token from the escrow that holds it; None where none can be had.

    It can be had where that escrow has ended, or was never locked, deep enough to count on, and can
    be locked no more. One that was used is cheaper, so those are taken first, and of those the one
    that has rested longest. Left alone are a lane in which escrows were never locked several times
    in a row, since somebody else may keep it, and one in which a reorganisation has brought an
    older escrow back.

    Returns:
        The lane's number, and how many escrows came to nothing there right before.
    """
    row = await tx.one(
        """
        UPDATE escrows SET holds_lane = false
        WHERE id = (
            SELECT id FROM escrows AS former
            WHERE seller = %(seller)s AND token = %(token)s
                AND contract = %(contract)s AND chain_id = %(chain_id)s
                AND holds_lane AND fund_by < %(confirmed)s
                AND (state IN ('released', 'refunded', 'split')
                    OR (state = 'none' AND lane_lapses + 1 < %(most_lapses)s))
                AND NOT EXISTS (
                    SELECT FROM escrows AS older
                    WHERE older.seller = former.seller AND older.token = former.token
                        AND older.lane = former.lane AND older.contract = former.contract
                        AND older.chain_id = former.chain_id AND older.state
                        IN ('locking', 'locked', 'releasing', 'refunding', 'splitting')
                )
            ORDER BY state = 'none', fund_by LIMIT 1
            FOR UPDATE SKIP LOCKED
        )
        RETURNING lane, CASE state WHEN 'none' THEN lane_lapses + 1 ELSE 0 END AS lapses
        """,
        {
            "seller": seller,
            "token": token,
            "contract": view.contract,
            "chain_id": view.chain_id,
            "confirmed": view.confirmed_time,
            "most_lapses": _MOST_LAPSES,
        },
    )
    return None if row is None else (int(row["lane"]), row["lapses"])
