"""Each operation is as the document says: requests of any kind, answers of the kinds it names."""

import json

import pytest
from schemathesis.specs.openapi.checks import response_schema_conformance

from tests.contract.asks import ASKS
from tests.contract.ground import Case, Ground
from tests.contract.schema import DOCUMENT, ENDLESS, ONCE, SCHEMA

pytestmark = pytest.mark.slow


def test_every_operation_has_a_good_request() -> None:
    paths = json.loads(DOCUMENT.read_text(encoding="utf-8"))["paths"]
    told = {f"{name.upper()} {path}" for path in paths for name in paths[path]}
    assert ASKS.keys() == told - {ENDLESS}


@SCHEMA.parametrize()
@ONCE
def test_what_is_answered_is_documented(case: Case, ground: Ground) -> None:
    headers = ground.fill(case)
    # A schema of the whole answer fits no part of it, which is what `fields` asks for.
    part = "fields" in (case.query or {})
    response = case.call_and_validate(
        headers=headers, excluded_checks=[response_schema_conformance] if part else None
    )
    if response.status_code < 300 and case.method not in {"GET", "HEAD"}:
        # What it was about is used up.
        ground.forget(case.operation.label)
