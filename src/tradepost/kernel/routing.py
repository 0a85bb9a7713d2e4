"""Finds the operation of a request at once.

FastAPI asks each route in turn, and each route of an included router twice: with as many
operations as an exchange has, that costs more than most of them do themselves.
"""

from collections.abc import Awaitable, Callable, Iterable
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.routing import APIRoute, iter_route_contexts
from starlette.exceptions import HTTPException
from starlette.routing import BaseRoute, Match, NoMatchFound, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from tradepost.kernel.limits.costs import declared
from tradepost.kernel.retiring import Retirement, Retiring

#: Whether two routes are alike enough to be tried in turn: method, number of parts, first parts.
_Shelf = tuple[str, int, tuple[str, ...]]
_LITERAL_PARTS = 2
#: Where a request's scope has what the directory said of it.
_FOUND = "tradepost.found"
#: Where it has the methods of a path that does not know the request's.
_ALLOWED = "tradepost.allowed"


def add_room(router: APIRouter, room: APIRouter, prefix: str = "") -> None:
    """Adds the operations of `room` under `prefix`, each as a route of `router` itself."""
    for route in iter_route_contexts(room.routes):
        assert isinstance(route.original_route, APIRoute), "a room has operations only"
        assert route.path is not None
        assert route.endpoint is not None
        router.add_api_route(
            prefix + route.path,
            route.endpoint,
            response_model=route.response_model,
            status_code=route.status_code,
            tags=route.tags,
            dependencies=route.dependencies,
            summary=route.summary,
            description=route.description,
            response_description=route.response_description,
            responses=route.responses,
            deprecated=route.deprecated,
            methods=route.methods,
            operation_id=route.operation_id,
            include_in_schema=route.include_in_schema,
            response_class=route.response_class,
            name=route.name,
            openapi_extra=declared(set(route.methods or ()), route.openapi_extra),
            route_class_override=type(route.original_route),
        )
        if retirement := Retirement.told_by(route.openapi_extra):
            added = router.routes[-1]
            assert isinstance(added, APIRoute)
            added.app = Retiring(added.app, retirement)


class Directory(BaseRoute):
    """Stands first among the app's routes and hands each request to its own one.

    What it does not know (no such path, a path whose first parts vary) goes on to the routes behind
    it, and so to their answers. A path without a variable wins over one with, whatever the method.
    """

    def __init__(self, routes: Iterable[BaseRoute]) -> None:
        self._shelves: dict[_Shelf, list[Route]] = {}
        self._methods: set[str] = set()
        #: Paths without a variable, each with its methods.
        self._plain: dict[str, set[str]] = {}
        #: What no shelf is for.
        self._others: list[BaseRoute] = []
        for route in routes:
            if not isinstance(route, Route) or ":path}" in route.path:
                self._others.append(route)
                continue
            parts = tuple(route.path.split("/")[1:])
            if any("{" in part for part in parts[:_LITERAL_PARTS]):
                self._others.append(route)
                continue
            if "{" not in route.path:
                self._plain.setdefault(route.path, set()).update(route.methods or ())
            self._methods.update(route.methods or ())
            for method in route.methods or ():
                shelf = (method, len(parts), parts[:_LITERAL_PARTS])
                self._shelves.setdefault(shelf, []).append(route)
        for shelved in self._shelves.values():
            shelved.sort(key=lambda route: "{" in route.path)

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """The operation that stands where this request's would, if it is the one."""
        if scope["type"] != "http" or scope.get("root_path"):
            return Match.NONE, {}
        found: tuple[Match, Scope] | None = scope.get(_FOUND)
        return self._look_up(scope) if found is None else found

    def find(self, scope: Scope) -> Route | None:
        """The operation of a request before it is routed; its looking up is not done again."""
        found = scope[_FOUND] = self.matches(scope)
        return found[1].get("route")

    def _look_up(self, scope: Scope) -> tuple[Match, Scope]:
        if scope["method"] == "HEAD":
            # What asks for an answer's head is answered by who makes the answer.
            scope = {**scope, "method": "GET"}
        plain = self._plain.get(scope["path"])
        if plain is None or scope["method"] in plain:
            match, child_scope = self._of_method(scope["method"], scope)
            if match is Match.FULL:
                return match, child_scope
        if any(route.matches(scope)[0] is Match.FULL for route in self._others):
            return Match.NONE, {}
        allowed = plain or {
            method
            for method in self._methods
            if self._of_method(method, {**scope, "method": method})[0] is Match.FULL
        }
        return (Match.FULL, {_ALLOWED: allowed}) if allowed else (Match.NONE, {})

    def _of_method(self, method: str, scope: Scope) -> tuple[Match, Scope]:
        parts = scope["path"].split("/")[1:]
        for route in self._shelves.get((method, len(parts), tuple(parts[:_LITERAL_PARTS])), ()):
            match, child_scope = route.matches(scope)
            if match is Match.FULL:
                return match, {**child_scope, "route": route}
        return Match.NONE, {}

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Runs the operation that `matches` has found; 405 where there are others only."""
        if allowed := scope.get(_ALLOWED):
            raise HTTPException(405, headers={"Allow": ", ".join(sorted(allowed))})
        await scope["route"].handle(scope, receive, send)

    def url_path_for(self, name: str, /, **path_params: Any) -> Any:
        """Nothing: the routes behind know their own addresses."""
        raise NoMatchFound(name, path_params)


def bare(handle: Callable[[Request], Awaitable[Response]]) -> ASGIApp:
    """An operation without the stacks that a usual route keeps around it."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        # What it raises is answered by the app's own handlers, further out.
        response = await handle(Request(scope, receive, send))
        await response(scope, receive, send)

    return app
