"""The API's process: builds the app, and serves it (`tradepost serve`)."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from functools import cache
from threading import Thread
from typing import Any

from fastapi import APIRouter, FastAPI
from fastapi.middleware.gzip import GZipMiddleware
from fastapi.responses import JSONResponse
from fastapi_offline import FastAPIOffline
from starlette.routing import BaseRoute

import tradepost.alerts.http
import tradepost.backups.http
import tradepost.book.http
import tradepost.confirmations.http
import tradepost.entrypoints.graphql.http
import tradepost.escrow.http
import tradepost.identity.http
import tradepost.insights.http
import tradepost.notifications.http
import tradepost.offers.http
import tradepost.payments.http.accounts
import tradepost.payments.http.methods
import tradepost.prices.http
import tradepost.push.http
import tradepost.sandbox.http
import tradepost.trades.http
import tradepost.webhooks.http
from tradepost import __version__
from tradepost.book import service as book
from tradepost.entrypoints import logs, meta, page, problems, sharing, tracer
from tradepost.entrypoints.admin import http as admin
from tradepost.entrypoints.agents.door import Door, DoorRoute
from tradepost.entrypoints.graphql.queries import Queries
from tradepost.entrypoints.graphql.socket import graphql_socket
from tradepost.entrypoints.sandbox import clock_of, node_of
from tradepost.entrypoints.settings import load
from tradepost.entrypoints.sockets import allow_files, drop_slow_readers
from tradepost.entrypoints.wiring import SUBSCRIPTIONS
from tradepost.escrow import service as escrows
from tradepost.escrow.evm.node import Node
from tradepost.identity import service as identity
from tradepost.insights.cache import Answers
from tradepost.kernel import metrics
from tradepost.kernel.answers import ShapeAnswers
from tradepost.kernel.bounds import LimitBody, LimitHead, LimitTime
from tradepost.kernel.clock import Clock
from tradepost.kernel.cursors import Cursors
from tradepost.kernel.database import Database
from tradepost.kernel.document import complete
from tradepost.kernel.http import install_problems
from tradepost.kernel.limits.addresses import Addresses
from tradepost.kernel.limits.limiter import Limiter
from tradepost.kernel.limits.middleware import Limits
from tradepost.kernel.observing import Observe
from tradepost.kernel.requests import NameRequests
from tradepost.kernel.routing import Directory, add_room
from tradepost.kernel.settings import Settings
from tradepost.kernel.signals import notifying, wire_of
from tradepost.notifications.http import asyncapi
from tradepost.notifications.hub import PACE, Hub, Pace
from tradepost.outward.addresses import SystemNames
from tradepost.outward.looking import FirstLook

_DESCRIPTION = """
A self-hosted peer-to-peer crypto exchange. Amounts are decimal strings in whole units, times are
UTC, errors are problem documents (RFC 9457). Every authenticated POST takes an `Idempotency-Key`,
but for GraphQL's, which reads, and the node's, for which it makes no difference.
"""
_SERVER = "The exchange that serves this document, be it local, staging or production."
_TAGS = {
    "health": "Whether the process is up and can serve.",
    "exchange": "What the exchange says of itself: its clock, its rules, its problems.",
    "identity": "Accounts, how they sign in, their tokens, wallets, events and partners.",
    "backups": "An account's wallet, encrypted by its owner.",
    "offers": "What is offered: finding offers, and making one's own.",
    "payment methods": "The ways to pay that an offer can name.",
    "payment accounts": "A trader's own accounts of these methods, sealed by his client.",
    "prices": "The index of each pair, and where it comes from.",
    "trades": "Taking an offer, and each step of a trade up to its end.",
    "chain": "The exchange's node, for wallets that have none of their own.",
    "confirmations": "What a program asks of its owner, and his answer.",
    "markets": "Each pair at a glance: depth, methods, past trades, candles.",
    "webhooks": "Where the exchange sends an account's events.",
    "push": "Which devices are told of an account's trades when no page is open.",
    "streams": "What happens, as it happens.",
    "graphql": "What is named of all that, in one request.",
    "sandbox": "Coins and time for those who try a bot: on a development chain only, else 404.",
}
#: How long a connection may take to send a request's head, and how large one is read.
_HEAD_MS = 30_000
_HEAD_BYTES = 64 * 1024
#: Connections of one process beside its streams, and how many more the system keeps waiting.
_CONNECTIONS = 1_024
_WAITING_CONNECTIONS = 1_024
#: How long a process that is told to stop has for what it is answering.
_LAST_WORDS_S = 15


@cache
def _operations(*, sandbox: bool) -> tuple[BaseRoute, ...]:
    """All rooms' operations. They are the same in each app that a process builds of them."""
    router = APIRouter(generate_unique_id_function=lambda route: route.name)
    add_room(router, meta.health)
    for room in (
        meta.clock,
        meta.router,
        problems.router,
        admin.router,
        tradepost.identity.http.router,
        tradepost.backups.http.router,
        tradepost.book.http.router,
        tradepost.offers.http.router,
        tradepost.alerts.http.router,
        tradepost.payments.http.methods.router,
        tradepost.payments.http.accounts.router,
        tradepost.prices.http.router,
        tradepost.trades.http.router,
        tradepost.escrow.http.router,
        tradepost.confirmations.http.router,
        tradepost.insights.http.router,
        tradepost.webhooks.http.router,
        tradepost.push.http.public,
        tradepost.push.http.router,
        tradepost.notifications.http.router,
        tradepost.notifications.http.streams,
        tradepost.entrypoints.graphql.http.router,
        *([tradepost.sandbox.http.router] if sandbox else []),
    ):
        add_room(router, room, "/v1")
    return tuple(router.routes)


