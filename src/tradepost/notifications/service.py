"""The stream's face: tickets, and what has happened behind a number."""

from datetime import datetime
from uuid import UUID

from tradepost.book import service as book
from tradepost.book.model import Change
from tradepost.identity import service as identity
from tradepost.kernel import outbox
from tradepost.kernel.access import Caller, Unauthenticated
from tradepost.kernel.database import Database, Reading, Transaction
from tradepost.kernel.outbox import AccountEvent
from tradepost.notifications import store
from tradepost.notifications.model import (
    TICKET_LIFE,
    Reader,
    TicketInvalid,
    new_ticket,
    ticket_hash,
)
from tradepost.prices import service as prices
from tradepost.prices.model import Pair, PriceAnswer


async def issue_ticket(tx: Transaction, caller: Caller) -> tuple[str, datetime]:
    """A ticket that opens one stream for the caller's token, and when it expires."""
    ticket, expires_at = new_ticket(), tx.now + TICKET_LIFE
    hashed = ticket_hash(ticket)
    assert hashed is not None
    await store.add_ticket(tx, caller.token_id, hashed, expires_at)
    return ticket, expires_at


async def reader_of_ticket(tx: Transaction, ticket: str) -> Reader:
    """Whom a ticket lets in; it is used up. Raises `TicketInvalid`."""
    hashed = ticket_hash(ticket)
    token_id = None if hashed is None else await store.take_ticket(tx, hashed)
    if token_id is None:
        raise TicketInvalid
    try:
        return _reader(await identity.caller_of_token(tx, token_id))
    except Unauthenticated:
        raise TicketInvalid from None


async def reader_of_token(tx: Transaction, bearer: str) -> Reader:
    """Whom a token lets in; raises `Unauthenticated`."""
    return _reader(await identity.authenticate(tx, bearer))


def _reader(caller: Caller) -> Reader:
    return Reader(caller.account_id, caller.token_id, caller.scopes)


async def events(
    reading: Reading, account_id: UUID, after: int, limit: int
) -> tuple[int, list[AccountEvent]]:
    """The number of the account's newest event, and up to `limit` of those above `after`."""
    last = (await outbox.last_seqs(reading.connection, [account_id]))[account_id]
    if last == after:
        return last, []
    return last, await outbox.read(reading.connection, account_id, after, limit)


async def changes(
    database: Database, market: tuple[str, str], after: int, limit: int
) -> tuple[int, list[Change]]:
    """The number of the market's newest change, and up to `limit` of those above `after`.

    What is committed by now has its number.
    """
    async with database.transaction() as tx:
        await book.number_changes(tx, market)
    async with database.reading() as reading:
        return await book.changes_after(reading, market, after, limit)


async def price(tx: Transaction, market: tuple[str, str]) -> PriceAnswer | None:
    """The market's price where there is a fresh one."""
    found = await prices.priced(tx, *market, None, 1)
    return PriceAnswer.of(found[0]) if found else None


def price_topic(market: tuple[str, str]) -> str:
    """What is touched with the market's price."""
    return prices.topic(Pair(*market))
