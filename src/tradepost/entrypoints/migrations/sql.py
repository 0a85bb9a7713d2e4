"""Lets a migration be plain SQL."""

from typing import LiteralString

from alembic import op


def run(script: LiteralString) -> None:
    """Runs `script`, which may hold many statements and any `%` or `:`, as it is written."""
    driver = op.get_bind().connection.driver_connection
    assert driver is not None
    driver.execute(script)
