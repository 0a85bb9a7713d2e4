"""`run.py check` and `run.py test`: what must hold before a change lands."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from tradepost.entrypoints.dev.baseline import undeclared_breaks
from tradepost.entrypoints.dev.data import CLONE
from tradepost.entrypoints.dev.repository import broken_links, lock_faults

PYTHON = sys.executable
#: What judges the API's document are programs of node; the client of TypeScript is made by some.
NODE = Path(PYTHON).with_name("node")
NODE_MODULES = Path("tools/node/node_modules")
_DOCUMENT = "docs/openapi.json"
_SPECTRAL = (
    NODE,
    NODE_MODULES / "@stoplight/spectral-cli/dist/index.js",
    "lint",
    _DOCUMENT,
    "--ruleset=tools/openapi/.spectral.yaml",
    "--fail-severity=hint",
    "--quiet",
)
_WEB_MODULES = Path("web/node_modules")
_REDOCLY = (
    NODE,
    NODE_MODULES / "@redocly/cli/bin/cli.js",
    "lint",
    _DOCUMENT,
    "--config=tools/openapi/redocly.yaml",
)


@dataclass(frozen=True, slots=True)
class Check:
    """One rule: a command that must end with 0, or a function that must find no fault."""

    name: str
    rule: Sequence[str | Path] | Callable[[Path], list[str]]
    #: The folder of the clone that a command runs in.
    at: str = "."


CHECKS = (
    # The longest first: two run at a time.
    Check("contract proofs", [PYTHON, "-m", "contracts.analyse", "halmos"]),
    Check("types", [PYTHON, "-m", "mypy"]),
    Check("contract analysis", [PYTHON, "-m", "contracts.analyse", "slither"]),
    Check("documents as a site", [PYTHON, "-m", "tools.site.build"]),
    Check("contract artefacts", [PYTHON, "contracts/build.py", "--check"]),
    Check("page's tests", [NODE, "node_modules/vitest/vitest.mjs", "run"], at="web"),
    Check("page's types", [NODE, _WEB_MODULES / "typescript/bin/tsc", "--project", "web"]),
    Check("page's format", [NODE, _WEB_MODULES / "prettier/bin/prettier.cjs", "--check", "web"]),
    Check("page's texts", [PYTHON, "-m", "tools.web.texts"]),
    Check("page's sizes", [PYTHON, "-m", "tools.web.sizes"]),
    Check("format", [PYTHON, "-m", "ruff", "format", "--check", "."]),
    Check("lint", [PYTHON, "-m", "ruff", "check", "."]),
    Check("import rules", [Path(PYTHON).with_name("lint-imports"), "--no-cache"]),
    Check("generated documents", [PYTHON, "-m", "tradepost.entrypoints.docs", "--check"]),
    Check("streams' document", [NODE, "tools/check_asyncapi.mjs", "docs/asyncapi.json"]),
    Check("OpenAPI by spectral", _SPECTRAL),
    Check("OpenAPI by redocly", _REDOCLY),
    Check("breaks of the API", undeclared_breaks),
    Check("alert rules", [PYTHON, "tools/check_alerts.py"]),
    Check("payment methods", [PYTHON, "-m", "tradepost_payments.table", "--check"]),
    Check("synchronous client", [PYTHON, "tools/unasync_client.py", "--check"]),
    Check("links in documents", broken_links),
    Check("lock files", lock_faults),
)


def check() -> int:
    """Runs all checks, shows what those that failed have said, and gives the exit code."""
    failed = []
    with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
        for one, fault, seconds in pool.map(_outcome, CHECKS):
            print(f"  {one.name:22} {seconds:5.1f} s  {'failed' if fault else 'ok'}", flush=True)
            if fault:
                failed.append(one.name)
                print(fault, flush=True)
    if failed:
        print(f"{len(failed)} of {len(CHECKS)} checks failed: {', '.join(failed)}.")
        return 1
    print(f"All {len(CHECKS)} checks hold.")
    return 0


def _outcome(one: Check) -> tuple[Check, str, float]:
    began = time.monotonic()
    if callable(one.rule):
        fault = "\n".join(one.rule(CLONE))
    else:
        done = subprocess.run(
            one.rule,
            cwd=CLONE / one.at,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        fault = "" if done.returncode == 0 else (done.stdout or f"exit code {done.returncode}")
    return one, fault, time.monotonic() - began


#: Whole exchanges and their page: a file's tests share one, and mostly wait for it.
_WHOLE = ("tests/e2e", "tests/browser")
#: Those that kill them want the machine to themselves.
_ALONE = "tests/faults/processes"


def test(arguments: Sequence[str]) -> int:
    """Runs the contracts' tests, then Python's; with arguments, pytest alone with these.

    Returns:
        An exit code: 0 when all have passed.
    """
    pytest = [PYTHON, "-m", "pytest"]
    if arguments:
        return _run([*pytest, *arguments])
    runs = (
        [PYTHON, "contracts/build.py", "test"],
        [*pytest, "-n", "2", *(f"--ignore={folder}" for folder in (*_WHOLE, _ALONE))],
        [*pytest, "-n", "2", "--dist=loadfile", *_WHOLE],
        [*pytest, _ALONE],
    )
    return next((code for run in runs if (code := _run(run)) != 0), 0)


def _run(command: Sequence[str | Path]) -> int:
    # Tests that run side by side have to be the same ones in the same order.
    environment = os.environ | {"PYTHONHASHSEED": "0"}
    return subprocess.run(command, cwd=CLONE, env=environment, check=False).returncode


if __name__ == "__main__":
    sys.exit(check() if sys.argv[1] == "check" else test(sys.argv[2:]))
