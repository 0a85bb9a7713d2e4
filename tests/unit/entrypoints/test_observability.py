"""Dashboards, alerts and the table in the documents name what the code counts, and all of it."""

import json
import re
from collections.abc import Iterator
from typing import Any

import promql_parser
import pytest
import yaml

# Each declares its own numbers.
import tradepost.entrypoints.graphql.seen
import tradepost.entrypoints.measures
import tradepost.entrypoints.watcher
import tradepost.kernel.jobs
import tradepost.kernel.observing  # noqa: F401
from tradepost.entrypoints.dev.data import CLONE
from tradepost.kernel.metrics import REGISTRY

FOLDER = CLONE / "deploy" / "observability"
OPERATIONS = (CLONE / "docs" / "operations.md").read_text()
RULES = [
    rule
    for group in yaml.safe_load((FOLDER / "alerts.yml").read_text())["groups"]
    for rule in group["rules"]
]
BOARDS = sorted((FOLDER / "grafana").glob("*.json"))
#: What Prometheus says itself of whom it asks.
OWN = {"up": {"job", "process", "instance"}}
#: What it adds to each series.
ADDED = {"job", "instance", "process", "le"}


def exported() -> dict[str, set[str]]:
    """Each name that a series can have, with its labels."""
    return {
        name: set(getattr(collector, "_labelnames", ()))
        for collector, names in REGISTRY._collector_to_names.items()
        for name in names
        if not name.endswith("_created")
    }


def documented() -> dict[str, set[str]]:
    """By metric the labels in the table."""
    rows = re.findall(r"^\| `(tradepost_\w+)` \| [a-z]+ \|([^|]*)\|", OPERATIONS, re.MULTILINE)
    return {name: set(re.findall(r"\w+", labels)) for name, labels in rows}


def expressions() -> Iterator[tuple[str, str]]:
    for rule in RULES:
        yield rule["alert"], rule["expr"]
    for path in BOARDS:
        for panel in json.loads(path.read_text())["panels"]:
            for target in panel["targets"]:
                yield f"{path.stem}: {panel['title']}", target["expr"]


def selectors(node: Any) -> Iterator[Any]:
    """Every choice of series in a parsed expression."""
    if isinstance(node, promql_parser.VectorSelector):
        yield node
    for name in ("expr", "lhs", "rhs", "vector_selector", "vs", "param"):
        inside = getattr(node, name, None)
        if inside is not None and not isinstance(inside, str):
            yield from selectors(inside)
    for one in getattr(node, "args", None) or ():
        yield from selectors(one)


def test_the_table_is_what_the_code_counts() -> None:
    names, told = exported(), documented()
    for name, labels in told.items():
        assert names[name] == labels, name
    # A family stands under the name of its series that has none of the endings, or is the count.
    endings = ("_bucket", "_count", "_sum")
    own = {name for name in names if not name.endswith(endings) and f"{name}_total" not in names}
    assert own - told.keys() == set()


@pytest.mark.parametrize(("where", "expression"), list(expressions()))
def test_an_expression_reads_what_there_is(where: str, expression: str) -> None:
    names = exported() | OWN
    found = list(selectors(promql_parser.parse(expression)))
    assert found, f"{where} reads nothing"
    for one in found:
        assert one.name in names, f"{where}: {one.name}"
        used = {matcher.name for matcher in one.matchers.matchers if matcher.name != "__name__"}
        assert used <= names[one.name] | ADDED, f"{where}: {used}"


def test_each_alert_says_how_urgent_it_is_and_what_to_do() -> None:
    rows = set(re.findall(r"^\| `(Tradepost\w+)` \| .{20,} \|$", OPERATIONS, re.MULTILINE))
    assert rows == {rule["alert"] for rule in RULES}
    for rule in RULES:
        assert rule["labels"]["severity"] in {"page", "ticket"}
        assert rule["annotations"].keys() == {"summary", "description"}


def test_each_alert_is_played_both_ways() -> None:
    tests = yaml.safe_load((FOLDER / "alerts.test.yml").read_text())["tests"]
    played = [one for test in tests for one in test["alert_rule_test"]]
    for rule in RULES:
        own = [bool(one["exp_alerts"]) for one in played if one["alertname"] == rule["alert"]]
        assert set(own) == {True, False}, rule["alert"]


@pytest.mark.parametrize("path", BOARDS, ids=lambda path: path.stem)
def test_a_dashboard_can_be_read_in(path: Any) -> None:
    board = json.loads(path.read_text())
    assert board["uid"]
    assert board["title"]
    panels = board["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    taken: set[tuple[int, int]] = set()
    for panel in panels:
        place = panel["gridPos"]
        assert place["x"] + place["w"] <= 24
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert not cells & taken, panel["title"]
        taken |= cells
        assert panel["datasource"]["uid"] == "${source}"


def test_every_number_is_on_a_dashboard_or_in_an_alert() -> None:
    read = {
        one.name
        for _, expression in expressions()
        for one in selectors(promql_parser.parse(expression))
    }
    unread = {name for name in documented() if not any(series.startswith(name) for series in read)}
    assert unread == set()
