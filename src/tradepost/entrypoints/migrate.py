"""Brings the database to the schema of this version: `tradepost migrate`."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url

from tradepost.kernel.settings import Settings

#: Any number, the same in every process: two migrations at once take turns.
_ADVISORY_LOCK = 7_233_091


def migrate(settings: Settings, to: str = "head") -> None:
    """Runs the missing steps up to the revision `to`, all or none."""
    url = make_url(settings.database_url.get_secret_value()).set(drivername="postgresql+psycopg")
    engine = create_engine(url)
    try:
        with engine.begin() as connection:
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _ADVISORY_LOCK})
            config = alembic_config()
            config.attributes["connection"] = connection
            command.upgrade(config, to)
    finally:
        engine.dispose()


def alembic_config() -> Config:
    """Where the steps are."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    return config
