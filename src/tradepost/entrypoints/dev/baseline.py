"""Compares the API's documents with those of the last release, and writes them at a release.

`python -m tradepost.entrypoints.dev.baseline` makes the OpenAPI document and the schema of GraphQL
of today the baselines.
"""

import json
import sys
import tomllib
from dataclasses import replace
from pathlib import Path
from typing import Any

from graphql import IDLE, Visitor, parse, print_ast, visit

from tradepost.entrypoints.dev.compatibility import breaks, schema_breaks
from tradepost.entrypoints.dev.data import CLONE

_DOCUMENT = Path("docs/openapi.json")
_BASELINE = Path("tools/openapi/baseline.json")
_SCHEMA = Path("docs/schema.graphql")
_SCHEMA_BASELINE = Path("tools/openapi/baseline.graphql")
_DECLARED = Path("tools/openapi/breaking.toml")
#: What is told to people only; no rule looks at it.
_TOLD = {"description", "summary", "title", "example", "links", "tags", "contact", "license"}


def undeclared_breaks(clone: Path) -> list[str]:
    """What breaks a promise without being declared, and what is declared and does not."""
    old = json.loads((clone / _BASELINE).read_text())
    new = json.loads((clone / _DOCUMENT).read_text())
    schemas = [(clone / path).read_text() for path in (_SCHEMA_BASELINE, _SCHEMA)]
    found = {str(one) for one in breaks(old, new)} | set(schema_breaks(*schemas))
    faults: list[str] = []
    declared: set[str] = set()
    for change in tomllib.loads((clone / _DECLARED).read_text()).get("change", []):
        declared.add(change["what"])
        if len(change.get("why", "").split()) < 3:
            faults.append(f"{_DECLARED}: say why: {change['what']}")
    faults += [f"breaks docs/versions.md: {what}" for what in sorted(found - declared)]
    faults += [f"{_DECLARED}: is not so: {what}" for what in sorted(declared - found)]
    return faults


def essence(part: Any, *, named: bool = False) -> Any:
    """A document without what only people read; what stands under a name of ours stays."""
    if isinstance(part, list):
        return [essence(inner) for inner in part]
    if not isinstance(part, dict):
        return part
    kept: dict[str, Any] = {}
    for key, inner in part.items():
        if named:
            kept[key] = essence(inner)
        elif key == "examples":
            # The names of problems stand there.
            if isinstance(inner, dict):
                kept[key] = {name: {} for name in inner}
        elif key not in _TOLD and not key.startswith("x-"):
            kept[key] = essence(inner, named=key in {"properties", "schemas", "headers", "paths"})
    return kept


class _Undescribed(Visitor):
    """Takes the descriptions out of a schema."""

    def enter(self, node: Any, *_: Any) -> Any:
        if getattr(node, "description", None) is None:
            return IDLE
        return replace(node, description=None)


def schema_essence(text: str) -> str:
    """A schema (SDL) without what only people read."""
    return print_ast(visit(parse(text), _Undescribed())) + "\n"


def main() -> int:
    """Writes the baselines; what was declared has been told in the changelog, and goes."""
    document = json.loads((CLONE / _DOCUMENT).read_text())
    (CLONE / _BASELINE).write_text(json.dumps(essence(document), indent=1) + "\n")
    (CLONE / _SCHEMA_BASELINE).write_text(schema_essence((CLONE / _SCHEMA).read_text()))
    print(
        f"{_BASELINE} and {_SCHEMA_BASELINE} are what is there today;"
        f" take out what {_DECLARED} declares."
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
