"""The README's table of settings is what the code reads, with the defaults that it has."""

import re

import pytest
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from tradepost.entrypoints.dev.data import CLONE
from tradepost.kernel.settings import Settings

README = (CLONE / "README.md").read_text()
ROW = re.compile(r"^\| `([A-Z_]+)` \| (.+?) \| (.+) \|$", re.MULTILINE)
NAMED = re.compile(r"\b(TRADEPOST_[A-Z_]+|[A-Z][A-Z_]*_URL)\b")
#: Everybody calls these so, and no prefix goes before them.
PLAIN = {
    "database_url": "DATABASE_URL",
    "rpc_url": "RPC_URL",
    "redis_url": "REDIS_URL",
    "otlp_endpoint": "OTEL_EXPORTER_OTLP_ENDPOINT",
}


def documented() -> dict[str, tuple[str, str]]:
    """Each variable of the README's tables, with its default and the rest of its row."""
    section = README.partition("\n## Settings\n")[2].partition("\n## ")[0]
    return {name: (default, rest) for name, default, rest in ROW.findall(section)}


def variable(field: str) -> str:
    return PLAIN.get(field, f"TRADEPOST_{field.upper()}")


def told(field: FieldInfo) -> str:
    """A default as the table writes it."""
    if field.default is PydanticUndefined:
        return "required"
    return "none" if field.default is None else f"`{field.default}`"


def named() -> set[str]:
    """Every variable that the program, or the set-up of its tests, names."""
    sources = [*(CLONE / "src").rglob("*.py"), CLONE / "tests" / "conftest.py"]
    return {name for source in sources for name in NAMED.findall(source.read_text())}


@pytest.mark.parametrize(("name", "field"), Settings.model_fields.items())
def test_a_setting_is_in_the_table_with_its_default(name: str, field: FieldInfo) -> None:
    assert documented()[variable(name)][0] == told(field)


@pytest.mark.parametrize(("name", "field"), Settings.model_fields.items())
def test_the_table_tells_the_bounds_of_a_number(name: str, field: FieldInfo) -> None:
    bounds = {
        kind: getattr(rule, kind)
        for rule in field.metadata
        for kind in ("ge", "le")
        if hasattr(rule, kind)
    }
    if bounds:
        assert f"{bounds['ge']:,} to {bounds['le']:,}" in documented()[variable(name)][1]


def test_every_variable_that_the_code_names_is_in_the_table() -> None:
    assert named() - documented().keys() == set()


def test_the_table_has_no_variable_that_the_code_does_not_know() -> None:
    known = {variable(name) for name in Settings.model_fields}
    assert documented().keys() - known - named() == set()
