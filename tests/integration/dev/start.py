"""Starts an exchange of stand-ins, as `run.py start` starts a real one."""

import os
import sys
from pathlib import Path

from tradepost.entrypoints.dev.console import Console
from tradepost.entrypoints.dev.errors import StartError
from tradepost.entrypoints.dev.exchange import Exchange, serve
from tradepost.entrypoints.dev.supervisor import Stopped

STANDIN = (sys.executable, str(Path(__file__).with_name("standin.py")))

if __name__ == "__main__":
    console = Console()
    try:
        serve(Exchange(os.environ, console, STANDIN), console)
    except StartError as error:
        sys.exit(f"StartError: {error}")
    except Stopped:
        print("stopped in order", flush=True)
