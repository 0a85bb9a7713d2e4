"""What tests build exchanges from: settings, accounts of the development chain."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit, urlunsplit

import psycopg
from eth_account import Account
from psycopg import sql
from pydantic import SecretStr

from tradepost.entrypoints.dev.chain import MNEMONIC
from tradepost.entrypoints.dev.exchange import ARBITRATOR, RELAYER_KEY
from tradepost.identity import service as identity
from tradepost.identity.model import Grant
from tradepost.kernel.database import Database, Transaction
from tradepost.kernel.settings import AssetSetting, Settings
from tradepost_client import Wallet
from tradepost_contracts import artifacts, deploy

#: The confirmations tests wait for: few, but enough to tell seen from confirmed.
CONFIRMATIONS = 3


#: What no test runs into that is not about limits.
UNLIMITED = dict.fromkeys(
    ("limit_address", "limit_key", "limit_account"), "1000000/100 burst 1000000"
)


def renamed(dsn: str, database: str) -> str:
    """The same server's address with another database."""
    return urlunsplit(urlsplit(dsn)._replace(path=f"/{database}"))


@contextmanager
def copy_of(server: str, template: str) -> Iterator[str]:
    """The address of a new database like `template`, on the server with this address."""
    name = f"test_{secrets.token_hex(6)}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(
            sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY file_copy").format(
                sql.Identifier(name), sql.Identifier(template)
            )
        )
        yield renamed(server, name)
        connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def settings(database_url: str, rpc_url: str = "http://127.0.0.1:9") -> Settings:
    """An exchange on a development chain; port 9 is one where nobody answers."""
    return Settings(
        database_url=SecretStr(database_url),
        rpc_url=SecretStr(rpc_url),
        secret=SecretStr("a secret of tests that guards nothing"),
        assets=(
            AssetSetting(code="ETH", decimals=18),
            AssetSetting(code="USDT", decimals=6, token=deploy.address(artifacts.DEV_TOKEN)),
        ),
        relayer_key=SecretStr(RELAYER_KEY),
        arbitrator=ARBITRATOR,
        confirmations=CONFIRMATIONS,
        poll_interval_s=0.05,
        bump_after_s=2,
        relay_window_s=0,
        **UNLIMITED,
    )


def arbitrator() -> Wallet:
    """The wallet of the arbitrator whom the settings name."""
    Account.enable_unaudited_hdwallet_features()
    account = Account.from_mnemonic(MNEMONIC, account_path="m/44'/60'/0'/0/8")
    assert account.address == ARBITRATOR
    return Wallet(bytes(account.key))


async def pretend_to_follow(database: Database) -> None:
    """Writes that the chain is followed, for tests that need no chain behind it."""
    async with database.transaction() as tx:
        await tx.execute(
            """
            INSERT INTO escrow_chains (chain_id, contract, genesis_hash, start_block, head_number,
                head_hash, head_time, confirmed_number, confirmed_time, seen_at)
            VALUES (31337, %s, '', 0, 100, '', %s, 98, %s, %s)
            """,
            [
                deploy.address(artifacts.ESCROW),
                int(tx.now.timestamp()),
                int(tx.now.timestamp()) - 30,
                tx.now,
            ],
        )


async def signed_in(
    database: Database, proof: identity.WalletProof, grant: Grant
) -> identity.SignedIn:
    """A session by wallet on the development chain; nobody asks a node about it."""

    async def chain_id(_: Transaction) -> int:
        return 31337

    proven = await identity.prove_wallet(database, chain_id, None, proof)
    async with database.transaction() as tx:
        return await identity.begin_wallet_session(tx, proven, grant)
