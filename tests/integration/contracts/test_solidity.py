"""The contract's own tests, which forge runs."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]


@pytest.mark.timeout(600)  # on a slow machine the compiler alone takes minutes
def test_solidity_tests_pass() -> None:
    done = subprocess.run(
        [sys.executable, ROOT / "contracts" / "build.py", "test"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]
    assert " 0 failed" in done.stdout
