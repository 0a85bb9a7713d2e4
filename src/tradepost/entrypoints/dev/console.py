"""What the person at the terminal sees: steps, the lines of each process, one box at the end."""

import sys
import threading
import time
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import TextIO

COLOURS = ("36", "33", "35", "32", "34")
NAME_WIDTH = 8
HELD_BACK = 40


class Console:
    """Writes whole lines from several threads; colours only on a terminal.

    Args:
        stream: where to; standard output when None.
        quiet: keeps the lines of the processes back until `replay`.
    """

    def __init__(self, stream: TextIO | None = None, *, quiet: bool = False) -> None:
        self._held_back: deque[str] | None = deque(maxlen=HELD_BACK) if quiet else None
        self._stream = stream or sys.stdout
        self._lock = threading.Lock()
        self._colours: dict[str, str] = {}

    def say(self, text: str) -> None:
        """Tells a sentence of the supervisor itself."""
        self._write(text)

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Shows a step of the start when it is done, with the seconds that it took."""
        began = time.monotonic()
        yield
        self._write(f"  {name:22} {time.monotonic() - began:5.1f} s")

    def line(self, name: str, text: str) -> None:
        """Shows a line that a process wrote."""
        label = f"{name:{NAME_WIDTH}} |"
        if self._stream.isatty():
            colour = self._colours.setdefault(name, COLOURS[len(self._colours) % len(COLOURS)])
            label = f"\033[{colour}m{label}\033[0m"
        if self._held_back is not None:
            self._held_back.append(f"{label} {text}")
        else:
            self._write(f"{label} {text}")

    def replay(self) -> None:
        """Shows the last lines that were kept back, to tell why something failed."""
        for line in self._held_back or ():
            self._write(line)

    def box(self, lines: Sequence[str]) -> None:
        """Frames what matters most, so that it stands out from the lines around it."""
        width = max(len(line) for line in lines)
        edge = "+" + "-" * (width + 2) + "+"
        self._write("\n".join([edge, *(f"| {line:{width}} |" for line in lines), edge]))

    def _write(self, text: str) -> None:
        # A closed terminal or pipe ends nothing: the signal that comes with it does.
        with self._lock, suppress(OSError, ValueError):
            self._stream.write(text + "\n")
            self._stream.flush()
