"""The start: from a fresh clone with empty caches, and again when everything is there.

Needs the package registries; measures what a newcomer and an operator wait for.
"""

import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tradepost.entrypoints.dev.data import CLONE
from tradepost.entrypoints.dev.processes import free_port

PATIENCE_S = 300
_READY = "Tradepost runs at"
#: What a client of a package registry may need; nothing else of this environment comes along.
_KEPT = (
    "PIP_",
    "UV_",
    "SSL_",
    "NODE_EXTRA",
    "npm_config",
    "NPM_CONFIG",
    "HTTP",
    "http",
    "NO_PROXY",
)


def run(*, as_json: bool) -> dict[str, float]:
    """Starts a clone of what is committed twice; prints the seconds unless `as_json`."""
    with tempfile.TemporaryDirectory() as folder:
        clone = Path(folder) / "tradepost"
        subprocess.run(["git", "clone", "-q", str(CLONE), str(clone)], check=True)
        kept = {name: value for name, value in os.environ.items() if name.startswith(_KEPT)}
        environment = {
            "HOME": folder,
            "PATH": "/usr/bin:/bin:/usr/sbin:/sbin",
            "LANG": "C.UTF-8",
            "TRADEPOST_PORT": str(free_port()),
            **kept,
        }
        cold = _seconds(clone, environment)
        warm = _seconds(clone, environment)
    if not as_json:
        print(f"{'from nothing':<44}{cold:>10.1f} s\n{'warm':<44}{warm:>10.1f} s")
    return {"start_cold_s": round(cold, 1), "start_warm_s": round(warm, 1)}


def _seconds(clone: Path, environment: dict[str, str]) -> float:
    python = next(path for path in ("/usr/bin/python3", sys.executable) if Path(path).exists())
    began = time.monotonic()
    process = subprocess.Popen(
        [python, "run.py"],
        cwd=clone,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert process.stdout is not None
    lines = []
    try:
        for line in process.stdout:
            lines.append(line)
            if _READY in line:
                return time.monotonic() - began
            if time.monotonic() - began > PATIENCE_S:
                break
        raise RuntimeError("The exchange did not start:\n" + "".join(lines[-20:]))
    finally:
        process.send_signal(signal.SIGINT)
        process.stdout.read()
        process.wait(timeout=60)
