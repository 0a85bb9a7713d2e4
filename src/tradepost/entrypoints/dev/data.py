"""The data folder of an exchange that one command started: who holds it, and what is in it.

Standard library only: `reset` runs before anything is installed.
"""

import contextlib
import fcntl
import json
import os
import secrets
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from tradepost.entrypoints.dev.errors import StartError, told

# Raised when a start could not use what an earlier version wrote here.
LAYOUT = "1"
CLONE = Path(__file__).parents[4]


@dataclass(frozen=True, slots=True)
class Instance:
    """A running exchange, as its supervisor tells of it in the data folder."""

    pid: int
    url: str  # of the API, without a path
    environment: dict[str, str]  # what its processes were given on top of the supervisor's own


def replace(path: Path, content: bytes) -> None:
    """Replaces a private file (mode 0600) as one step, also for a reader after a power cut."""
    fresh = path.with_name(path.name + ".new")
    fresh.unlink(missing_ok=True)
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)


class DataFolder:
    """One folder for one exchange; see `hold`."""

    def __init__(self, path: Path) -> None:
        self.path = path.absolute()

    @classmethod
    def of(cls, environment: Mapping[str, str]) -> "DataFolder":
        """Gives the folder that TRADEPOST_DATA_DIR names, or `.data` in the clone."""
        return cls(Path(environment.get("TRADEPOST_DATA_DIR") or CLONE / ".data"))

    @contextlib.contextmanager
    def hold(self) -> Iterator[None]:
        """Keeps every other exchange from these data until the block or the process ends.

        Raises:
            StartError: another one holds them, another version made them, or the folder cannot
                be used.
        """
        with contextlib.ExitStack() as held:
            try:
                self.path.mkdir(parents=True, exist_ok=True, mode=0o700)
                held.enter_context(self._locked())
                self._check_layout()
                self.withdraw()  # what a killed one told
            except OSError as error:
                raise told(error, f"use the data folder {self.path}") from error
            yield

    def is_ours(self) -> bool:
        """Whether an exchange has ever kept data in this folder; no other folder is deleted."""
        return self._lock_file().exists()

    def is_held(self) -> bool:
        """Whether an exchange uses these data now."""
        try:
            with self._lock_file().open("r") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except FileNotFoundError:
            return False
        except BlockingIOError:
            return True
        return False

    def announce(self, instance: Instance) -> None:
        """Tells other commands of this clone how to reach the exchange; only its holder may."""
        replace(self._instance_file(), json.dumps(asdict(instance)).encode())

    def withdraw(self) -> None:
        """Takes back what `announce` told."""
        self._instance_file().unlink(missing_ok=True)

    def instance(self) -> Instance | None:
        """Gives the running exchange; None where none runs, or one that is still starting."""
        if not self.is_held():
            return None
        try:
            return Instance(**json.loads(self._instance_file().read_text()))
        except FileNotFoundError:
            return None

    def secret(self, name: str) -> str:
        """Gives a random text of 43 characters that was made at first use and stays the same."""
        path = self.path / name
        if not path.exists():
            replace(path, secrets.token_urlsafe(32).encode())
        return path.read_text()

    def delete(self) -> None:
        """Deletes everything, of whatever version.

        Raises:
            StartError: an exchange uses the data, or they cannot be deleted.
        """
        try:
            with self._locked():
                shutil.rmtree(self.path)
        except OSError as error:
            raise told(error, f"delete the data folder {self.path}") from error

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        # The kernel frees the lock when its holder ends in any way; children do not inherit it.
        with self._lock_file().open("a") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise StartError(self._held_by()) from None
            yield

    def _check_layout(self) -> None:
        path = self.path / "layout"
        if not path.exists():
            replace(path, LAYOUT.encode())
        found = path.read_text().strip()
        if found != LAYOUT:
            raise StartError(
                f"The data in {self.path} were made by another version of Tradepost (layout "
                f"{found}, this one knows {LAYOUT}): start that version, begin anew with "
                f"'python3 run.py reset', or set TRADEPOST_DATA_DIR to another folder."
            )

    def _held_by(self) -> str:
        try:
            instance = Instance(**json.loads(self._instance_file().read_text()))
            who = f"process {instance.pid}, {instance.url}"
        except FileNotFoundError:
            who = "still starting"
        return (
            f"An exchange already uses the data in {self.path} ({who}): stop it first, or set "
            f"TRADEPOST_DATA_DIR and TRADEPOST_PORT for another one."
        )

    def _lock_file(self) -> Path:
        return self.path / "lock"

    def _instance_file(self) -> Path:
        return self.path / "instance.json"
