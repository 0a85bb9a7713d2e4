#!/usr/bin/env python3
"""The one entry of Tradepost: sets up what is missing, then starts, tests or checks the exchange.

This first stage uses the standard library only. It makes a virtual environment in `.venv`,
installs the hash-pinned requirements and the development chain there, and hands over. A stamp
made from the lock files lets later starts skip all of it.
"""

from __future__ import annotations

import sys

if sys.version_info < (3, 11):
    sys.exit(
        f"Tradepost needs Python 3.11 or newer, this is {sys.version.split()[0]}: start it with a "
        f"newer one, for example 'python3.11 run.py'."
    )

import argparse
import contextlib
import errno
import hashlib
import json
import os
import platform
import re
import shutil
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
STAMP = VENV / "tradepost-set-up.json"
LOG = ROOT / ".set-up.log"
NODE = ROOT / "tools" / "node"
WEB = ROOT / "web"
# npm has anvil and forge for this platform only; elsewhere the exchange asks for RPC_URL.
HAS_CHAIN = sys.platform == "linux" and platform.machine() == "x86_64"

COMMANDS = {
    "start": "set up and start the exchange (also what no command does)",
    "test": "set up and run the tests; arguments go to pytest",
    "check": "format, lint, types, import rules, contract artefacts, documents, lock files",
    "page": "build the web page, if its sources have changed; 'start' does it too",
    "screenshots": "take pictures of every page, into .screenshots",
    "lighthouse": "measure the page as a phone loads it",
    "docs": "build the documents as a site, in .site/html",
    "demo": "play a whole trade, on the exchange that runs or on a fresh one",
    "bench": "measure: [name] [--json]",
    "reset": "delete the data of the exchange (asks first; --yes does not)",
    "tradepost": "the command line of traders and operators: tradepost --help",
}
WITHOUT_ARGUMENTS = {"start", "check", "docs", "lighthouse", "page", "screenshots"}
# What is a module of its own, and nothing more.
MODULES = {
    "bench": "bench",
    "docs": "tools.site.build",
    "lighthouse": "tools.web.lighthouse",
    "page": "tradepost.entrypoints.dev.page",
    "screenshots": "tools.web.screenshots",
}
# These need the development set of requirements.
WITH_TOOLS = {"test", "check", "docs", "bench", "lighthouse", "screenshots"}

DISK_FULL = "The disk is full: free some space, then start again; finished steps are kept."
NO_VENV = (
    "This Python cannot make virtual environments (its 'venv' or 'ensurepip' module is missing): "
    "install it, on Debian and Ubuntu with 'apt install python3-venv', then start again."
)
# What pip, uv and npm say, each in its own words, when no registry answers.
UNREACHABLE = re.compile(
    r"Failed to establish a new connection|Could not connect|error sending request|dns error"
    r"|[Cc]onnection refused|Network is unreachable|name resolution|timed out|ProxyError"
    r"|client error \(Connect\)|ECONNREFUSED|ENOTFOUND|ETIMEDOUT|EAI_AGAIN|ENETUNREACH|ECONNRESET"
    r"|from versions: none"
)
TAMPERED = re.compile(r"DO NOT MATCH THE HASHES|[Hh]ash mismatch|EINTEGRITY")


class SetUpError(Exception):
    """The set-up cannot go on; the message says why and what to do."""


def main(arguments: Sequence[str]) -> None:
    """Does what the command line asks for; ends with one sentence where that is impossible."""
    command, rest = parse(arguments)
    try:
        if os.name != "posix":
            raise SetUpError("Tradepost runs on Linux and macOS: on Windows use it inside WSL.")
        if command == "reset":  # needs nothing installed, and must work when the set-up does not
            os.environ["PYTHONPATH"] = str(ROOT / "src")
            hand_over([sys.executable, "-m", "tradepost.entrypoints.dev.reset", *rest])
        set_up(with_tools=command in WITH_TOOLS)
        enter_environment()
        if command == "tradepost":
            hand_over([PYTHON, "-m", "tradepost.entrypoints.dev", "tradepost", *rest])
        if command in MODULES:
            hand_over([PYTHON, "-m", MODULES[command], *rest])
        if command in {"test", "check"}:
            hand_over([PYTHON, "-m", "tradepost.entrypoints.dev.checks", command, *rest])
        hand_over([PYTHON, "-m", "tradepost.entrypoints.dev", command, *rest])
    except SetUpError as error:
        sys.exit(f"\n{error}")
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            sys.exit("\n" + DISK_FULL)
        sys.exit(f"\nThe set-up failed: {error.strerror} ({error.filename}).")
    except KeyboardInterrupt:
        sys.exit("\nInterrupted; the next start goes on from here.")


