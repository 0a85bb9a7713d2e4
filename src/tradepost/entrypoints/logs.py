"""Where the processes' log lines go: to standard error, one line each."""

import logging


def configure() -> None:
    """For a process of the exchange; libraries speak only of what goes wrong."""
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s: %(message)s")
    for chatty in ("procrastinate", "httpx", "web3", "alembic"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
