"""`python3 run.py bench [name ...] [--json]`: measures, and prints tables or one JSON object."""

import argparse
import json

from bench import create, search, start, step, trade

MEASUREMENTS = {
    "search": search.run,
    "create": create.run,
    "step": step.run,
    "trade": trade.run,
    "start": start.run,
}


def main() -> None:
    """Runs the measurements that are named, or all."""
    parser = argparse.ArgumentParser(prog="run.py bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="name", help=", ".join(MEASUREMENTS))
    parser.add_argument("--json", action="store_true", help="print one JSON object only")
    arguments = parser.parse_args()
    for name in arguments.names:
        if name not in MEASUREMENTS:
            parser.error(f"there is no measurement {name!r}: {', '.join(MEASUREMENTS)}")
    found: dict[str, float] = {}
    for name in arguments.names or MEASUREMENTS:
        if not arguments.json:
            print(f"\n{name}")
        found |= MEASUREMENTS[name](as_json=arguments.json)
    if arguments.json:
        print(json.dumps(found))


if __name__ == "__main__":
    main()
