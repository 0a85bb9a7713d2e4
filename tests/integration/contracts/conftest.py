from collections.abc import Iterator

import pytest

from tests.integration.contracts.harness import ContractChain
from tradepost.entrypoints.dev.chain import DevChain


@pytest.fixture(scope="module")
def chain() -> Iterator[ContractChain]:
    """A fresh development chain with the escrow and the dollar on it."""
    with DevChain(options=("--hardfork=prague",)) as node:
        yield ContractChain(node.url)
