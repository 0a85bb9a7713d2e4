"""What a lying client sends, what he may be answered, and proof that nothing came of it."""

import json
from collections import Counter
from dataclasses import dataclass
from typing import Any

import httpx
from psycopg import sql

from tests.faults.arena import Arena
from tradepost.kernel.database import Database

#: What changes by being looked at: a token's last use.
_CHANGES = "tokens"

#: In place of any value of a body: JSON as it is sent, since some of it no library writes.
HOSTILE_VALUES = (
    "null",
    "true",
    "-1",
    "0",
    "1e400",
    "-0.0",
    "NaN",
    "-Infinity",
    "9" * 400,
    "9" * 5000,
    "[]",
    "[[[[]]]]",
    "{}",
    '{"$ne": null}',
    '""',
    '"-1"',
    '"+1"',
    '"NaN"',
    '"Infinity"',
    '"1e3"',
    '"1_000"',
    '"٣"',
    '"0x10"',
    '"0.' + "0" * 30 + '1"',
    '"' + "9" * 60 + '"',
    '"\\u0000"',
    '"a\\u0000b"',
    '"\\ud800"',
    '"\\u202egnp.exe"',
    '"\\r\\nSet-Cookie: a=b"',
    '"\'; DROP TABLE trades; --"',
    '"../../etc/passwd"',
    '"' + "x" * 20_000 + '"',
    '"0x' + "00" * 20 + '"',
    '"0x' + "00" * 65 + '"',
    '"' + "f" * 64 + '"',
)
#: In place of a whole body.
HOSTILE_BODIES = (
    b"",
    b"null",
    b"[]",
    b"0",
    b'"text"',
    b"{",
    b"{}" * 2,
    b"\xff\xfe{}",
    b"\x00",
    b"[" * 30_000,
    b'{"a":' * 10_000,
    b'{"\\ud800": 1}',
    b'{"__proto__": {}, "constructor": 1}',
    b"<xml/>",
    b"a=b&c=d",
)
HOSTILE_IDS = (
    "0",
    "None",
    "%00",
    "%ff",
    "..%2f..",
    "1e3",
    "x" * 3_000,
    "{trade_id}",
    "%F0%9F%92%A9",
)


async def contents(database: Database) -> dict[str, tuple[int, str]]:
    """Of each table how many rows it has, and a digest of them all."""
    async with database.transaction() as tx:
        tables = await tx.all(
            "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename"
        )
        # One statement: it is asked hundreds of times.
        cursor = await tx.connection.execute(
            sql.SQL(" UNION ALL ").join(
                sql.SQL(
                    "SELECT {} AS name, count(*) AS number,"
                    " md5(coalesce(string_agg(row::text, '|' ORDER BY row::text), '')) AS digest"
                    " FROM {} AS row"
                ).format(sql.Literal(row["tablename"]), sql.Identifier(row["tablename"]))
                for row in tables
            )
        )
        found: list[Any] = await cursor.fetchall()
    return {row["name"]: (row["number"], row["digest"]) for row in found}


@dataclass
class Liar:
    """Sends, and looks at what comes back and at what it left behind."""

    arena: Arena
    counts: Counter[str]
    documented: dict[str, Any]
    baseline: str = ""

    async def begin(self) -> None:
        """What is there now has to be there later."""
        self.baseline = await self.dump()

    async def dump(self) -> str:
        """All that a request could change, as one text."""
        found = await contents(self.arena.stage.database)
        return "\n".join(
            f"{table} {number} {digest}"
            for table, (number, digest) in sorted(found.items())
            if table != _CHANGES
        )

    async def nothing_changed(self) -> None:
        """The database is what it was."""
        assert await self.dump() == self.baseline

    async def refused(
        self,
        method: str,
        path: str,
        template: str,
        statuses: set[int] | None = None,
        **request: Any,
    ) -> httpx.Response:
        """Sends a lie: it has to be refused in the documented form, and the answer is clean."""
        response = await self.sent(method, path, template, **request)
        expected = statuses or range(400, 500)
        assert response.status_code in expected, (method, path, request, response.text)
        return response

    async def sent(self, method: str, path: str, template: str, **request: Any) -> httpx.Response:
        """Sends something that may be a lie or not: whatever it is, the answer has a form."""
        self.counts["lies"] += 1
        response = await self.arena.http.request(method, path, **request)
        # A node that fails cannot be told from a wallet that makes it fail.
        failed = response.status_code >= 500 and "chain-not-ready" not in response.text
        assert not failed, (method, path, request, response.text)
        if response.status_code < 300:
            await self.begin()
            return response
        known = self.documented[template][method.lower()]["responses"]
        # The bounds of body and query, and paths that lead elsewhere, are the same for all.
        bounds = {"413", "414", "404", "405"}
        assert str(response.status_code) in {*known, *bounds}, (path, response.text)
        if response.status_code == 304:
            return response
        problem = response.json()
        kind = "application/problem+json"
        if template == "/v1/graphql" and "errors" in problem and "type" not in problem:
            # A query that is refused, in the form of GraphQL.
            problem, kind = problem["errors"][0]["extensions"], "application/json"
        assert response.headers["content-type"] == kind, response.text
        assert problem["status"] == response.status_code
        assert problem["type"].startswith("urn:tradepost:problem:")
        assert "Traceback" not in response.text
        return response


def with_value(body: dict[str, Any], name: str, value: str) -> bytes:
    """The body as JSON, with `value` as it is in one place."""
    members = [f"{json.dumps(key)}: {json.dumps(body[key])}" for key in body if key != name]
    return ("{" + ", ".join([*members, f"{json.dumps(name)}: {value}"]) + "}").encode()
