"""Each operation is as the document says: requests of any kind, answers of the kinds it names."""

import json

import pytest
from schemathesis.specs.openapi.checks import response_schema_conformance
from starlette.routing import Mount, Route, WebSocketRoute

from tests.contract.asks import ASKS
from tests.contract.ground import Case, Ground
from tests.contract.schema import (
    DOCUMENT,
    LEFT_OUT,
    ONCE,
    SCHEMA,
    SEED,
    STRIDE,
    UNDOCUMENTED,
)

pytestmark = pytest.mark.slow


def test_every_operation_has_a_good_request_or_a_reason() -> None:
    paths = json.loads(DOCUMENT.read_text(encoding="utf-8"))["paths"]
    told = {f"{name.upper()} {path}" for path in paths for name in paths[path]}
    assert not ASKS.keys() & LEFT_OUT.keys()
    assert ASKS.keys() | LEFT_OUT.keys() == told


def test_every_path_of_the_app_is_documented_or_has_a_reason(ground: Ground) -> None:
    paths = json.loads(DOCUMENT.read_text(encoding="utf-8"))["paths"]
    served = {
        route.path
        for route in ground.arena.stage.app.router.routes
        if isinstance(route, Route | WebSocketRoute | Mount)
    }
    assert served == paths.keys() | UNDOCUMENTED.keys()


@SCHEMA.parametrize()
@ONCE
def test_what_is_answered_is_documented(case: Case, ground: Ground) -> None:
    if ground.passes_over(case, STRIDE, SEED):
        return
    headers = ground.fill(case)
    # A schema of the whole answer fits no part of it, which is what `fields` asks for.
    part = "fields" in (case.query or {})
    response = case.call_and_validate(
        headers=headers, excluded_checks=[response_schema_conformance] if part else None
    )
    if response.status_code < 300 and case.method not in {"GET", "HEAD"}:
        # What it was about is used up.
        ground.forget(case.operation.label)
