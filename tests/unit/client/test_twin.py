"""The synchronous client is made from the asynchronous one; it must not have come apart."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]


def test_the_synchronous_twin_is_up_to_date() -> None:
    command = [sys.executable, str(ROOT / "tools" / "unasync_client.py"), "--check"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
