"""Names that lead where a test says."""

import pytest

from tests.integration.outward.names import ToldNames


@pytest.fixture
def names() -> ToldNames:
    """What a test says that names lead to; nobody else is asked."""
    return ToldNames()
