"""What every trader's command stands on: its options, the profile folder, output, exit codes.

A command is a function whose first parameter is a `Desk`; `command` adds the options that all of
them have and turns each failure into a sentence and an exit code. The heavy parts (keys, the chain)
are imported when a command asks for them.
"""

import functools
import inspect
import json
import os
import sys
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from decimal import Decimal, InvalidOperation
from enum import IntEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn
from urllib.parse import urlsplit

import typer

from tradepost.entrypoints.cli.shown import clean

if TYPE_CHECKING:
    from tradepost_client import Chain, Client, Notebook, Trader, Wallet
    from tradepost_client.evm import Progress

DEFAULT_EXCHANGE = "http://127.0.0.1:8000"
DEFAULT_RPC = "http://127.0.0.1:8545"


class ExitCode(IntEnum):
    """How a trader's command ends; scripts rely on these numbers."""

    OK = 0
    REFUSED = 1  # the exchange refused, by a problem document
    USAGE = 2  # the command line or the environment is wrong
    NOT_VERIFIED = 3  # what the exchange said does not hold: nothing was signed
    UNREACHABLE = 4  # the exchange or the chain's node does not answer
    CHAIN_REFUSED = 5  # the contract or the node refuses, or the funds are missing
    WALLET = 6  # no wallet, or the wrong passphrase
    UNFINISHED = 7  # the time for waiting is over; what was begun goes on
    DECLINED = 8  # a question was not answered with yes
    INCOMPLETE = 9  # some lines of a file are wrong or were refused; the others were done
    INTERRUPTED = 130  # Ctrl-C


EXIT_CODES = (
    "Exit codes: 0 done; 1 the exchange refuses; 2 usage; 3 verification failed, nothing was"
    " signed; 4 exchange or chain unreachable; 5 the chain refuses; 6 wallet; 7 still under way;"
    " 8 declined; 9 some lines of a file failed."
)


