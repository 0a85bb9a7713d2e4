"""What the measurements work on: settings, and tables filled with trades that can move."""

import json
from datetime import timedelta
from typing import Any
from uuid import UUID

import psycopg
from pydantic import SecretStr

from tradepost.entrypoints.dev.exchange import ARBITRATOR, RELAYER_KEY
from tradepost.identity.model import new_secret, secret_hash
from tradepost.kernel.access import Scope
from tradepost.kernel.clock import system_clock
from tradepost.kernel.settings import AssetSetting, Settings

OFFER = UUID(int=3)
#: As many traders on each side: two trades at once rarely are of the same one.
TRADERS = 1_000
#: Each can have 200 open offers; a measurement makes fewer.
MAKERS = 400
_FIRST_TRADE = 1 << 64
_FIRST_BUYER = 2 << 64
_FIRST_SELLER = 3 << 64
_FIRST_MAKER = 4 << 64
#: A measurement is of the exchange, not of its limits; they are checked all the same.
_UNLIMITED = dict.fromkeys(
    ("limit_address", "limit_key", "limit_account"), "1000000/100 burst 1000000"
)
#: What a maker says of an offer; the wallet is added, as each has his own.
_OFFER: dict[str, Any] = {
    "direction": "sell",
    "asset": "ETH",
    "currency": "EUR",
    "price": "2500.00",
    "min_amount": "0.1",
    "max_amount": "1",
    "total_amount": "5",
    "payment_methods": ["sepa_instant", "revolut"],
    "country": "DE",
    "terms": "From an account in your own name only.",
    "funding_window_s": 1800,
    "payment_window_s": 3600,
    "encryption_key": "79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798",
}


def settings(dsn: str, connections: int = 8) -> Settings:
    """Those of an exchange whose chain is not asked for anything."""
    return Settings(
        database_url=SecretStr(dsn),
        rpc_url=SecretStr("http://127.0.0.1:9"),
        secret=SecretStr("measurements guard no secret at all"),
        assets=(
            AssetSetting(code="ETH", decimals=18),
            AssetSetting(code="USDT", decimals=6, token="0x" + "1" * 40),
        ),
        relayer_key=SecretStr(RELAYER_KEY),
        arbitrator=ARBITRATOR,
        database_connections=connections,
        **_UNLIMITED,
    )


def environment(dsn: str) -> dict[str, str]:
    """The same settings, as a server's process reads them."""
    chosen = settings(dsn)
    return {
        "DATABASE_URL": dsn,
        "RPC_URL": chosen.rpc_url.get_secret_value(),
        "TRADEPOST_SECRET": chosen.secret.get_secret_value(),
        "TRADEPOST_ASSETS": json.dumps([asset.model_dump() for asset in chosen.assets]),
        "TRADEPOST_RELAYER_KEY": chosen.relayer_key.get_secret_value(),
        "TRADEPOST_ARBITRATOR": chosen.arbitrator,
        "TRADEPOST_DATABASE_CONNECTIONS": str(chosen.database_connections),
        **unlimited(),
    }


def unlimited() -> dict[str, str]:
    """Limits that nothing reaches, as a server's process reads them."""
    return {f"TRADEPOST_{name.upper()}": rate for name, rate in _UNLIMITED.items()}


def offer(maker: int) -> bytes:
    """The body of an offer of the maker with this number, who is one of `add_makers`."""
    return json.dumps(_OFFER | {"wallet": _wallet(maker)}).encode()


def add_makers(dsn: str) -> list[str]:
    """Writes all makers, each with a name and a proven wallet; gives a bearer token of each."""
    now = system_clock()
    tokens = [new_secret() for _ in range(MAKERS)]
    with psycopg.connect(dsn) as connection, connection.cursor() as cursor:
        ids = [maker_id(maker) for maker in range(MAKERS)]
        cursor.executemany(
            "INSERT INTO accounts (id, name, passphrase_hash, created_at) VALUES (%s, %s, '', %s)",
            [(id_, f"maker-{maker}", now) for maker, id_ in enumerate(ids)],
        )
        cursor.executemany(
            "INSERT INTO wallets (address, account_id, added_at) VALUES (%s, %s, %s)",
            [(_wallet(maker), id_, now) for maker, id_ in enumerate(ids)],
        )
        cursor.executemany(
            """
            INSERT INTO tokens (id, account_id, secret_hash, session, label, scopes, created_at,
                expires_at)
            VALUES (%s, %s, %s, true, 'sign-in', %s, %s, %s)
            """,
            [
                (id_, id_, secret_hash(token), sorted(Scope), now, now + timedelta(days=1))
                for id_, token in zip(ids, tokens, strict=True)
            ],
        )
    return tokens


