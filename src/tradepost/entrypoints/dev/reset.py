"""`run.py reset`: deletes the data of an exchange that does not run. Standard library only."""

import argparse
import os
import sys

from tradepost.entrypoints.dev.data import DataFolder
from tradepost.entrypoints.dev.errors import StartError


def main() -> None:
    """Asks, unless told not to, then deletes."""
    parser = argparse.ArgumentParser(
        prog="run.py reset",
        description="Delete the data of the exchange: accounts, trades, and its development chain.",
    )
    parser.add_argument("--yes", action="store_true", help="do not ask")
    options = parser.parse_args()
    data = DataFolder.of(os.environ)
    if not data.is_ours():
        sys.exit(f"There is nothing to delete: {data.path} holds no data of an exchange.")
    try:
        if data.is_held():
            raise StartError(f"An exchange uses the data in {data.path}: stop it first.")
        if not options.yes:
            answer = input(f"Delete everything in {data.path}? Type 'yes': ")
            if answer.strip() != "yes":
                sys.exit("Nothing was deleted.")
        data.delete()
    except (EOFError, KeyboardInterrupt):
        sys.exit("\nNothing was deleted.")
    except StartError as error:
        sys.exit(str(error))
    print(f"Deleted {data.path}.")


if __name__ == "__main__":
    main()
