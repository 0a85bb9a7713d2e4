"""The numbers of this process that Prometheus reads; each room declares its own beside its work.

docs/operations.md lists them all; a test compares it. A label is a name out of the code (an
operation, a task, an asset): never a path, an account or anything else that a caller chooses.
"""

import logging
from typing import Final

from prometheus_client import CollectorRegistry, start_http_server

logger = logging.getLogger(__name__)

#: What this process counts. It is no registry of the library's: nothing joins it unasked.
REGISTRY: Final = CollectorRegistry()

#: In seconds, for what a caller waits for.
WAITS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)


def serve(host: str, port: int, registry: CollectorRegistry = REGISTRY) -> None:
    """Answers Prometheus on an address of its own, until the process ends.

    A port that is taken is told in the log: an exchange does not stop for want of numbers.
    """
    try:
        start_http_server(port, host, registry)
    except OSError as error:
        logger.error("metrics cannot be served on port %d: %s", port, error.strerror)
