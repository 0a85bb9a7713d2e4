"""`python3 run.py bench [name ...] [--json]`: measures, and prints tables or one JSON object."""

import argparse
import json
import sys

from bench import create, explain, gas, operations, search, start, step, tick, trade

MEASUREMENTS = {
    "search": search.run,
    "create": create.run,
    "tick": tick.run,
    "explain": explain.run,
    "step": step.run,
    "trade": trade.run,
    "operations": operations.run,
    "gas": gas.run,
    "start": start.run,
}


def main() -> None:
    """Runs the measurements that are named, or all."""
    listing = "\n".join(
        f"  {name:10} {(sys.modules[run.__module__].__doc__ or '').splitlines()[0]}"
        for name, run in MEASUREMENTS.items()
    )
    parser = argparse.ArgumentParser(
        prog="run.py bench",
        description=__doc__,
        epilog=f"measurements:\n{listing}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("names", nargs="*", metavar="name", help="which; all, if none is named")
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
