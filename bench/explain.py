"""The plans of the searches in a book of a million offers, as the server runs them.

That is with the server's own connections, which plan a prepared statement once for all values.
"""

import asyncio
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Final, LiteralString

from psycopg.errors import Diagnostic

from bench import floor, market, search, world
from tradepost.book import service as book
from tradepost.book.model import Wanted
from tradepost.entrypoints.dev.postgres import EmbeddedPostgres
from tradepost.entrypoints.migrate import migrate
from tradepost.kernel.clock import system_clock
from tradepost.kernel.database import Database
from tradepost.kernel.money import Amount, Asset
from tradepost.kernel.pricing import Direction

_ETH: Final = Asset("ETH", 18)
_EUR: Final = Asset("EUR", 2)
_SELL: Final = Wanted(Direction.SELL, _ETH, _EUR)
_LIMIT = 20
#: The first ones warm what they read, and ask for the market.
_RUNS = 3
#: By its name, what is looked for; the second page is added.
_CASES: Final = {
    "plain": _SELL,
    "fiat amount": replace(_SELL, fiat_amount=Amount(_EUR, 250_00)),
    "two methods": replace(_SELL, payment_methods=("method_2", "method_3")),
    "rare method": replace(_SELL, payment_methods=("method_11",)),
    "country": replace(_SELL, country="NG"),
    "funded": replace(_SELL, funded=True),
    "funded with a rare method": replace(_SELL, funded=True, payment_methods=("method_11",)),
    "newest": Wanted(),
    "newest of a currency": Wanted(currency=_EUR),
    "newest funded": Wanted(funded=True),
    "newest funded of a currency": Wanted(currency=_EUR, funded=True),
}


#: Has the server tell the plan of whatever it runs, just as it ran it: EXPLAIN would plan anew.
_TOLD: LiteralString = """
LOAD 'auto_explain';
SET auto_explain.log_min_duration = 0;
SET auto_explain.log_analyze = on;
SET auto_explain.log_buffers = on;
SET auto_explain.log_parameter_max_length = 0;
SET client_min_messages = log
"""


def run(*, as_json: bool) -> dict[str, float]:
    """Prints the plans unless `as_json`; gives the milliseconds that each statement ran."""
    with tempfile.TemporaryDirectory() as folder, EmbeddedPostgres(Path(folder)) as server:
        migrate(world.settings(server.dsn))
        tokens = world.add_makers(server.dsn)
        with floor.serve(search.EXCHANGE, world.environment(server.dsn)) as exchange:
            document = search.first_document(server.dsn, exchange.port, tokens)
        search.fill(server.dsn, search.LARGE, document)
        market.quote(server.dsn, search.MOVED_BPS)
        plans = asyncio.run(_plans(server.dsn))
    if not as_json:
        for name, plan in plans.items():
            print(f"\n--- {name}", *_shown(plan), sep="\n")
    return {f"explain_{name.replace(' ', '_')}_ms": _ran_ms(plan) for name, plan in plans.items()}


async def _plans(dsn: str) -> dict[str, list[str]]:
    told: list[str] = []

    def hear(said: Diagnostic) -> None:
        told.extend((said.message_primary or "").splitlines())

    async with (
        Database(world.settings(dsn), system_clock, {}) as database,
        database.reading() as reading,
    ):
        recent = book.RecentMarkets()
        first = await book.find(reading, recent, _SELL, (), None, _LIMIT)
        reading.connection.add_notice_handler(hear)
        await reading.connection.execute(_TOLD)
        plans = {}
        for name, (wanted, after) in {
            **{name: (wanted, None) for name, wanted in _CASES.items()},
            "second page": (_SELL, first.next),
        }.items():
            for _ in range(_RUNS):
                told.clear()
                await book.find(reading, recent, wanted, (), after, _LIMIT)
            plans[name] = list(told)
    return plans


def _shown(told: list[str]) -> list[str]:
    """The plan without the statement before it, and how long it ran."""
    begin = next(number for number, line in enumerate(told) if "(cost=" in line)
    return [*told[begin:], f"{_ran_ms(told)} ms"]


def _ran_ms(told: list[str]) -> float:
    (line,) = (line for line in told if line.startswith("duration: "))
    return float(line.split()[1])