def parse(arguments: Sequence[str]) -> tuple[str, list[str]]:
    """Splits the command line into a command and what is passed on to it."""
    listing = "\n".join(f"  {name:10} {what}" for name, what in COMMANDS.items())
    parser = argparse.ArgumentParser(
        prog="run.py",
        description="Tradepost: a self-hosted peer-to-peer crypto exchange.",
        epilog=f"commands:\n{listing}\n\nThe settings, all by environment, stand in README.md.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        usage="python3 run.py [command] [arguments]",
    )
    parser.add_argument("command", nargs="?", default="start", choices=list(COMMANDS))
    parser.add_argument("rest", nargs=argparse.REMAINDER, help=argparse.SUPPRESS)
    command, rest = parser.parse_args(arguments[:1]).command, list(arguments[1:])
    if rest and command in WITHOUT_ARGUMENTS:
        if rest[0] in {"-h", "--help"}:
            parser.exit(0, f"{command}: {COMMANDS[command]}; takes no arguments.\n")
        parser.error(f"'{command}' takes no arguments: its settings come by environment.")
    return command, rest


def hand_over(command: Sequence[str | Path]) -> None:
    """Becomes the given program: no process of this stage stays between it and the terminal."""
    sys.stdout.flush()
    os.chdir(ROOT)
    os.execv(command[0], [str(part) for part in command])


def enter_environment() -> None:
    """Puts the programs of the virtual environment, node among them, before all others."""
    os.environ["VIRTUAL_ENV"] = str(VENV)
    os.environ["PATH"] = os.pathsep.join([str(VENV / "bin"), os.environ.get("PATH", os.defpath)])


# --- the set-up -----------------------------------------------------------------------------


def set_up(with_tools: bool) -> None:
    """Brings `.venv` and the node packages to what the lock files say.

    Args:
        with_tools: also installs what tests and checks need. An environment that has it already
            keeps it, so starting and testing in turn installs nothing.

    Raises:
        SetUpError: with a sentence for the person at the terminal.
    """
    if is_set_up(with_tools):
        return
    with one_at_a_time():
        if is_set_up(with_tools):  # another run has done it while this one waited
            return
        with_tools = with_tools or has_tools()
        began = time.monotonic()
        show(f"Setting up Tradepost in {VENV}\n")
        lock = ROOT / "requirements" / ("dev.txt" if with_tools else "runtime.txt")
        STAMP.unlink(missing_ok=True)
        environment = tool_environment()
        with step("Python environment"):
            make_venv()
        with step("package installer"):
            install_uv(lock, environment)
        with step("Python packages"):
            uv = VENV / "bin" / "uv"
            run([uv, "pip", "sync", "--require-hashes", lock], environment)
            local = ["install", "--offline", "--no-deps", "--no-build-isolation", "--editable", "."]
            run([uv, "pip", *local], environment)
        with step("development chain"):
            install_node_packages(NODE, with_tools, environment)
        with step("packages of the page"):
            install_node_packages(WEB, with_tools, environment)
        STAMP.write_text(json.dumps({"key": wanted(with_tools), "with_tools": with_tools}))
        LOG.unlink(missing_ok=True)
        show(f"Set up in {time.monotonic() - began:.0f} s.\n")


