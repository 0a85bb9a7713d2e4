"""The page is built once, and again when its sources change; a build that fails harms nothing."""

import io
from pathlib import Path

import pytest

from tradepost.entrypoints.dev import page
from tradepost.entrypoints.dev.console import Console

#: Stands for node and Vite: writes what the page's text is now, and counts how often it was asked.
BUILDER = """#!/bin/sh
for word in "$@"; do case "$word" in --outDir=*) out="${word#--outDir=}";; esac; done
echo built >> ../builds
grep -q broken src/main.tsx && { echo 'src/main.tsx: broken here'; exit 1; }
mkdir -p "$out" && cp src/main.tsx "$out/index.html"
"""


@pytest.fixture
def clone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A clone with a page of one file."""
    for folder in ("web/src", "web/node_modules/vite/bin", "client", "package"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "web/src/main.tsx").write_text("one")
    (tmp_path / "web/node_modules/vite/bin/vite.js").touch()
    (tmp_path / "client/index.ts").write_text("client")
    node = tmp_path / "node"
    node.write_text(BUILDER)
    node.chmod(0o755)
    monkeypatch.setattr(page, "CLONE", tmp_path)
    monkeypatch.setattr(page, "SOURCES", tmp_path / "web")
    monkeypatch.setattr(page, "CLIENT", tmp_path / "client")
    monkeypatch.setattr(page, "FOLDER", tmp_path / "package" / "web")
    monkeypatch.setattr(page, "_NODE", node)
    monkeypatch.setattr(page, "_VITE", tmp_path / "web/node_modules/vite/bin/vite.js")
    monkeypatch.setattr(page, "_LOCK", tmp_path / "lock")
    return tmp_path


def build() -> str:
    """Builds; what the terminal shows of it."""
    shown = io.StringIO()
    page.build(Console(shown))
    return shown.getvalue()


def builds(clone: Path) -> int:
    return len((clone / "builds").read_text().splitlines())


def served(clone: Path) -> str:
    return (clone / "package" / "web" / "index.html").read_text()


def test_it_is_built_once_and_the_step_is_shown(clone: Path) -> None:
    assert not page.is_built()
    assert build().startswith("  web page")
    assert page.is_built()
    assert build() == ""
    assert (builds(clone), served(clone)) == (1, "one")


@pytest.mark.parametrize("source", ["web/src/main.tsx", "web/src/new.tsx", "client/index.ts"])
def test_a_changed_source_builds_it_anew(clone: Path, source: str) -> None:
    build()
    (clone / source).write_text("two")
    assert not page.is_built()
    build()
    assert builds(clone) == 2


def test_what_is_installed_or_hidden_is_no_source(clone: Path) -> None:
    build()
    (clone / "web/node_modules/other.js").touch()
    (clone / "web/.cache").touch()
    assert page.is_built()


def test_a_build_that_fails_says_why_and_leaves_the_old_page(clone: Path) -> None:
    build()
    (clone / "web/src/main.tsx").write_text("broken")
    with pytest.raises(page.PageNotBuilt, match=r"src/main\.tsx: broken here"):
        build()
    assert served(clone) == "one"
    assert not page.is_built()


def test_a_clone_without_the_packages_is_told_how_to_get_them(clone: Path) -> None:
    (clone / "web/node_modules/vite/bin/vite.js").unlink()
    with pytest.raises(page.PageNotBuilt, match=r"python3 run\.py"):
        build()