def build(settings: Settings, clock: Clock | None = None, pace: Pace = PACE) -> FastAPI:
    """The app with all its rooms; its connections open and close with its lifespan."""
    clock = clock or clock_of(settings)
    limiter = Limiter(settings)
    agents = None
    if settings.mcp:
        # Its library takes longer to import than all the rest.
        from tradepost.entrypoints.agents import server

        agents = server.make(settings)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        chain = node_of(settings)
        node = Node(settings.rpc_url.get_secret_value())
        names = SystemNames()
        async with (
            limiter,
            notifying(wire_of(settings)) as notifier,
            Database(settings, clock, SUBSCRIPTIONS, notifier.say) as database,
            Hub(database, wire_of(settings), settings, pace) as streams,
        ):
            app.state.database = database
            app.state.streams = streams
            app.state.contract_signatures = chain
            app.state.lock_means = chain
            app.state.chain = chain
            app.state.node = node
            app.state.development_node = chain  # asked for by a sandbox's operations alone
            app.state.first_look = FirstLook(names)
            async with AsyncExitStack() as stack:
                if agents is not None:
                    await stack.enter_async_context(server.running(agents))
                yield
        await names.close()
        await node.close()
        await chain.close()
        app.state.passphrases.close()

    app = FastAPIOffline(
        title="Tradepost",
        version=__version__,
        description=_DESCRIPTION,
        lifespan=lifespan,
        redoc_url=None,
        contact={"name": "Who runs this exchange"},
        license_info={"name": "Apache License 2.0", "identifier": "Apache-2.0"},
        servers=[{"url": "/", "description": _SERVER, "x-internal": False}],
        openapi_tags=[{"name": name, "description": what} for name, what in _TAGS.items()],
        # Its own telling names paths, queries and the texts of errors: `Observe` sees in its place.
        telemetry={
            "tracing": False,
            "metrics": False,
            "logs": False,
            "operation_spans": False,
            "auto_configure": False,
        },
        # Where it would lead is the caller's own word, the Host header.
        redirect_slashes=False,
    )
    app.state.settings = settings
    app.state.clock = clock
    app.state.cursors = Cursors(settings.secret.get_secret_value())
    app.state.authenticate = identity.authenticate
    app.state.authenticate_once = identity.authenticate_once
    app.state.limiter = limiter
    app.state.passphrases = identity.Passphrases()
    app.state.presence = identity.Presence()
    app.state.markets = book.RecentMarkets()
    app.state.answers = Answers(clock, kept_for=timedelta(seconds=2), most=256)
    app.state.chain_id = escrows.chain_id
    app.state.graphql = Queries(settings)
    install_problems(app)
    app.router.routes += _operations(sandbox=settings.sandbox)
    app.add_api_route("/asyncapi.json", _asyncapi, include_in_schema=False)
    app.router.add_websocket_route("/v1/stream", tradepost.notifications.http.stream_socket)
    app.router.add_websocket_route("/v1/graphql", graphql_socket)
    if agents is not None:
        app.router.routes.append(DoorRoute(Door(app, agents)))
    directory = Directory(app.router.routes)
    app.router.routes.insert(0, directory)
    # The last, and unknown to the directory: what it does not know stays what it was.
    app.router.routes.append(page.route())
    # From the inside out: what costs least to refuse is refused first.
    app.add_middleware(LimitBody, within_s=settings.body_timeout_s)
    app.add_middleware(ShapeAnswers)
    app.add_middleware(GZipMiddleware, minimum_size=1_000, compresslevel=4)
    app.add_middleware(
        Limits,
        limiter=limiter,
        addresses=Addresses(settings.trusted_proxies, settings.proxy_header),
        find=directory.find,
    )
    app.add_middleware(LimitHead)
    app.add_middleware(LimitTime, within_s=settings.request_timeout_s)
    app.add_middleware(Observe, told=settings.log_requests, slow_s=settings.slow_request_s)
    app.add_middleware(NameRequests)
    written = app.openapi

    def openapi() -> dict[str, Any]:
        document = written()
        complete(document, app.routes)
        return document

    app.openapi = openapi  # type: ignore[method-assign]
    return app


