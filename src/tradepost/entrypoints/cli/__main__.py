"""`python -m tradepost.entrypoints.cli` is `tradepost`."""

from tradepost.entrypoints.cli import main

main()
