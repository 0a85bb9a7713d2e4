"""Builds the documents as a site: `.site/html`, with nothing in it that asks another server.

    python -m tools.site.build

The pages are the repository's own; what is shown of the API and of the command line is made from
their descriptions. A broken link, a heading that is not there or a page outside of the navigation
(`toc.yml`) fails it.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import run as set_up
from tools.site import reference

ROOT = Path(__file__).resolve().parents[2]
VENV = ROOT / ".venv-docs"
LOCK = ROOT / "requirements" / "docs.txt"
SITE = ROOT / ".site"
SOURCE, HTML = SITE / "source", SITE / "html"
#: What is shown beside the folder `docs`.
AT_THE_TOP = ("README.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md", "LICENSE")
#: Folders of many small pages, and the page that leads to each of them in the menu's place.
LISTED = {"docs/problems": "docs/errors.md", "docs/adr": "docs/adr/README.md"}
NO_MENU = b"---\norphan: true\n---\n\n"
#: What makes a reader's browser ask for something.
ASKS = re.compile(
    r"<(?:script|img|iframe|source|video|audio|embed)\b[^>]*?\bsrc\s*=\s*[\"']?((?:https?:)?//[^\s\"'>]+)"
    r"|<link\b(?=[^>]*\brel\s*=\s*[\"']?(?:stylesheet|icon|preload|preconnect|manifest))"
    r"[^>]*?\bhref\s*=\s*[\"']?((?:https?:)?//[^\s\"'>]+)"
    r"|(?:url\(|@import)\s*[\"']?((?:https?:)?//[^\s\"')]+)",
    re.IGNORECASE,
)


def main() -> int:
    """Builds the site.

    Returns:
        The exit code: 0, or 1 after what is wrong.
    """
    try:
        set_up.set_up_apart(VENV, LOCK, "tools of the site")
    except set_up.SetUpError as error:
        print(error, file=sys.stderr)
        return 1
    stage()
    done = subprocess.run(
        [
            VENV / "bin" / "python",
            "-m",
            "sphinx",
            *("--conf-dir", ROOT / "tools" / "site", "--doctree-dir", SITE / "doctrees"),
            *("--fail-on-warning", "--nitpicky", "--keep-going", "--quiet"),
            *("--builder", "html", SOURCE, HTML),
        ],
        cwd=ROOT,
        env={**os.environ, "PYTHONHASHSEED": "0", "PYTHONWARNINGS": "ignore"},
        check=False,
    )
    if done.returncode:
        return 1
    faults = [*unlisted(), *strangers(HTML)]
    print(*faults, sep="\n", file=sys.stderr, end="\n" if faults else "")
    if not faults:
        print(f"{sum(1 for _ in HTML.rglob('*.html'))} pages: {HTML / 'docs' / 'index.html'}")
    return 1 if faults else 0


def stage() -> None:
    """Lays the pages into one folder, as the repository has them, and those that are made."""
    # From nothing each time: sphinx looks for broken links only in pages that have changed.
    shutil.rmtree(SITE, ignore_errors=True)
    for path in (*(ROOT / name for name in AT_THE_TOP), *sorted((ROOT / "docs").rglob("*"))):
        if path.is_file():
            name = path.relative_to(ROOT)
            menu = str(name.parent) not in LISTED or str(name) in LISTED.values()
            _write(name, (b"" if menu else NO_MENU) + path.read_bytes())
    api = json.loads((ROOT / "docs" / "openapi.json").read_text())
    streams = json.loads((ROOT / "docs" / "asyncapi.json").read_text())
    made = Path("docs", "reference")
    for page, text in (*reference.rest(api), *reference.messages(streams)):
        _write(made / page, text.encode())
    _write(made / "command-line.md", reference.command_line().encode())


def _write(name: Path, content: bytes) -> None:
    path = SOURCE / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def unlisted() -> Iterator[str]:
    """Finds small pages to which their folder's page has no link."""
    for folder, page in LISTED.items():
        links = set(re.findall(r"\]\(([^)#]+)\)", (ROOT / page).read_text()))
        for path in sorted((ROOT / folder).glob("*.md")):
            link = os.path.relpath(path, (ROOT / page).parent)
            if path != ROOT / page and link not in links:
                yield f"{page} has no link to {link}"


def strangers(folder: Path) -> Iterator[str]:
    """Finds what a page would load from another server, in pages and style sheets."""
    for path in sorted(folder.rglob("*")):
        if path.suffix in {".html", ".css"}:
            for match in ASKS.finditer(path.read_text(encoding="utf-8")):
                address = next(group for group in match.groups() if group)
                yield f"{path.relative_to(folder)} asks another server: {address}"


if __name__ == "__main__":
    sys.exit(main())