async def _asyncapi() -> JSONResponse:
    """The streams' description, as `/openapi.json` is the API's."""
    return JSONResponse(asyncapi.document())


def app_from_environment() -> FastAPI:
    """What each of the server's workers calls."""
    settings = load()
    logs.configure(settings.log_form)
    tracer.start("http", settings)
    unread_ms = round(settings.request_timeout_s * 1_000)
    Thread(target=drop_slow_readers, args=(settings.port, unread_ms), daemon=True).start()
    return build(settings)


def serve(settings: Settings) -> None:
    """Serves until it is told to stop; a worker that dies is started again."""
    from granian.constants import HTTPModes, Interfaces
    from granian.http import HTTP1Settings
    from granian.server import Server

    # Each connection is a file, and the database's and the node's are some more.
    allow_files(2 * _CONNECTIONS)
    logs.configure(settings.log_form)
    if settings.metrics_port is not None:
        sharing.share()
        metrics.serve(settings.metrics_host, settings.metrics_port, sharing.gathered())
    Server(
        "tradepost.entrypoints.http:app_from_environment",
        factory=True,
        address=settings.host,
        port=settings.port,
        interface=Interfaces.ASGI,
        workers=settings.http_workers,
        respawn_failed_workers=True,
        # HTTP/2 is a proxy's business; here it would only be one more way to ask for too much.
        http=HTTPModes.http1,
        http1_settings=HTTP1Settings(
            # Bounds the head, and an idle connection too, as that waits for its next head.
            header_read_timeout=_HEAD_MS,
            max_buffer_size=_HEAD_BYTES,
        ),
        backlog=_WAITING_CONNECTIONS,
        log_access=False,
        websockets=True,
        # Each connection has its place from its beginning to its end, busy or idle: streams must
        # not take those of all others.
        backpressure=settings.stream_connections + _CONNECTIONS,
        # One that does not end by itself is ended.
        workers_kill_timeout=_LAST_WORDS_S,
        log_dictconfig=logs.SERVER,
    ).serve()
