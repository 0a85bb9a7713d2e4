"""An account's trades as a file: one row each, with what it moved and cost, for books and taxes.

It is read in pages, each in a transaction of its own: however many trades there are and however
slowly they are fetched, nothing is held but a page.
"""

import csv
import io
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from tradepost.escrow import service as escrows
from tradepost.escrow.model import Escrow, Party
from tradepost.kernel.database import Database
from tradepost.kernel.money import Amount
from tradepost.trades import store
from tradepost.trades.model import FINAL, Trade, TradeState

_PAGE = 200
#: Lower than any id.
_FIRST = UUID(int=0)
#: The columns of a row, in their order.
COLUMNS = (
    "id",
    "opened_at",
    "ended_at",
    "state",
    "side",
    "role",
    "asset",
    "amount",
    "bought_amount",
    "fee",
    "currency",
    "fiat_amount",
    "price",
    "payment_method",
    "counterparty",
    "chain_id",
    "escrow_id",
    "tx_hash",
)


class Form(StrEnum):
    """The forms of the file."""

    CSV = "csv"
    NDJSON = "ndjson"


@dataclass(frozen=True, slots=True)
class Period:
    """Trades that ended from `since` on and before `until`; all where both are None."""

    since: datetime | None = None
    until: datetime | None = None

    def has(self, ended_at: datetime | None) -> bool:
        """Whether a trade that ended then, or has not ended, belongs to it."""
        if self.since is None and self.until is None:
            return True
        if ended_at is None or (self.since is not None and ended_at < self.since):
            return False
        return self.until is None or ended_at < self.until


async def lines(
    database: Database, account_id: UUID, form: Form, period: Period
) -> AsyncIterator[str]:
    """The file in parts, the oldest trade first; every part ends with a line."""
    if form is Form.CSV:
        yield _csv([dict(zip(COLUMNS, COLUMNS, strict=True))])
    after = _FIRST
    while True:
        async with database.transaction() as tx:
            trades = await store.following(tx, account_id, after, _PAGE)
            found = await escrows.get_many(tx, [trade.escrow_id for trade in trades])
        rows = [
            row(trade, found[trade.escrow_id], account_id)
            for trade in trades
            if period.has(_ended_at(trade))
        ]
        if rows:
            yield _csv(rows) if form is Form.CSV else _ndjson(rows)
        if len(trades) < _PAGE:
            return
        after = trades[-1].id


def row(trade: Trade, escrow: Escrow, account_id: UUID) -> dict[str, str | None]:
    """One trade as its `account_id` books it; amounts in whole units.

    `bought_amount` is what the buyer got of the coin and `fee` what the seller paid on top of it:
    both are 0 where the coins went back.
    """
    buys = account_id == trade.buyer_id
    bought, fee = _moved(trade, escrow)
    ended_at, tx_hash = _ended_at(trade), escrow.reading.tx_hash
    return {
        "id": str(trade.id),
        "opened_at": trade.created_at.isoformat(),
        "ended_at": None if ended_at is None else ended_at.isoformat(),
        "state": trade.state,
        "side": "buy" if buys else "sell",
        "role": "maker" if (trade.maker is Party.BUYER) == buys else "taker",
        "asset": trade.amount.asset.code,
        "amount": str(trade.amount),
        "bought_amount": str(bought),
        "fee": str(fee),
        "currency": trade.fiat_amount.asset.code,
        "fiat_amount": str(trade.fiat_amount),
        "price": f"{trade.price:f}",
        "payment_method": trade.payment_method,
        "counterparty": str(trade.seller_id if buys else trade.buyer_id),
        "chain_id": str(escrow.chain_id),
        "escrow_id": "0x" + escrow.id.hex(),
        "tx_hash": None if tx_hash is None else "0x" + tx_hash.hex(),
    }


def _ended_at(trade: Trade) -> datetime | None:
    return trade.updated_at if trade.state in FINAL else None


def _moved(trade: Trade, escrow: Escrow) -> tuple[Amount, Amount]:
    """What the buyer got, and the fee: of a settlement in proportion, rounded down as on chain."""
    asset, whole, fee = trade.amount.asset, trade.amount.minor, escrow.terms.fee
    if trade.state is TradeState.COMPLETED:
        return trade.amount, Amount(asset, fee)
    if trade.state is TradeState.RESOLVED and escrow.reading.buyer_amount is not None:
        share = escrow.reading.buyer_amount
        return Amount(asset, share), Amount(asset, fee * share // whole)
    return Amount(asset, 0), Amount(asset, 0)


def _csv(rows: list[dict[str, str | None]]) -> str:
    text = io.StringIO()
    csv.DictWriter(text, COLUMNS).writerows(rows)
    return text.getvalue()


def _ndjson(rows: list[dict[str, str | None]]) -> str:
    return "".join(json.dumps(each, separators=(",", ":")) + "\n" for each in rows)
