#!/usr/bin/env python3
"""Takes the addresses out of npm's lock files.

Authors say there where they ask for money, and what to use instead of their package.
"""

import json
from pathlib import Path

ROOT = Path(__file__).parents[1]
LOCKS = tuple(
    ROOT / folder / "package-lock.json" for folder in ("tools/node", "tools/lighthouse", "web")
)


def main() -> None:
    """Writes the lock files anew, in npm's own form."""
    for path in LOCKS:
        lock = json.loads(path.read_text(encoding="utf-8"))
        for entry in lock["packages"].values():
            entry.pop("funding", None)
            entry.pop("deprecated", None)
        path.write_text(json.dumps(lock, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
