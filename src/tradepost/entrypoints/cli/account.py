"""`tradepost account` and `tradepost wallet`: who the trader is, and his key."""

import sys
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tradepost.entrypoints.cli import shown
from tradepost.entrypoints.cli.desk import Desk, ExitCode, amount, command, fail

if TYPE_CHECKING:
    from tradepost_client.models import Asset, Exchange, SignedIn

account = typer.Typer(no_args_is_help=True, help="Your account on the exchange.")
wallet = typer.Typer(no_args_is_help=True, help="Your wallet, an encrypted file on this computer.")

Name = Annotated[
    str | None,
    typer.Option(help="A name with a passphrase, instead of the wallet."),
]


@command(account, "create")
def create_account(desk: Desk, name: Name = None) -> None:
    """Open an account, by your wallet or by a name with a passphrase."""
    if name is None:
        _keep(desk, desk.trader(signed_in=False).sign_in())
    else:
        passphrase = _account_passphrase(desk, confirm=True)
        _keep(desk, desk.client(signed_in=False).create_account(name, passphrase))


@command(account, "login")
def log_in(desk: Desk, name: Name = None) -> None:
    """Sign in, by your wallet or by a name with a passphrase."""
    if name is None:
        _keep(desk, desk.trader(signed_in=False).sign_in())
    else:
        passphrase = _account_passphrase(desk, confirm=False)
        _keep(desk, desk.client(signed_in=False).sign_in_by_name(name, passphrase))


@command(account, "logout")
def log_out(desk: Desk) -> None:
    """Sign out, here and at the exchange."""
    from tradepost_client.errors import ProblemError

    client = desk.client()
    try:
        client.sign_out()
    except ProblemError as error:
        # A token that the exchange does not know any more is as good as signed out.
        if error.status != 401:
            raise
    desk.keep_session(None)
    desk.show({"signed_out": True}, lambda: typer.echo("You are signed out."))


@command(account, "show")
def show_account(desk: Desk) -> None:
    """Show who is signed in."""
    found = desk.client().account()
    desk.show(found.model_dump(mode="json"), lambda: shown.account(found))


@command(account, "add-wallet")
def add_wallet(desk: Desk) -> None:
    """Prove your wallet to the account that is signed in."""
    found = desk.trader().prove_wallet()
    desk.show(found.model_dump(mode="json"), lambda: shown.account(found))


def _keep(desk: Desk, signed_in: "SignedIn") -> None:
    desk.keep_session(signed_in.token.token)
    found = signed_in.account
    desk.show(found.model_dump(mode="json"), lambda: shown.account(found))


def _account_passphrase(desk: Desk, *, confirm: bool) -> str:
    return desk.secret("Account passphrase", "TRADEPOST_ACCOUNT_PASSPHRASE", confirm=confirm)


@command(wallet, "create")
def create_wallet(desk: Desk) -> None:
    """Make a wallet with a new key, encrypted by a passphrase."""
    from tradepost_client import keystore

    passphrase = desk.passphrase("New wallet passphrase", confirm=True)
    made = keystore.create(desk.wallet_path, passphrase)
    desk.say("Keep a copy of this file and its passphrase: nobody else can open it.")
    _show_wallet(desk, made.address)


@command(wallet, "import")
def import_wallet(
    desk: Desk,
    key_file: Annotated[
        Path | None,
        typer.Option(help="A file with the key as 64 hexadecimal digits; - reads the input."),
    ] = None,
) -> None:
    """Store a key that you have, encrypted by a passphrase."""
    from tradepost_client import Wallet, keystore

    if key_file is None:
        text = desk.secret("Private key (64 hexadecimal digits)", "TRADEPOST_WALLET_KEY")
    else:
        text = sys.stdin.read() if str(key_file) == "-" else key_file.read_text(encoding="utf-8")
    try:
        key = bytes.fromhex(text.strip().removeprefix("0x"))
    except ValueError:
        fail(ExitCode.WALLET, "The key is not hexadecimal digits.")
    imported = Wallet(key)
    keystore.store(
        desk.wallet_path, imported, desk.passphrase("New wallet passphrase", confirm=True)
    )
    _show_wallet(desk, imported.address)


@command(wallet, "show")
def show_wallet(desk: Desk) -> None:
    """Show the wallet's address and file."""
    from eth_utils.address import to_checksum_address

    from tradepost_client import keystore

    _show_wallet(desk, to_checksum_address(keystore.address(desk.wallet_path)))


