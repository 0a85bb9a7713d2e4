"""How an operation goes: it is announced, answers with the date for a while, and then is no more.

`docs/versions.md` says what callers may rely on.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from email.utils import format_datetime
from typing import Any

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tradepost.kernel.clock import Clock
from tradepost.kernel.errors import Problem
from tradepost.kernel.http import problem_response

#: The least time between the announcement and the end.
NOTICE = timedelta(days=180)
_MEMBER = "x-retirement"


class OperationRetired(Problem):
    """This operation is no more; its successor, if there is one, is named here."""

    status = 410


@dataclass(frozen=True, slots=True)
class Retirement:
    """When an operation was announced to go, its first day without it, and what takes its place."""

    announced: date
    ends: date
    #: The path of another operation, with its version.
    successor: str | None = None

    def __post_init__(self) -> None:
        assert self.ends - self.announced >= NOTICE, "callers have half a year"

    def of_route(self) -> dict[str, Any]:
        """What a route's decorator takes: `@router.get("/old", **Retirement(...).of_route())`."""
        said = {
            "announced": self.announced.isoformat(),
            "ends": self.ends.isoformat(),
            "successor": self.successor,
        }
        return {"deprecated": True, "openapi_extra": {_MEMBER: said}}

    @classmethod
    def told_by(cls, extra: dict[str, Any] | None) -> "Retirement | None":
        """The retirement in a route's `openapi_extra`."""
        said = (extra or {}).get(_MEMBER)
        if said is None:
            return None
        return cls(
            date.fromisoformat(said["announced"]),
            date.fromisoformat(said["ends"]),
            said["successor"],
        )

    def headers(self) -> dict[str, str]:
        """`Deprecation` (RFC 9745), `Sunset` (RFC 8594) and `Link` (RFC 8288)."""
        headers = {
            "Deprecation": f"@{int(_midnight(self.announced).timestamp())}",
            "Sunset": format_datetime(_midnight(self.ends), usegmt=True),
        }
        if self.successor is not None:
            headers["Link"] = f'<{self.successor}>; rel="successor-version"'
        return headers


class Retiring:
    """An operation on its way out, as an ASGI app around it."""

    def __init__(self, app: ASGIApp, retirement: Retirement) -> None:
        self._app = app
        self._retirement = retirement

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Runs it with its notice; after its end it is refused."""
        clock: Clock = scope["app"].state.clock
        if clock() >= _midnight(self._retirement.ends):
            refusal = problem_response(OperationRetired(successor=self._retirement.successor))
            await refusal(scope, receive, send)
            return

        async def tell(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(raw=message["headers"]).update(self._retirement.headers())
            await send(message)

        await self._app(scope, receive, tell)


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)