def maker_id(maker: int) -> UUID:
    """The id of the maker with this number."""
    return UUID(int=_FIRST_MAKER + maker)


def _wallet(maker: int) -> str:
    return f"0x{maker + 1:040x}"


def trade_id(index: int) -> UUID:
    """The id of the trade with this number."""
    return UUID(int=_FIRST_TRADE + index)


def buyer_id(index: int) -> UUID:
    """The id of the buyer in the trade with this number."""
    return UUID(int=_FIRST_BUYER + index % TRADERS)


def fill_trades(dsn: str, count: int) -> None:
    """Writes traders, an offer and `count` trades whose buyer says that he paid."""
    with psycopg.connect(dsn) as connection:
        connection.execute(
            """
            INSERT INTO accounts (id, roles, created_at)
            SELECT ('00000000-0000-000' || side || '-0000-' || lpad(to_hex(number), 12, '0'))::uuid,
                '{trader}', now()
            FROM generate_series(0, %s - 1) AS number, unnest(ARRAY[2, 3]) AS side
            """,
            [TRADERS],
        )
        connection.execute(
            """
            INSERT INTO escrow_chains (chain_id, contract, genesis_hash, start_block, head_number,
                head_hash, head_time, confirmed_number, confirmed_time, seen_at)
            VALUES (31337, '0x0000000000000000000000000000000000000001', '', 0, 100, '',
                1800000000, 98, 1799999990, now())
            """
        )
        connection.execute(
            """
            INSERT INTO offers (id, version, state, maker_id, direction, asset, asset_decimals,
                currency, currency_decimals, price, amount_unit, min_amount, max_amount,
                total_amount, remaining_amount, payment_methods, terms, funding_window_s,
                payment_window_s, visibility, min_trades, min_account_age_days, taker_countries,
                wallet, encryption_key, created_at, updated_at)
            VALUES (%s, 1, 'active', %s, 'sell', 'ETH', 18, 'EUR', 2, 2500, 'asset', 1, 1000,
                1000000, 1000000, '{sepa}', '', 1800, 86400, 'public', 0, 0, '{}', %s, %s, now(),
                now())
            """,
            [OFFER, UUID(int=_FIRST_SELLER), "0x" + "2" * 40, "2" * 64],
        )
        connection.execute(
            """
            INSERT INTO escrows (id, chain_id, contract, asset, seller, buyer, arbitrator, token,
                amount, fee, fee_recipient, fund_by, payment_window, challenge_window, lane, state,
                locked_at, paid_on_chain, block_number, created_at, holds_lane, lane_lapses)
            SELECT decode(lpad(to_hex(number), 64, '0'), 'hex'), 31337,
                '0x0000000000000000000000000000000000000001', 'ETH',
                '0x0000000000000000000000000000000000000002',
                '0x0000000000000000000000000000000000000003',
                '0x0000000000000000000000000000000000000004',
                '0x0000000000000000000000000000000000000000',
                500, 0, '0x0000000000000000000000000000000000000000', 1800001000, 86400, 86400,
                number, 'locked', 1799990000, false, 50, now(), true, 0
            FROM generate_series(0, %s - 1) AS number
            """,
            [count],
        )
        connection.execute(
            """
            INSERT INTO trades (id, offer_id, buyer_id, seller_id, maker, state, version, asset,
                asset_decimals, amount, currency, currency_decimals, fiat_amount, price,
                payment_method, terms, buyer_key, seller_key, escrow_id, fund_by,
                payment_sent_at, created_at, updated_at)
            SELECT ('00000000-0000-0001-0000-' || lpad(to_hex(number), 12, '0'))::uuid, %s,
                ('00000000-0000-0002-0000-' || lpad(to_hex(number %% %s), 12, '0'))::uuid,
                ('00000000-0000-0003-0000-' || lpad(to_hex(number %% %s), 12, '0'))::uuid,
                'seller', 'payment_sent', 1, 'ETH', 18, 500, 'EUR', 2, 100, 2500, 'sepa', '',
                %s, %s, decode(lpad(to_hex(number), 64, '0'), 'hex'), 1800001000, now(), now(),
                now()
            FROM generate_series(0, %s - 1) AS number
            """,
            [OFFER, TRADERS, TRADERS, "1" * 64, "2" * 64, count],
        )
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE")


def reset_trades(dsn: str) -> None:
    """Sets all trades back to where their buyer says that he paid."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("DELETE FROM trade_history")
        connection.execute("UPDATE trades SET state = 'payment_sent', version = 1")