@command(wallet, "balance")
def show_balance(desk: Desk) -> None:
    """Show what the wallet has, and what of it is in the escrow contract, outside of escrows."""
    from eth_utils.address import to_checksum_address

    from tradepost_client import keystore
    from tradepost_client.amounts import from_minor
    from tradepost_client.evm import erc20_balance, number
    from tradepost_client.models import native
    from tradepost_contracts import calls

    address = to_checksum_address(keystore.address(desk.wallet_path))
    exchange, chain = desk.client(signed_in=False).exchange(), desk.chain()
    rows = []
    for asset in exchange.assets:
        if asset.token is None:
            minor = chain.balance(address)
        else:
            minor = number(chain.call(asset.token, erc20_balance(address)))
        held = number(
            chain.call(exchange.chain.escrow_address, calls.balance_of(native(asset), address))
        )
        rows.append(
            {
                "asset": asset.code,
                "balance": f"{from_minor(minor, asset.decimals):f}",
                "in_contract": f"{from_minor(held, asset.decimals):f}",
            }
        )
    desk.show(
        {"address": address, "balances": rows},
        lambda: shown.table(
            ("asset", "balance", "in the contract"),
            [(row["asset"], row["balance"], row["in_contract"]) for row in rows],
        ),
    )


@command(wallet, "deposit", asks=True)
def deposit(
    desk: Desk,
    asset: Annotated[str, typer.Argument(help="The asset's code.")],
    coins: Annotated[Decimal, typer.Argument(parser=amount, metavar="AMOUNT", help="In coins.")],
) -> None:
    """Put coins into the escrow contract, for many trades: only your wallet draws or locks them."""
    from tradepost_client.amounts import to_minor

    trader = desk.trader(signed_in=False)
    exchange = trader.client.exchange()
    found = _asset(exchange, asset)
    try:
        minor = to_minor(coins, found.decimals)
    except ValueError as error:
        fail(ExitCode.USAGE, str(error))
    contract = exchange.chain.escrow_address
    coming = f"{coins:f} {found.code} go into the balance of {trader.wallet.address} in {contract}."
    leaving = "They promise nothing to anybody: tradepost wallet withdraw draws them at any moment."
    desk.ask([coming, leaving], "Deposit?")
    *_, receipt = trader.escrow.deposit(exchange, found, minor, desk.progress)
    machine: dict[str, Any] = {"tx_hash": receipt.tx_hash, "amount": f"{coins:f}"}
    needed = exchange.chain.confirmations
    desk.show(
        machine,
        lambda: typer.echo(
            f"Deposited by {receipt.tx_hash}. The exchange counts it after {needed} confirmations."
        ),
    )


@command(wallet, "withdraw", asks=True)
def withdraw(
    desk: Desk,
    asset: Annotated[str, typer.Argument(help="The asset's code.")],
    coins: Annotated[
        Decimal | None,
        typer.Argument(parser=amount, metavar="AMOUNT", help="In coins; by default all."),
    ] = None,
    to: Annotated[str | None, typer.Option(help="Another address than the wallet's.")] = None,
) -> None:
    """Draw what the wallet has in the escrow contract: deposits, fees, payouts that failed."""
    from eth_utils.address import is_checksum_address

    from tradepost_client.amounts import from_minor, to_minor
    from tradepost_client.models import native

    trader = desk.trader(signed_in=False)
    exchange = trader.client.exchange()
    found = _asset(exchange, asset)
    target = to or trader.wallet.address
    if not is_checksum_address(target):
        fail(ExitCode.USAGE, f"{target} is not an address in checksum form.")
    contract, token = exchange.chain.escrow_address, native(found)
    held = trader.escrow.held(contract, token)
    try:
        minor = held if coins is None else to_minor(coins, found.decimals)
    except ValueError as error:
        fail(ExitCode.USAGE, str(error))
    if not 0 < minor <= held:
        has = f"{from_minor(held, found.decimals):f} {found.code}"
        fail(ExitCode.USAGE, f"The wallet has {has} in the contract.")
    drawn = from_minor(minor, found.decimals)
    desk.ask([f"{drawn:f} {found.code} go to {target}."], "Withdraw?")
    receipt = trader.escrow.withdraw(contract, token, minor, target, desk.progress)
    machine: dict[str, Any] = {"tx_hash": receipt.tx_hash, "amount": f"{drawn:f}", "to": target}
    desk.show(machine, lambda: typer.echo(f"Withdrawn by {receipt.tx_hash}."))


def _asset(exchange: "Exchange", code: str) -> "Asset":
    try:
        return exchange.asset(code)
    except KeyError:
        fail(ExitCode.USAGE, f"The exchange does not trade {code}.")


def _show_wallet(desk: Desk, address: str) -> None:
    machine = {"address": address, "file": str(desk.wallet_path)}
    desk.show(machine, lambda: shown.pairs(machine.items()))
