"""The operator's commands: the processes of an exchange, and the care for it."""

import asyncio
import os
import sys
from collections.abc import Awaitable, Callable
from typing import Annotated, TypeVar

import typer

from tradepost.entrypoints import logs
from tradepost.kernel.settings import Settings

app = typer.Typer()
Result = TypeVar("Result")


def _settings() -> Settings:
    """The settings; a fault in them ends the command with a sentence for each."""
    from tradepost.entrypoints.settings import SettingsInvalid, load

    try:
        return load()
    except SettingsInvalid as error:
        typer.echo(f"The settings are not complete:\n{error}", err=True)
        raise typer.Exit(2) from None


def _run(work: Callable[[Settings], Awaitable[Result]]) -> Result:
    """Runs `work`; what an operator can mend ends it with a sentence, the rest is a bug."""
    from procrastinate.exceptions import ConnectorException
    from psycopg import OperationalError
    from psycopg_pool import PoolTimeout

    from tradepost.entrypoints.sandbox import SandboxElsewhere
    from tradepost.escrow.model import ChainNotReady, ChainReplaced, ContractMismatch
    from tradepost.kernel.errors import Problem

    settings = _settings()
    logs.configure(settings.log_form)

    async def main() -> Result:
        return await work(settings)

    try:
        return asyncio.run(main())
    except (SandboxElsewhere, ChainReplaced, ContractMismatch, ChainNotReady, Problem) as error:
        typer.echo(str(error), err=True)
    except (OperationalError, PoolTimeout, ConnectorException):
        typer.echo("The database does not answer: is DATABASE_URL right, is it up?", err=True)
    raise typer.Exit(1)


@app.command()
def serve() -> None:
    """Serve the API."""
    from tradepost.entrypoints import http
    from tradepost.entrypoints.sandbox import refuse_elsewhere

    _run(refuse_elsewhere)
    http.serve(_settings())


@app.command()
def worker() -> None:
    """Run jobs, deadlines and the relayer."""
    from tradepost.entrypoints.worker import work

    _run(work)


@app.command()
def watch() -> None:
    """Follow the chain."""
    from tradepost.entrypoints.watcher import follow

    _run(follow)


@app.command()
def counterparties(
    url: Annotated[str | None, typer.Option(help="The exchange; else TRADEPOST_URL.")] = None,
    rpc: Annotated[str | None, typer.Option(help="Its development chain; else RPC_URL.")] = None,
) -> None:
    """Play the simulated traders of a sandbox."""
    from tradepost.entrypoints.cli.desk import DEFAULT_EXCHANGE, DEFAULT_RPC
    from tradepost.entrypoints.counterparties.process import play

    own = os.environ
    # A wallet signs in to the address that the exchange calls its own.
    exchange = url or own.get("TRADEPOST_URL") or own.get("TRADEPOST_PUBLIC_URL")
    node = rpc or own.get("TRADEPOST_RPC") or own.get("RPC_URL")
    logs.configure("text" if own.get("TRADEPOST_LOG_FORM") == "text" else "auto")
    asyncio.run(play(exchange or DEFAULT_EXCHANGE, node or DEFAULT_RPC))


@app.command()
def migrate() -> None:
    """Bring the database to this version's schema."""
    from sqlalchemy.exc import OperationalError

    from tradepost.entrypoints.migrate import migrate as run

    try:
        run(_settings())
    except OperationalError:
        typer.echo("The database does not answer: is DATABASE_URL right, is it up?", err=True)
        raise typer.Exit(1) from None


@app.command()
def deploy() -> None:
    """Put the escrow contract on the chain if it is missing, and record it."""
    from tradepost.entrypoints.sandbox import clock_of
    from tradepost.entrypoints.wiring import SUBSCRIPTIONS
    from tradepost.escrow.evm.chain import Chain
    from tradepost.escrow.evm.deploy import Deployment
    from tradepost.escrow.evm.deploy import deploy as run
    from tradepost.kernel.database import Database

    async def work(settings: Settings) -> Deployment:
        chain = Chain(settings.rpc_url.get_secret_value())
        try:
            async with Database(settings, clock_of(settings), SUBSCRIPTIONS) as database:
                return await run(database, chain, settings)
        finally:
            await chain.close()

    done = _run(work)
    if done.chain_was_lost:
        typer.echo(
            "The development chain has lost its state: what was locked on it is gone, and the"
            " trades have been set back to what the chain says."
        )
    verb = "created" if done.created else "found"
    typer.echo(f"Escrow contract {verb} at {done.address} on chain {done.chain_id}.")


@app.command("grant-role")
def grant_role(
    account: Annotated[str, typer.Argument(help="A user name, or a wallet's address.")],
    role: Annotated[str, typer.Argument(help="trader, arbitrator or operator.")],
) -> None:
    """Give an account a role."""
    from tradepost.entrypoints.sandbox import clock_of
    from tradepost.entrypoints.wiring import SUBSCRIPTIONS
    from tradepost.identity import service as identity
    from tradepost.kernel.access import Role
    from tradepost.kernel.database import Database

    if role not in set(Role):
        typer.echo(f"There is no role {role!r}: {', '.join(Role)}.", err=True)
        raise typer.Exit(2)

    async def work(settings: Settings) -> None:
        async with (
            Database(settings, clock_of(settings), SUBSCRIPTIONS) as database,
            database.transaction() as tx,
        ):
            await identity.grant_role(tx, account, Role(role))

    _run(work)
    typer.echo(f"{account} is {role} now; tokens that exist keep their scopes.")


@app.command("rebuild-escrows")
def rebuild_escrows(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only report.")] = False,
) -> None:
    """Read every escrow from the chain again, report each difference, and mend it."""
    from tradepost.entrypoints.sandbox import clock_of
    from tradepost.entrypoints.wiring import SUBSCRIPTIONS
    from tradepost.escrow.evm.chain import Chain
    from tradepost.escrow.evm.rebuild import Difference, rebuild
    from tradepost.kernel.database import Database

    async def work(settings: Settings) -> list[Difference]:
        chain = Chain(settings.rpc_url.get_secret_value())
        try:
            async with Database(settings, clock_of(settings), SUBSCRIPTIONS) as database:
                return await rebuild(database, chain, write=not dry_run)
        finally:
            await chain.close()

    differences = _run(work)
    for one in differences:
        typer.echo(
            f"0x{one.escrow_id.hex()}: database {one.database.state}, chain {one.chain.state}"
        )
    if not differences:
        typer.echo("Database and chain agree.")
    elif dry_run:
        raise typer.Exit(1)
    else:
        typer.echo(f"Mended {len(differences)}.")


@app.command()
def doctor() -> None:
    """Check settings, schema, node, contract, watcher, limits and relayer; say what to do."""
    from tradepost.entrypoints.doctor import examine

    findings = _run(examine)
    for finding in findings:
        typer.echo(f"{'ok  ' if finding.good else 'BAD '} {finding.subject}: {finding.words}")
    sys.exit(0 if all(finding.good for finding in findings) else 1)
