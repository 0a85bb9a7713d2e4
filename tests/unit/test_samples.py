"""Each sample of the documents says what it is, and is that; what is run needs an exchange."""

import json
import re
import shlex
from collections import Counter
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
import typer.main
from pydantic import TypeAdapter

from tests import samples
from tests.samples import Sample
from tradepost.entrypoints.cli import app
from tradepost.entrypoints.cli.importing import files, offers
from tradepost.entrypoints.dev.data import CLONE
from tradepost.kernel.settings import Settings
from tradepost_payments.registry import load

DOCUMENT: dict[str, Any] = json.loads((CLONE / "docs" / "openapi.json").read_text())
SAMPLES = [one for page in samples.pages() for one in samples.of(page)]
#: What cannot be run, by page: a new one has to be meant.
NOT_RUN = {
    "CONTRIBUTING.md": 4,
    "README.md": 3,
    "docs/howto/proxy.md": 2,
    "docs/sandbox.md": 3,
    "docs/tutorial.md": 2,
}
_OPERATION = re.compile(r"(GET|POST|PUT|PATCH|DELETE) (/\S+) (request|\d{3})")
_HEAD = re.compile(
    r"(?:[A-Z]+ /\S* HTTP/1\.1|HTTP/1\.1 \d{3} [^\n]+)\n(?:[\w-]+: [^\n]+\n)+(?:\n(.+))?", re.DOTALL
)


@pytest.mark.parametrize("sample", SAMPLES, ids=str)
def test_a_sample_is_of_a_known_kind(sample: Sample) -> None:
    assert sample.language, f"{sample} names no language"
    known = sample.language in samples.RUN | samples.CHECKED | samples.READ
    assert known or sample.not_run or sample.elsewhere, f"{sample} is of an unknown language"
    if sample.said in {"output", "without an end"} or not sample.said or sample.not_run:
        assert sample.said != "output" or sample.language == "text"
        assert sample.said != "without an end" or sample.is_run
        needs = sample.language == "json" and not sample.elsewhere
        assert not needs or sample.said, f"{sample} does not say of what it is a sample"
    else:
        assert sample.language in {"json", "text"}


def test_what_is_not_run_is_counted() -> None:
    assert Counter(one.page for one in SAMPLES if one.not_run) == NOT_RUN
    assert all(len(one.not_run.split()) >= 3 for one in SAMPLES if one.not_run)


def test_what_runs_elsewhere_is_taken_from_the_page_there() -> None:
    for (page, language), test in samples.ELSEWHERE.items():
        text = (CLONE / test).read_text()
        assert Path(page).name in text
        assert f"```{language}" in text
        assert any((one.page, one.language) == (page, language) for one in SAMPLES)


@pytest.mark.parametrize(
    "sample", [one for one in SAMPLES if _OPERATION.fullmatch(one.said)], ids=str
)
def test_a_body_has_the_form_that_the_api_describes(sample: Sample) -> None:
    found = _OPERATION.fullmatch(sample.said)
    assert found
    operation = DOCUMENT["paths"][found[2]][found[1].lower()]
    holder = operation["requestBody"] if found[3] == "request" else operation["responses"][found[3]]
    if "$ref" in holder:
        holder = DOCUMENT["components"]["responses"][holder["$ref"].rpartition("/")[2]]
    (content,) = holder["content"].values()
    schema = {**content["schema"], "components": DOCUMENT["components"]}
    jsonschema_rs.validator_for(schema).validate(json.loads(sample.text))


@pytest.mark.parametrize(
    "sample", [one for one in SAMPLES if one.said.startswith("TRADEPOST_")], ids=str
)
def test_a_setting_takes_its_sample(sample: Sample, tmp_path: Path) -> None:
    name = sample.said.removeprefix("TRADEPOST_").lower()
    if name == "payment_methods_own":
        own = tmp_path / "own.json"
        own.write_text(sample.text)
        assert load(own=own).methods
    else:
        field: Any = Settings.model_fields[name].annotation
        assert TypeAdapter(field).validate_json(sample.text)


def test_the_file_of_offers_can_be_imported(tmp_path: Path) -> None:
    (sample,) = [one for one in SAMPLES if one.said == "offers to import"]
    file = tmp_path / "offers.csv"
    file.write_text(sample.text)
    rows, faults = files.read(file, offers.COLUMNS)
    assert (len(rows), faults) == (len(sample.text.splitlines()) - 1, [])
    assert all(offers.understood(row)[1] == [] for row in rows)


@pytest.mark.parametrize("sample", [one for one in SAMPLES if one.language == "http"], ids=str)
def test_a_message_of_http_is_one(sample: Sample) -> None:
    found = _HEAD.fullmatch(sample.text)
    assert found, sample
    assert not found[1] or json.loads(found[1])


def test_commands_that_are_not_run_are_there() -> None:
    """With the options that the page gives them."""
    group = typer.main.get_command(app)
    known = 0
    for sample in SAMPLES:
        if sample.language != "console" or not sample.not_run:
            continue
        for typed, _ in samples.commands(sample):
            for one in re.findall(r"(?:^|[;&] *)tradepost ([^;&#]+)", typed.replace("\\\n", " ")):
                _understood(group, shlex.split(one))
                known += 1
    assert known >= 15


def _understood(command: Any, words: list[str]) -> None:
    while hasattr(command, "commands"):
        assert words, "a group is no command"
        command, words = command.commands[words[0]], words[1:]
    command.make_context(command.name, words)


def test_markers_and_languages_are_read() -> None:
    text = (
        "<!-- sample: not run: needs a\n     second machine -->\n"
        "```console\n$ a \\\n    b\nc\n```\n"
        "Words.\n\n```python\nx = 1\n```\n\n- in a list\n\n  ```\n  nothing\n  ```\n"
    )
    first, second, third = samples.read("a.md", text)
    assert first.not_run == "needs a second machine"
    assert samples.commands(first) == [("a \\\n    b", "c\n")]
    assert (second.language, second.said, second.is_run) == ("python", "", True)
    assert (third.language, third.text) == ("", "nothing\n")


@pytest.mark.parametrize(
    ("shown", "printed", "agree"),
    [
        ("offer ...\n", "offer 0193\n", True),
        ("a ... c", "a b\nb c", True),
        ("a", "ab", False),
        ("a.c", "abc", False),
    ],
)
def test_shown_output_agrees(shown: str, printed: str, agree: bool) -> None:
    assert samples.agrees(shown, printed) is agree
