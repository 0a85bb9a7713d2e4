"""The package is pure: a client has it without the server, and it needs no network."""

import subprocess
import sys

_LOOK = """
import sys
from tradepost_payments import accounts, codes, fields, registry, table
registry.builtin()
foreign = {"tradepost", "fastapi", "sqlalchemy", "psycopg", "httpx", "web3"}
print(sorted(foreign & set(sys.modules)))
"""


def test_neither_the_server_nor_a_database_comes_with_it() -> None:
    seen = subprocess.run(
        [sys.executable, "-c", _LOOK], capture_output=True, text=True, timeout=60, check=True
    )
    assert seen.stdout == "[]\n"
