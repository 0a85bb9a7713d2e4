"""What must hold in the database at any moment, whatever is half done."""

from tradepost.kernel.database import Database, Transaction


async def check_books(database: Database) -> None:
    """Offers, the book, histories and the numbers of events agree, each with itself."""
    async with database.transaction() as tx:
        await _check_offers(tx)
        await _check_book(tx)
        await _check_histories(tx)
        await _check_sequences(tx)


async def _check_offers(tx: Transaction) -> None:
    """What an offer lacks is in its trades, and those of offers over the same coins."""
    wrong = await tx.all(
        """
        SELECT offers.id FROM offers WHERE total_amount <> remaining_amount + coalesce(
            (SELECT sum(CASE theirs.amount_unit WHEN 'asset' THEN amount
                ELSE fiat_amount END)
            FROM trades JOIN offers AS theirs ON theirs.id = offer_id
            WHERE NOT given_back
                AND (theirs.id = offers.id OR theirs.stock_id = offers.stock_id)), 0)
        """
    )
    assert wrong == []


async def _check_book(tx: Transaction) -> None:
    """What can be taken is listed, nothing else is, and open offers are counted."""
    wrong = await tx.all(
        """
        SELECT id FROM (
            SELECT id FROM offers WHERE state = 'active' AND visibility = 'public'
                AND remaining_amount >= min_amount
        ) AS open FULL JOIN listings USING (id)
        WHERE listings.maker_id IS NULL OR NOT EXISTS (
            SELECT FROM offers WHERE offers.id = listings.id AND state = 'active'
                AND remaining_amount >= least
                AND most = LEAST(max_amount, remaining_amount)
        )
        """
    )
    miscounted = await tx.all(
        """
        SELECT account_id FROM offer_makers WHERE open_offers <> (
            SELECT count(*) FROM offers WHERE maker_id = account_id AND state <> 'closed'
        )
        """
    )
    assert (wrong, miscounted) == ([], [])


async def _check_histories(tx: Transaction) -> None:
    """One row for each version, each beginning where the last one ended."""
    wrong = await tx.all(
        """
        SELECT trades.id FROM trades JOIN (
            SELECT trade_id, count(*) AS steps, max(version) AS newest,
                bool_and(from_state IS NOT DISTINCT FROM before) AS joined,
                (array_agg(to_state ORDER BY version DESC))[1] AS latest
            FROM (
                SELECT *, lag(to_state) OVER (
                    PARTITION BY trade_id ORDER BY version) AS before
                FROM trade_history
            ) AS steps GROUP BY trade_id
        ) AS told ON trade_id = trades.id
        WHERE steps <> version OR newest <> version OR NOT joined OR latest <> state
        """
    )
    assert wrong == []


async def _check_sequences(tx: Transaction) -> None:
    """The events of each account are numbered without a gap."""
    wrong = await tx.all(
        """
        SELECT account_id FROM account_events JOIN account_sequences USING (account_id)
        GROUP BY account_id, last_seq
        HAVING count(*) <> last_seq OR max(seq) <> last_seq OR min(seq) <> 1
        """
    )
    assert wrong == []
