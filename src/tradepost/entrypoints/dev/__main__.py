"""What `run.py` calls once everything is installed: `start`, `demo` and `tradepost`."""

import os
import sys
from collections.abc import Sequence

from tradepost.entrypoints.dev.console import Console
from tradepost.entrypoints.dev.data import DataFolder
from tradepost.entrypoints.dev.errors import StartError
from tradepost.entrypoints.dev.exchange import CLI, Exchange, environment_of, serve, with_exchange
from tradepost.entrypoints.dev.supervisor import Stopped

INTERRUPTED = 130  # what shells give for a Ctrl-C


def main(arguments: Sequence[str]) -> int:
    """Runs one of the three commands; a fault ends it with one sentence."""
    command, *rest = arguments
    try:
        if command == "start":
            console = Console()
            serve(Exchange(os.environ, console), console)
        elif command == "demo" and not {"-h", "--help"}.intersection(rest):
            return with_exchange(os.environ, [*CLI, "demo", *rest])
        else:
            environment = environment_of(DataFolder.of(os.environ), os.environ)
            words = ["demo", *rest] if command == "demo" else rest
            os.execve(sys.executable, [*CLI, *words], environment)
    except StartError as error:
        print(f"\n{error}", file=sys.stderr)
        return 1
    except Stopped:
        print("Stopped; the data are kept.")
        return 0 if command == "start" else INTERRUPTED
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
