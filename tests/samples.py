"""The samples of code in the documents: where they are, and what a page says of each.

A page says it by a comment before the sample, which no viewer shows:

    <!-- sample: not run: REASON -->       nobody can run it here
    <!-- sample: without an end -->        it goes on until it is stopped
    <!-- sample: output -->                what the sample before it prints; `...` is anything
    <!-- sample: POST /v1/webhooks request -->, <!-- sample: GET /v1/account 200 -->
                                           a body of that operation
    <!-- sample: TRADEPOST_... -->         a value of that setting
    <!-- sample: offers to import -->      a file of `tradepost offer import`

Without a comment, what can be run is run.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.token import Token

from tradepost.entrypoints.dev.data import CLONE

#: What is run, page by page and in the page's order.
RUN = frozenset({"bash", "console", "python", "js"})
#: What is held against a description of what it is.
CHECKED = frozenset({"json", "http"})
#: What is read by people: drawings, tables of time, output.
READ = frozenset({"text", "mermaid"})
#: Where another test takes a page's samples of a language from the page itself.
ELSEWHERE = {
    ("docs/agents.md", "console"): "tests/e2e/test_agents.py",
    ("docs/agents.md", "python"): "tests/e2e/test_agents.py",
    ("docs/graphql.md", "graphql"): "tests/integration/graphql/test_documented.py",
    ("docs/graphql.md", "json"): "tests/integration/graphql/test_documented.py",
    ("docs/graphql.md", "python"): "tests/integration/graphql/test_documented.py",
    ("docs/recovery.md", "bash"): "tests/e2e/test_recovery.py",
    ("docs/streams.md", "json"): "tests/unit/entrypoints/test_asyncapi.py",
    ("docs/webhooks.md", "python"): "tests/integration/webhooks/test_documented.py",
}
_COMMENT = re.compile(r"<!-- sample: (.+?) -->\s*\Z", re.DOTALL)
_PROMPT = re.compile(r"^(?:[a-z]+)?\$ +", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Sample:
    """One fenced block of a page.

    Attributes:
        page: The page, from the clone.
        line: The line on which the block begins.
        language: Its first word, empty where it has none.
        text: What is in it.
        said: What the page says of it, empty for nothing.
    """

    page: str
    line: int
    language: str
    text: str
    said: str

    @property
    def is_run(self) -> bool:
        """Whether the test of all samples runs it."""
        return self.language in RUN and not (self.not_run or self.elsewhere)

    @property
    def not_run(self) -> str:
        """Why it cannot be run; empty where it can."""
        return self.said.partition("not run: ")[2]

    @property
    def elsewhere(self) -> str:
        """The test that takes it from the page; empty where that is the one of all samples."""
        return ELSEWHERE.get((self.page, self.language), "")

    def __str__(self) -> str:
        return f"{self.page}:{self.line} ({self.language or 'no language'})"


def pages() -> list[Path]:
    """Every page that has samples of its own, in a fixed order."""
    found = [CLONE / name for name in ("README.md", "CONTRIBUTING.md", "SECURITY.md")]
    return [*found, *sorted((CLONE / "docs").rglob("*.md"))]


def of(page: Path) -> list[Sample]:
    """The samples of a page, in its order."""
    return list(read(str(page.relative_to(CLONE)), page.read_text(encoding="utf-8")))


def read(name: str, text: str) -> Iterator[Sample]:
    """The samples in a text."""
    tokens = MarkdownIt("commonmark").enable("table").parse(text)
    for before, token in zip([None, *tokens], tokens, strict=False):
        if token.type == "code_block" or (token.type == "fence" and token.map):
            assert token.map, "a block knows its lines"
            language = token.info.split()[0] if token.info.strip() else ""
            yield Sample(name, token.map[0] + 1, language, token.content, _said(before))


def _said(before: Token | None) -> str:
    if before is None or before.type != "html_block":
        return ""
    found = _COMMENT.search(before.content)
    return " ".join(found[1].split()) if found else ""


def commands(sample: Sample) -> list[tuple[str, str]]:
    """What is typed in a sample with prompts, each with the output that is shown after it."""
    typed: list[tuple[str, str]] = []
    goes_on = False
    for line in sample.text.splitlines():
        if _PROMPT.match(line):
            typed.append((_PROMPT.sub("", line), ""))
        elif goes_on:
            typed[-1] = (f"{typed[-1][0]}\n{line}", "")
        else:
            assert typed, f"{sample} begins without a prompt"
            typed[-1] = (typed[-1][0], f"{typed[-1][1]}{line}\n")
        goes_on = line.endswith("\\")
    return typed


def agrees(shown: str, printed: str) -> bool:
    """Whether what was printed is what a page shows; `...` in the page stands for anything."""
    form = ".*?".join(re.escape(part) for part in shown.strip().split("..."))
    lines = "\n".join(line.rstrip() for line in printed.strip().splitlines())
    return re.fullmatch(form, lines, re.DOTALL) is not None
