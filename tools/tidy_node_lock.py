#!/usr/bin/env python3
"""Takes the addresses out of npm's lock file: where authors ask for money, which nobody needs."""

import json
from pathlib import Path

LOCK = Path(__file__).parent / "node" / "package-lock.json"


def main() -> None:
    """Writes the lock file anew, in npm's own form."""
    lock = json.loads(LOCK.read_text(encoding="utf-8"))
    for entry in lock["packages"].values():
        entry.pop("funding", None)
    LOCK.write_text(json.dumps(lock, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
