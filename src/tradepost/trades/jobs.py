"""What happens to trades without a caller: the chain's word, and the deadlines."""

from uuid import UUID

from procrastinate import App, RetryStrategy

from tradepost.escrow.model import ChainNotReady
from tradepost.kernel import outbox
from tradepost.kernel.database import Database
from tradepost.trades import service

#: Subscribed to `escrow.changed`; its argument is the event's id.
FOLLOW_ESCROW = "trades.follow_escrow"

_AT_ONCE = 100


def register(app: App, database: Database) -> None:
    """Adds this room's tasks to the worker's app."""

    @app.task(name=FOLLOW_ESCROW, retry=RetryStrategy(max_attempts=20, exponential_wait=2))
    async def follow_escrow(event_id: str) -> None:
        async with database.transaction() as tx:
            payload = await outbox.payload(tx.connection, UUID(event_id))
            await service.follow(tx, bytes.fromhex(payload["escrow_id"][2:]))

    # The queue's sixth field, the last, is that of the seconds.
    @app.periodic(cron="* * * * * */2")
    @app.task(name="trades.meet_deadlines", queueing_lock="trades.meet_deadlines")
    async def meet_deadlines(timestamp: int) -> None:  # noqa: ARG001 - the queue hands it in
        try:
            async with database.transaction() as tx:
                unfunded, unanswered, lapsed = await service.overdue(tx, _AT_ONCE)
        except ChainNotReady:
            # Without the chain's clock nobody is late.
            return
        for trade_id in unfunded:
            async with database.transaction() as tx:
                await service.expire(tx, trade_id)
        for trade_id in unanswered:
            async with database.transaction() as tx:
                await service.dispute_silence(tx, trade_id)
        for trade_id in lapsed:
            async with database.transaction() as tx:
                await service.dispute_lapsed(tx, trade_id)
