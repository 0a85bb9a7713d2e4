"""Finds texts of the page that its catalogues do not have, and translations that are missing.

What is hard-coded beside the catalogues is found by the tests in a browser, which read a page in
strange letters.
"""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from tradepost.entrypoints.dev.data import CLONE

_WEB = CLONE / "web"
_CATALOGUES = _WEB / "src" / "locales"
_LINGUI = _WEB / "node_modules" / "@lingui" / "cli" / "dist" / "lingui.js"
_NODE = Path(sys.executable).with_name("node")
#: The strange letters are made of the English ones.
_MADE = {"en", "pseudo"}
_EMPTY = re.compile(r'^msgid ("(?:.+)"(?:\n".*")*)\nmsgstr ""\n(?!")', re.MULTILINE)


def faults() -> Iterator[str]:
    """What is wrong with the catalogues, a line each."""
    with TemporaryDirectory() as folder:
        fresh = Path(folder) / "locales"
        shutil.copytree(_CATALOGUES, fresh)
        done = subprocess.run(
            [_NODE, _LINGUI, "extract", "--clean"],
            cwd=_WEB,
            env={**os.environ, "CATALOGUES": str(fresh)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            yield done.stdout
            return
        for path in sorted(_CATALOGUES.glob("*.po")):
            if path.read_text() != (fresh / path.name).read_text():
                yield f"{path.name} is not what the sources say: npm run extract, in web"
            if path.stem not in _MADE:
                for message in _EMPTY.findall(path.read_text()):
                    yield f"{path.name} does not say {message}"


if __name__ == "__main__":
    found = list(faults())
    print("\n".join(found))
    sys.exit(1 if found else 0)
