"""Whether a process can serve: what `/readyz` and the doctor look at alike."""

import asyncio
from functools import lru_cache
from typing import Final

from alembic.script import ScriptDirectory

from tradepost.entrypoints.migrate import alembic_config
from tradepost.escrow import service as escrows
from tradepost.escrow.model import ChainNotReady
from tradepost.kernel.database import Database, Transaction
from tradepost.kernel.settings import Settings

OK: Final = "ok"
#: Whoever asks is a machine that asks again; it should not have to wait.
_MOST_S: Final = 2.0
_UNKNOWN: Final = "not known"


async def checks(database: Database, settings: Settings) -> dict[str, str]:
    """By part `ok`, or what is wrong with it in a word or two; within two seconds."""
    found = {"database": OK, "schema": _UNKNOWN, "chain": _UNKNOWN}
    try:
        async with asyncio.timeout(_MOST_S), database.transaction() as tx:
            found["schema"] = await schema(tx)
            if found["schema"] == OK:
                found["chain"] = await chain(tx, settings)
    # Whatever keeps the database from answering, the process is not ready.
    except Exception as error:  # noqa: BLE001
        found["database"] = type(error).__name__
    return found


@lru_cache(maxsize=1)
def newest() -> str:
    """The last step of the schema that this version knows."""
    found = ScriptDirectory.from_config(alembic_config()).get_current_head()
    assert found is not None, "there are steps"
    return found


async def revision(tx: Transaction) -> str | None:
    """The last step that the database has taken; None for an empty one."""
    row = await tx.one("SELECT to_regclass('alembic_version') IS NOT NULL AS known")
    assert row is not None, "a query without a table has a row"
    found = await tx.one("SELECT version_num FROM alembic_version") if row["known"] else None
    return None if found is None else str(found["version_num"])


async def schema(tx: Transaction) -> str:
    """`ok`, or what is missing.

    A database that is ahead is good: steps are numbered, and while an exchange is brought to a new
    version, its schema is the first.
    """
    present = await revision(tx)
    if present is None:
        return "empty"
    return OK if present >= newest() else f"behind: at {present}, not {newest()}"


async def chain(tx: Transaction, settings: Settings) -> str:
    """`ok`, or why what the chain says is not known, or old."""
    try:
        view = await escrows.recent_chain(tx)
    except ChainNotReady:
        return "not followed"
    age_s = int(tx.now.timestamp()) - view.head_time
    return OK if age_s <= settings.chain_lag_s else f"behind: its newest block is {age_s} s old"