def set_up_apart(folder: Path, lock: Path, what: str) -> None:
    """Makes an environment beside `.venv`, for tools whose packages do not go with the others.

    Args:
        folder: where it is; what is there already stays if it is what the lock says.
        lock: the hash-pinned packages.
        what: what they are, for the person at the terminal.

    Raises:
        SetUpError: the packages cannot be had, or are not those of the lock.
    """
    import venv

    stamp = folder / "lock"
    key = hashlib.sha256(lock.read_bytes() + sys.version.encode()).hexdigest()
    with one_at_a_time():
        with contextlib.suppress(FileNotFoundError):
            if stamp.read_text() == key:
                return
        with step(what):
            if not (folder / "bin" / "python").exists():
                venv.EnvBuilder(with_pip=False, symlinks=True, clear=folder.exists()).create(folder)
            environment = {
                **tool_environment(),
                "VIRTUAL_ENV": str(folder),
                "UV_COMPILE_BYTECODE": "0",
            }
            uv = Path(sys.prefix) / "bin" / "uv"
            run([uv, "pip", "sync", "--require-hashes", lock], environment)
        stamp.write_text(key)


def wanted(with_tools: bool) -> str:
    """Hashes everything that the set-up depends on."""
    digest = hashlib.sha256(repr((sys.version_info[:2], str(ROOT), sys.platform)).encode())
    lock = "dev.txt" if with_tools else "runtime.txt"
    for path in [
        ROOT / "requirements" / lock,
        ROOT / "pyproject.toml",
        NODE / "package-lock.json",
        WEB / "package-lock.json",
    ]:
        digest.update(path.read_bytes())
    return digest.hexdigest()


def is_set_up(with_tools: bool) -> bool:
    """Whether the environment holds what the lock files say, or more."""
    if not PYTHON.exists() or (HAS_CHAIN and not (NODE / "node_modules").is_dir()):
        return False
    if not (WEB / "node_modules").is_dir():
        return False
    try:
        stamp = json.loads(STAMP.read_text())
        return (stamp["with_tools"] or not with_tools) and stamp["key"] == wanted(
            stamp["with_tools"]
        )
    except (FileNotFoundError, ValueError, KeyError):
        return False


def has_tools() -> bool:
    """Whether the development set was ever installed here."""
    return (VENV / "bin" / "pytest").exists()


def make_venv() -> None:
    """Makes the virtual environment, unless a whole one of this Python is there."""
    made = VENV / "made-by"
    maker = f"Python {sys.version_info[0]}.{sys.version_info[1]} for {VENV}"
    with contextlib.suppress(FileNotFoundError):
        if PYTHON.exists() and made.read_text() == maker:
            return
    try:
        import ensurepip
        import venv
    except ImportError as error:
        raise SetUpError(NO_VENV) from error
    assert ensurepip.version(), "a Python that has ensurepip knows its pip"
    if VENV.exists():
        shutil.rmtree(VENV)
    try:
        venv.EnvBuilder(with_pip=True, symlinks=True).create(VENV)
    except subprocess.CalledProcessError as error:
        output = (error.output or b"").decode("utf-8", "replace")
        raise SetUpError(DISK_FULL if is_disk_full(output) else NO_VENV) from error
    made.write_text(maker)


def install_uv(lock: Path, environment: dict[str, str]) -> None:
    """Installs uv by pip, in the version and with the hashes of the lock file.

    uv then installs everything else, in a tenth of pip's time.
    """
    entry = re.search(r"^uv==(\S+)(?: \\\n +--hash=\S+)+", lock.read_text(), re.MULTILINE)
    assert entry, "the lock file pins uv"
    with contextlib.suppress(OSError):
        answer = subprocess.run(
            [VENV / "bin" / "uv", "--version"], capture_output=True, text=True, check=False
        ).stdout
        if answer.split()[1:2] == [entry[1]]:
            return
    with tempfile.TemporaryDirectory() as folder:
        only_uv = Path(folder) / "uv.txt"
        only_uv.write_text(entry[0])
        options = ["--require-hashes", "--no-deps", "--only-binary=:all:", "--retries=2"]
        run([PYTHON, "-m", "pip", "install", *options, "-r", only_uv], environment)


def install_node_packages(folder: Path, with_tools: bool, environment: dict[str, str]) -> None:
    """Installs by npm what the lock file in `folder` pins; no package runs a script of its own."""
    command: list[str | Path] = [VENV / "bin" / "npm", "--prefix", folder, "ci", "--ignore-scripts"]
    if not with_tools:
        command.append("--omit=dev")
    run(command, environment)


