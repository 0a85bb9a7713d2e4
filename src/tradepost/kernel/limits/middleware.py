"""Charges each request before anything else is done for it."""

import math
from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tradepost.kernel.errors import LimitsUnavailable, Problem, QuotaExceeded
from tradepost.kernel.http import CHARGE, problem_response
from tradepost.kernel.limits.addresses import Addresses
from tradepost.kernel.limits.bucket import MAX_COST, Ask, Verdict
from tradepost.kernel.limits.costs import HANDSHAKE, Cost, cost_of
from tradepost.kernel.limits.limiter import Limiter

#: A token that is none, or a refused sign-in, costs the address this much more at least.
_FAILURE = 10
#: A WebSocket's "try again later".
_TRY_LATER = 1013

#: Finds the operation of a request; None where the directory knows none.
Find = Callable[[Scope], Route | None]


class Charge:
    """What one request is charged, and what its answer says of it."""

    __slots__ = ("_account", "_address", "_asks", "_cost", "_key", "_limiter", "_verdict", "_who")

    def __init__(self, limiter: Limiter, address: str, bearer: bytes | None, cost: Cost) -> None:
        self._limiter = limiter
        self._cost = cost
        self._address = address
        self._who = [("address", address)]
        self._asks = [limiter.ask("address", address, cost.units)]
        self._key: str | None = None
        self._account: UUID | None = None
        if bearer is not None:
            self._who.append(("key", bearer.decode("latin-1")))
            key = limiter.ask(*self._who[-1], cost.units)
            self._key = key.key
            self._asks.append(key)
            self._account = limiter.accounts.get(key.key)
            if self._account is not None:
                self._who.append(("account", self._account.hex))
                self._asks.append(self._of(self._account))
        self._verdict: Verdict | None = None

    def _of(self, account_id: UUID) -> Ask:
        return self._limiter.ask("account", account_id.hex, self._cost.units)

    async def begin(self) -> None:
        """Charges address, key, and the account where it is known; all of them or none.

        Raises `QuotaExceeded`, `LimitsUnavailable`.
        """
        self._verdict = await self._limiter.take(self._asks, self._cost)
        if self._verdict.violated:
            raise _refusal(self._verdict)

    async def more(self, units: int) -> None:
        """Charges what the request turned out to cost beyond its operation; raises as `begin`.

        All of it is at most what one request can cost; an account that is found later is charged
        the whole. What a connection asks for later is charged to all that are known by then.
        """
        self._cost = self._cost._replace(units=min(MAX_COST, self._cost.units + units))
        asks = [self._limiter.ask(policy, who, units) for policy, who in self._who]
        self._tell(await self._limiter.take(asks, self._cost))

    async def account(self, account_id: UUID) -> None:
        """Charges the account that the key turned out to be of, once; raises as `begin`."""
        if self._account == account_id:
            return
        if self._key is not None:
            # If it is refused, its next ones are without a query.
            self._limiter.accounts.put(self._key, account_id)
        ask = self._of(account_id)
        self._asks.append(ask)
        self._who.append(("account", account_id.hex))
        self._tell(await self._limiter.take([ask], self._cost))
        self._account = account_id

    def _tell(self, verdict: Verdict) -> None:
        if self._verdict is None or verdict.violated or verdict.left < self._verdict.left:
            self._verdict = verdict
        if verdict.violated:
            raise _refusal(verdict)

    async def failed(self) -> None:
        """Charges the address once more: its caller is not who he says."""
        if self._key is not None:
            self._limiter.accounts.forget(self._key)
        units = max(_FAILURE, self._cost.units)
        await self._limiter.fine(self._limiter.ask("address", self._address, units))

    def headers(self) -> list[tuple[bytes, bytes]]:
        """`RateLimit-Policy` of all policies that apply, `RateLimit` of the tightest bucket."""
        if self._verdict is None:
            return []
        tightest, left, full_us, _, _ = self._verdict
        now = f'"{tightest.name}";r={left};t={-(-full_us // 1_000_000)}'
        return [
            (b"ratelimit-policy", self._limiter.policies(self._asks)),
            (b"ratelimit", now.encode()),
        ]


def _refusal(verdict: Verdict) -> QuotaExceeded:
    facts: Mapping[str, Any] = {
        "violated-policies": list(verdict.violated),
        "retry_after_s": max(1, math.ceil(verdict.wait_us / 1_000_000)),
    }
    return QuotaExceeded(**facts)


class Limits:
    """ASGI middleware: refuses what is over a limit, before a body, a hash or a query."""

    def __init__(self, app: ASGIApp, limiter: Limiter, addresses: Addresses, find: Find) -> None:
        self._app = app
        self._limiter = limiter
        self._addresses = addresses
        self._find = find

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes the request on with its charge, or answers 429."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        cost = self._cost(scope)
        if cost.units == 0:
            await self._app(scope, receive, send)
            return
        address = self._addresses.of(scope)
        charge = Charge(self._limiter, address, _bearer(scope), cost)

        async def told(message: Message) -> None:
            if message["type"] in {"http.response.start", "websocket.http.response.start"}:
                if message["status"] == 401:
                    await charge.failed()
                message["headers"] = [*message.get("headers", ()), *charge.headers()]
            await send(message)

        try:
            await charge.begin()
        except (QuotaExceeded, LimitsUnavailable) as problem:
            await _refuse(problem, scope, receive, told)
            return
        scope[CHARGE] = charge
        await self._app(scope, receive, told)

    def _cost(self, scope: Scope) -> Cost:
        if scope["type"] == "websocket":
            return HANDSHAKE
        return cost_of(getattr(self._find(scope), "openapi_extra", None), scope["method"])


def _bearer(scope: Scope) -> bytes | None:
    """The token that is presented, whatever it is worth."""
    for name, value in scope["headers"]:
        if name == b"authorization":
            scheme, _, token = value.partition(b" ")
            return token if scheme.lower() == b"bearer" and token else None
    return None


async def _refuse(problem: Problem, scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "websocket":
        await receive()  # its `websocket.connect`
        if "websocket.http.response" not in scope.get("extensions", {}):
            await send({"type": "websocket.close", "code": _TRY_LATER})
            return
    await problem_response(problem)(scope, receive, send)
