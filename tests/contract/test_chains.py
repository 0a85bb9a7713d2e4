"""Operations one after the other: what one answers is what the next is about.

Which leads to which, Schemathesis finds in the names of the document. It begins with random
requests, and here and there with a good one, so that chains come to what only players can make.
"""

from collections.abc import Callable
from typing import Any, ClassVar

import pytest
import schemathesis
from schemathesis.specs.openapi.checks import response_schema_conformance

from tests.contract.ground import Ground
from tests.contract.schema import ONCE, SCHEMA
from tests.faults.liar import Liar

pytestmark = pytest.mark.slow


def test_chains_of_operations(ground: Ground) -> None:
    chains = SCHEMA.as_state_machine()

    class Chains(chains):
        pass

    Chains.run(settings=ONCE)