def tool_environment() -> dict[str, str]:
    """Gives pip, uv and npm what makes them quick, patient for long enough, and self-contained."""
    environment = {
        **os.environ,
        "PATH": os.pathsep.join([str(VENV / "bin"), os.environ.get("PATH", os.defpath)]),
        "VIRTUAL_ENV": str(VENV),
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "UV_PYTHON_DOWNLOADS": "never",
        "UV_COMPILE_BYTECODE": "1",  # importing uncompiled packages takes seconds at every start
        "UV_NO_CONFIG": "1",
        "npm_config_audit": "false",
        "npm_config_fund": "false",
        "npm_config_update_notifier": "false",
        "npm_config_fetch_retries": "2",
        "npm_config_fetch_retry_mintimeout": "1000",
        "npm_config_fetch_retry_maxtimeout": "5000",
    }
    if "PIP_INDEX_URL" in environment:  # a mirror given to pip serves uv as well
        environment.setdefault("UV_DEFAULT_INDEX", environment["PIP_INDEX_URL"])
    if not os.access(Path("~").expanduser(), os.W_OK):  # a service account without a home
        environment.setdefault("UV_CACHE_DIR", str(VENV / "cache" / "uv"))
        environment.setdefault("npm_config_cache", str(VENV / "cache" / "npm"))
    return environment


def run(command: Sequence[str | Path], environment: dict[str, str]) -> None:
    """Runs a program of the set-up; its output goes to a log that is named when it fails."""
    with LOG.open("ab") as log:
        begin = log.seek(0, os.SEEK_END)
        done = subprocess.run(
            [str(part) for part in command],
            cwd=ROOT,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            check=False,
        )
    if done.returncode == 0:
        return
    with LOG.open("rb") as log:
        log.seek(begin)
        output = log.read().decode("utf-8", "replace")
    if is_disk_full(output):
        raise SetUpError(DISK_FULL)
    if UNREACHABLE.search(output):
        registry = "npm registry" if "npm" in str(command[0]) else "Python package index"
        raise SetUpError(
            f"The {registry} is out of reach: check the network, or the proxy or mirror that you "
            f"have set, then start again; what is installed already is kept."
        )
    if TAMPERED.search(output):
        raise SetUpError(
            f"A downloaded package is not the one that the lock file pins (its hash differs): do "
            f"not use it, and look at the mirror or proxy in between. All it said is in {LOG}."
        )
    lines = [line.strip() for line in output.splitlines() if line.strip()] or ["no output"]
    telling = [line for line in lines if re.search(r"\berror\b", line, re.IGNORECASE)] or lines[-1:]
    raise SetUpError(f"'{command[0]}' failed: {telling[0]}\nAll it said is in {LOG}.")


def is_disk_full(output: str) -> bool:
    """Whether a program's output tells of a full disk, in any of their words."""
    return bool(re.search(r"No space left|ENOSPC|EDQUOT|os error 28|quota exceeded", output))


@contextlib.contextmanager
def one_at_a_time() -> Iterator[None]:
    """Lets one set-up of this clone run at a time; the others wait and find it done."""
    import fcntl

    with (ROOT / ".set-up.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            show("Another run is setting up here: waiting for it.\n")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def show(text: str) -> None:
    """Shows progress; standard output belongs to the command that follows."""
    sys.stderr.write(text)
    sys.stderr.flush()


@contextlib.contextmanager
def step(name: str) -> Iterator[None]:
    """Shows a step of the set-up and the seconds it takes, counting on a terminal."""
    began = time.monotonic()
    done = threading.Event()
    line = f"  {name:22}"

    def count() -> None:
        while not done.wait(0.1):
            show(f"\r{line} {time.monotonic() - began:5.1f} s")

    counter = threading.Thread(target=count, daemon=True)
    if sys.stderr.isatty():
        counter.start()
    try:
        yield
    finally:
        done.set()
        if counter.is_alive():
            counter.join()
        start = "\r" if sys.stderr.isatty() else ""
        show(f"{start}{line} {time.monotonic() - began:5.1f} s\n")


if __name__ == "__main__":
    main(sys.argv[1:])
