"""Checks Prometheus's settings and alert rules, and plays the tests of the rules.

    python tools/check_alerts.py

It needs promtool, a part of Prometheus. Where the PATH has none, it is taken out of Debian's
package by apt, which checks its signature: nothing is installed, and nobody has to be root. It
stays in `.promtool` for the next time.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
RULES = ROOT / "deploy" / "observability"
KEPT = ROOT / ".promtool"

CHECKS = (
    ("check", "config", "prometheus.yml"),
    ("check", "rules", "alerts.yml"),
    ("test", "rules", "alerts.test.yml"),
)
#: A mirror that does not answer should not hold up the rest of a check.
APT_S = 300


class Missing(Exception):
    """There is no promtool; the message says what to do."""


def main() -> int:
    """Runs all checks.

    Returns:
        The exit code: 0 when all hold, or when there is no promtool to ask.
    """
    try:
        tool = promtool()
    except Missing as missing:
        # The tests parse every expression in any case; to be without a mirror is no fault.
        print(f"Not checked by promtool: {missing}")
        return 0
    codes = [
        subprocess.run([tool, *arguments], cwd=RULES, check=False).returncode
        for arguments in CHECKS
    ]
    return max(codes)


def promtool() -> Path:
    """Where promtool is.

    Raises:
        Missing: it is not here, and apt does not give it.
    """
    found = shutil.which("promtool")
    if found:
        return Path(found)
    kept = KEPT / "usr" / "bin" / "promtool"
    if not kept.exists():
        _unpack()
    return kept


def _unpack() -> None:
    if shutil.which("apt-get") is None or shutil.which("dpkg-deb") is None:
        raise Missing("promtool is not here: install Prometheus, and have it on the PATH.")
    work = KEPT.with_suffix(".new")
    shutil.rmtree(work, ignore_errors=True)
    for folder in ("lists/partial", "cache/archives/partial", "out"):
        (work / folder).mkdir(parents=True)
    apt = (
        "apt-get",
        "-q",
        "-o",
        f"Dir::State::lists={work}/lists",
        "-o",
        f"Dir::Cache={work}/cache",
    )
    try:
        for step in ("update",), ("download", "prometheus"):
            subprocess.run(
                [*apt, *step],
                cwd=work,
                check=True,
                timeout=APT_S,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
            )
        (package,) = work.glob("prometheus_*.deb")
        subprocess.run(["dpkg-deb", "-x", package, work / "out"], check=True, timeout=APT_S)
    except subprocess.CalledProcessError as failed:
        raise Missing(f"promtool is not here, and apt does not give it:\n{failed.output}") from None
    except subprocess.TimeoutExpired:
        raise Missing("promtool is not here, and apt takes too long to give it.") from None
    shutil.rmtree(KEPT, ignore_errors=True)
    (work / "out").rename(KEPT)
    shutil.rmtree(work)


if __name__ == "__main__":
    sys.exit(main())