class Desk:
    """One command's place of work."""

    def __init__(self, exchange: str | None, rpc: str | None, *, as_json: bool, yes: bool) -> None:
        own = os.environ
        self.url = exchange or own.get("TRADEPOST_URL") or DEFAULT_EXCHANGE
        self.rpc = rpc or own.get("TRADEPOST_RPC") or own.get("RPC_URL") or DEFAULT_RPC
        self.as_json = as_json
        self._yes = yes
        folder = own.get("TRADEPOST_HOME")
        self.home = Path(folder) if folder else Path.home() / ".config" / "tradepost"
        self._open = ExitStack()

    def close(self) -> None:
        """Closes what was opened."""
        self._open.close()

    # --- the parts -------------------------------------------------------------------------

    def client(self, *, signed_in: bool = True) -> "Client":
        """The exchange; `signed_in` asks for the session of `account login`."""
        from tradepost_client import Client

        token = self._sessions().get(self._origin())
        if signed_in and token is None:
            fail(ExitCode.USAGE, "You are not signed in: tradepost account login.")
        insecure = os.environ.get("TRADEPOST_INSECURE") == "1"
        try:
            client = Client(self.url, token=token, insecure=insecure)
        except ValueError as error:
            fail(ExitCode.USAGE, f"{error} TRADEPOST_INSECURE=1 permits a plain address.")
        return self._open.enter_context(client)

    def chain(self) -> "Chain":
        """The trader's own node."""
        from tradepost_client import Chain

        try:
            return self._open.enter_context(Chain(self.rpc))
        except ValueError as error:
            fail(ExitCode.USAGE, str(error))

    def wallet(self) -> "Wallet":
        """The wallet, opened with its passphrase."""
        from tradepost_client import keystore

        keystore.address(self.wallet_path)  # without a wallet there is no passphrase to ask for
        return keystore.unlock(self.wallet_path, self.passphrase("Wallet passphrase"))

    def trader(self, *, signed_in: bool = True) -> "Trader":
        """The wallet, the exchange, the chain and the notes."""
        from tradepost_client import Trader

        client = self.client(signed_in=signed_in)
        return Trader(client, self.chain(), self.wallet(), self.notebook())

    def notebook(self) -> "Notebook":
        """The notes on this exchange."""
        from tradepost_client import Notebook

        name = "".join(char if char.isalnum() or char in ".-" else "_" for char in self._origin())
        return Notebook(self.home / "notes" / name)

    @property
    def wallet_path(self) -> Path:
        """Where the encrypted wallet is."""
        return self.home / "wallet.json"

    def passphrase(self, what: str, *, confirm: bool = False) -> str:
        """The wallet's passphrase, from `TRADEPOST_WALLET_PASSPHRASE` or a prompt."""
        return self.secret(what, "TRADEPOST_WALLET_PASSPHRASE", confirm=confirm)

    def secret(self, what: str, variable: str, *, confirm: bool = False) -> str:
        """A secret from the environment's `variable`, or asked for without showing it."""
        given = os.environ.get(variable)
        if given is not None:
            return given
        if not sys.stdin.isatty():
            fail(ExitCode.USAGE, f"{what}: nobody can be asked here; set {variable}.")
        try:
            asked = typer.prompt(what, hide_input=True, confirmation_prompt=confirm, err=True)
        except typer.Abort:
            fail(ExitCode.USAGE, f"{what}: nothing was given.")
        return str(asked)

    # --- the session -----------------------------------------------------------------------

    def keep_session(self, token: str | None) -> None:
        """Keeps the token for this exchange, in a file of mode 0600; None forgets it."""
        from tradepost_client.files import write_private

        sessions = self._sessions()
        sessions.pop(self._origin(), None)
        if token is not None:
            sessions[self._origin()] = token
        write_private(self.home / "sessions.json", json.dumps(sessions) + "\n")

    def _sessions(self) -> dict[str, str]:
        path = self.home / "sessions.json"
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return {}
        except (OSError, ValueError):
            fail(ExitCode.USAGE, f"{path} cannot be read; delete it, then sign in again.")
        return {str(url): str(token) for url, token in content.items()}

    def _origin(self) -> str:
        parts = urlsplit(self.url)
        return f"{parts.scheme}://{parts.netloc}"

    # --- talking ---------------------------------------------------------------------------

    def show(self, machine: Any, human: Callable[[], None]) -> None:
        """Writes the result: JSON on the standard output, or what `human` prints."""
        if self.as_json:
            # A reader in a pipe gets each line when it is told.
            print(json.dumps(machine, sort_keys=True), flush=True)
        else:
            human()

    def say(self, words: str) -> None:
        """Tells a person how it goes, beside the output."""
        if not self.as_json:
            typer.echo(clean(words), err=True)

    def ask(self, lines: Sequence[str], question: str) -> None:
        """Restates what is about to happen and asks; ends the command without a yes."""
        for line in lines:
            typer.echo(clean(line), err=True)
        if self._yes:
            return
        try:
            agreed = typer.confirm(question, err=True)
        except typer.Abort:
            fail(ExitCode.DECLINED, "Nobody answered: nothing was done. --yes answers for you.")
        if not agreed:
            fail(ExitCode.DECLINED, "Nothing was done.")

    def progress(self, one: "Progress") -> None:
        """Tells how many confirmations a transaction has."""
        self.say(f"{one.step}: {one.confirmations} of {one.needed} confirmations ({one.tx_hash})")


def fail(code: ExitCode, words: str) -> NoReturn:
    """Ends the command with a sentence on the standard error."""
    typer.echo(clean(words), err=True)
    raise typer.Exit(code)


_EXCHANGE = Annotated[
    str | None, typer.Option("--exchange", help="The exchange; else TRADEPOST_URL.")
]
_RPC = Annotated[
    str | None, typer.Option("--rpc", help="Your own node; else TRADEPOST_RPC or RPC_URL.")
]
_JSON = Annotated[bool, typer.Option("--json", help="Write JSON for programs.")]
_YES = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]

