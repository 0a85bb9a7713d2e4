"""The door to the tools: whom it lets in, before anything of the protocol is read."""

from typing import Final

from fastapi import FastAPI
from fastapi.security.utils import get_authorization_scheme_param
from prometheus_client import Counter
from starlette.datastructures import Headers
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from tradepost.entrypoints.agents.within import Within, enter
from tradepost.kernel.access import Scope as Permission
from tradepost.kernel.access import Unauthenticated
from tradepost.kernel.errors import Problem
from tradepost.kernel.http import CHARGE
from tradepost.kernel.limits.costs import costs
from tradepost.kernel.metrics import REGISTRY

CALLS = Counter(
    "tradepost_agent_calls",
    "Calls of agents' tools, by tool and outcome: done, refused or failed.",
    ["tool", "outcome"],
    registry=REGISTRY,
)
PATH: Final = "/mcp"
#: What an agent's token may have: reading, and asking. With any other scope it could do by itself,
#: by the same API, what its owner is to confirm.
PERMITTED: Final = frozenset(
    {
        Permission.ACCOUNT_READ,
        Permission.OFFERS_READ,
        Permission.TRADES_READ,
        Permission.WEBHOOKS_READ,
        Permission.CONFIRMATIONS_READ,
        Permission.CONFIRMATIONS_ASK,
    }
)


class TokenTooStrong(Problem):
    """An agent's token may read and ask its owner, and no more; `scopes` says what is too much."""

    status = 403


class Door:
    """ASGI: finds the caller of each request anew, so a token that has ended opens nothing."""

    def __init__(self, app: FastAPI, inner: ASGIApp) -> None:
        self._app = app
        self._inner = inner

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes the request on; raises `Unauthenticated`, `TokenTooStrong`, `QuotaExceeded`."""
        await self._admit(scope)
        enter(Within(self._app, scope, self._app.state.settings.request_timeout_s))
        await self._inner({**scope, "state": {}}, receive, send)

    async def _admit(self, scope: Scope) -> None:
        said = Headers(scope=scope).get("Authorization")
        scheme, bearer = get_authorization_scheme_param(said)
        if scheme.lower() != "bearer" or not bearer:
            raise Unauthenticated
        state = self._app.state
        async with state.database.transaction() as tx:
            caller = await state.authenticate(tx, bearer)
        if (charge := scope.get(CHARGE)) is not None:
            await charge.account(caller.account_id)
        if beyond := caller.scopes - PERMITTED:
            raise TokenTooStrong(scopes=sorted(beyond))


class DoorRoute(Route):
    """The route of the door: each request costs what a read does, and its tools what they ask."""

    def __init__(self, door: Door) -> None:
        super().__init__(PATH, door, methods=["POST"], name="mcp", include_in_schema=False)
        self.openapi_extra = costs(1, money=False)
