"""One exchange for each file of tests, and the count of all that was sent to it."""

from collections import Counter
from collections.abc import Iterator

import pytest

from tests import worlds
from tests.contract.ground import Ground, open_ground
from tests.contract.schema import BRIDGE

_COUNTS = pytest.StashKey[Counter[str]]()


def pytest_configure(config: pytest.Config) -> None:
    """Begins to count."""
    config.stash.setdefault(_COUNTS, Counter())


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Says how much was asked and checked, since a green line does not."""
    counts = config.stash[_COUNTS]
    if counts:
        told = ", ".join(f"{number} {what}" for what, number in sorted(counts.items()))
        terminalreporter.write_line(f"contract: {told}")


@pytest.fixture(scope="module")
def ground(postgres: str, template: str, pytestconfig: pytest.Config) -> Iterator[Ground]:
    """An exchange with its players and a chain, over a fresh database."""
    with (
        worlds.copy_of(postgres, template) as url,
        open_ground(url, BRIDGE, pytestconfig.stash[_COUNTS]) as opened,
    ):
        yield opened