_COMMON = tuple(
    inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=kind)
    for name, default, kind in (
        ("exchange", None, _EXCHANGE),
        ("rpc", None, _RPC),
        ("as_json", False, _JSON),
    )
)
_CONFIRMED = inspect.Parameter(
    "yes", inspect.Parameter.KEYWORD_ONLY, default=False, annotation=_YES
)

Function = Callable[..., None]


def command(app: typer.Typer, name: str, *, asks: bool = False) -> Callable[[Function], Function]:
    """Makes a function `f(desk, ...)` a command of `app`; `asks` adds `--yes`."""

    def wrap(function: Function) -> Function:
        @functools.wraps(function)
        def run(**given: Any) -> None:
            common = {each.name: given.pop(each.name) for each in _COMMON}
            desk = Desk(**common, yes=given.pop("yes", False))
            try:
                function(desk, **given)
            except Exception as error:
                raise typer.Exit(_told(desk, error)) from error
            finally:
                desk.close()

        signature = inspect.signature(function, eval_str=True)
        own = list(signature.parameters.values())[1:]
        keyword = [each.replace(kind=inspect.Parameter.KEYWORD_ONLY) for each in own]
        added = [*_COMMON, _CONFIRMED] if asks else [*_COMMON]
        run.__signature__ = signature.replace(  # type: ignore[attr-defined]  # typer reads it
            parameters=[*keyword, *added]
        )
        app.command(name, epilog=EXIT_CODES)(run)
        return function

    return wrap


def _told(desk: Desk, error: Exception) -> ExitCode:
    """Tells a failure; what is none of ours is raised again, since it is a bug."""
    from tradepost_client import errors

    kinds: tuple[tuple[type[Exception], ExitCode], ...] = (
        (errors.ProblemError, ExitCode.REFUSED),
        (errors.VerificationFailed, ExitCode.NOT_VERIFIED),
        (errors.ExchangeUnreachable, ExitCode.UNREACHABLE),
        (errors.AnswerMalformed, ExitCode.UNREACHABLE),
        (errors.ChainUnreachable, ExitCode.UNREACHABLE),
        (errors.ChainRefused, ExitCode.CHAIN_REFUSED),
        (errors.FundsMissing, ExitCode.CHAIN_REFUSED),
        (errors.WalletUnusable, ExitCode.WALLET),
        (errors.Unfinished, ExitCode.UNFINISHED),
        (errors.NotYourStep, ExitCode.USAGE),
        (ValueError, ExitCode.USAGE),
    )
    code = next((code for kind, code in kinds if isinstance(error, kind)), None)
    if code is None:
        raise error
    words = str(error)
    if code is ExitCode.NOT_VERIFIED:
        words += " Nothing was signed."
    if desk.as_json:
        told: dict[str, Any] = {"error": type(error).__name__, "message": words}
        if isinstance(error, errors.ProblemError):
            told |= {"type": error.type, "status": error.status, "facts": error.facts}
        print(json.dumps(told, sort_keys=True, default=str), file=sys.stderr)
    else:
        typer.echo(clean(words), err=True)
        if isinstance(error, errors.ProblemError) and error.facts:
            facts = ", ".join(f"{name}: {value}" for name, value in error.facts.items())
            typer.echo(clean(facts), err=True)
    return code


def amount(text: str) -> Decimal:
    """Reads a plain decimal number above zero from the command line."""
    try:
        value = Decimal(text)
    except InvalidOperation:
        raise typer.BadParameter(f"{text!r} is not a number") from None
    if not value.is_finite() or value <= 0 or "e" in text.lower():
        raise typer.BadParameter(f"{text!r} is not an amount above zero")
    return value


def share(text: str) -> Decimal:
    """As `amount`, but zero is one, too."""
    return Decimal(0) if text.strip("0.") == "" and "0" in text else amount(text)


def entry(text: str) -> tuple[str, str]:
    """Reads `name=value` from the command line."""
    name, found, value = text.partition("=")
    if not found or not name or not value:
        fail(ExitCode.USAGE, f"{text!r} is not name=value.")
    return name, value
