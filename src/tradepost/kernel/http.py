"""The HTTP edge all rooms share: one transaction a request, callers and scopes, problems.

A route of `TransactionRoute` runs in one database transaction that is committed *before* the
answer is sent (a FastAPI dependency with `yield` would end after it): what a caller was told has
happened.
"""

import logging
import re
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Protocol
from uuid import UUID

from fastapi import Depends, FastAPI, Header, Request, Response, params
from fastapi.dependencies.utils import get_flat_params
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.routing import APIRoute
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from psycopg import OperationalError
from psycopg import errors as pg
from psycopg_pool import PoolTimeout
from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
)
from starlette.exceptions import HTTPException

from tradepost.kernel import idempotency, requests
from tradepost.kernel.access import Caller, Scope, ScopeMissing, Unauthenticated
from tradepost.kernel.cursors import Cursors
from tradepost.kernel.database import Database, Transaction
from tradepost.kernel.errors import (
    Busy,
    IdempotencyKeyMissing,
    InternalError,
    MalformedRequest,
    MethodNotAllowed,
    NotFound,
    PreconditionRequired,
    Problem,
    QuotaExceeded,
)

logger = logging.getLogger(__name__)

_TRIES = 3
_UNCACHED = {"Cache-Control": "no-store"}
#: Where a request's scope has what it is charged, see `kernel/limits`.
CHARGE = "tradepost.charge"

#: A plain decimal number as a string, since JSON numbers lose digits.
DecimalString = Annotated[
    str,
    StringConstraints(pattern=r"^[0-9]{1,40}(\.[0-9]{1,30})?$", max_length=71),
]


def _written_as_date(value: object) -> object:
    if isinstance(value, datetime) or (isinstance(value, str) and value[4:5] == "-"):
        return value
    raise ValueError("it is not written as 2026-11-23T05:00:00Z")


def _far_from_the_ends(moment: datetime) -> datetime:
    if not 2000 <= moment.year <= 2200:
        raise ValueError("it is not between the years 2000 and 2200")
    return moment


#: A moment as RFC 3339 writes it: a bare number of seconds or milliseconds is nobody's guess. It
#: is far from the ends of the calendar, where times overflow in another time zone.
Moment = Annotated[
    AwareDatetime, BeforeValidator(_written_as_date), AfterValidator(_far_from_the_ends)
]
AssetCode = Annotated[str, StringConstraints(pattern=r"^[A-Z0-9]{2,10}$", max_length=10)]
CurrencyCode = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$", max_length=3)]
CountryCode = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$", max_length=2)]
MethodCode = Annotated[str, StringConstraints(pattern=r"^[a-z0-9_]{1,40}$", max_length=40)]
HexKey = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$", max_length=64)]
EvmAddress = Annotated[str, StringConstraints(pattern=r"^0x[0-9a-fA-F]{40}$", max_length=42)]
#: Contract wallets sign with more than 65 bytes; nobody signs with more than this.
Signature = Annotated[
    str, StringConstraints(pattern=r"^0x([0-9a-fA-F]{2}){1,4096}$", max_length=8194)
]
KeySignature = Annotated[
    Signature | None,
    Field(
        description="The wallet's signature (EIP-191) of `Tradepost: <encryption_key> is an"
        " encryption key of this wallet.` The exchange does not judge it; the other side's client"
        " does, and a seller's seals payment details to no key without it."
    ),
]


class Body(BaseModel):
    """Base of request bodies: a field we do not know is an error, not ignored."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class ProblemBody(BaseModel):
    """`application/problem+json` (RFC 9457)."""

    model_config = ConfigDict(extra="allow")

    type: str
    title: str
    status: int
    retryable: bool
    detail: str | None = None


#: Finds the caller of a bearer token; entrypoints hands in identity's.
Authenticate = Callable[[Transaction, str], Awaitable[Caller]]
#: The same, and whether the caller's key was free; it is taken with the same statement.
AuthenticateOnce = Callable[[Transaction, str, idempotency.Asked], Awaitable[tuple[Caller, bool]]]


class Charged(Protocol):
    """What a request is charged: its account once that is known."""

    async def account(self, account_id: UUID) -> None:
        """Raises `QuotaExceeded`, `LimitsUnavailable`."""

    async def more(self, units: int) -> None:
        """Charges so many units beyond the operation's own; raises as `account`."""

    async def failed(self) -> None:
        """Fines the address of who is not who he says."""


async def _charged(request: Request, caller: Caller) -> Caller:
    charge: Charged | None = request.scope.get(CHARGE)
    if charge is not None:
        await charge.account(caller.account_id)
    return caller


_bearer = HTTPBearer(auto_error=False, description="A token from `POST /v1/sessions`.")
#: A dependency: the token that came along, whatever it is worth.
Bearer = Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]


class StrictRoute(APIRoute):
    """Refuses a parameter that its operation does not know: it may be a misspelt filter."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The operation, wrapped."""
        operation = super().get_route_handler()
        elsewhere = (params.Path, params.Header, params.Cookie)
        known = {
            parameter.alias
            for parameter in get_flat_params(self.dependant)
            if not isinstance(parameter.field_info, elsewhere)
        }

        async def handle(request: Request) -> Response:
            if unknown := request.query_params.keys() - known:
                raise MalformedRequest(f"There is no parameter {min(unknown)[:50]!r} here.")
            return await operation(request)

        return handle


class TransactionRoute(StrictRoute):
    """Runs the operation in one transaction and commits it before the answer is sent."""

    def operation(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The operation as FastAPI runs it."""
        return super().get_route_handler()

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The operation, wrapped."""
        operation = self.operation()

        async def once(request: Request) -> Response:
            database: Database = request.app.state.database
            async with database.transaction() as tx:
                request.state.transaction = tx
                request.state.claim = None
                try:
                    response = await operation(request)
                except idempotency.Replayed as replayed:
                    return replayed.response
                if request.state.claim is not None:
                    await idempotency.keep(tx, request.state.claim, response)
                return response

        async def handle(request: Request) -> Response:
            for _ in range(_TRIES):
                try:
                    return await once(request)
                except (pg.DeadlockDetected, pg.SerializationFailure):
                    continue
                except OperationalError:
                    # The database was restarted under us. Whether this request was committed is
                    # unknown, but a second try is safe: reads change nothing, a POST has its key,
                    # other writes name the version they saw.
                    tx: Transaction | None = getattr(request.state, "transaction", None)
                    if tx is None or not tx.connection.broken:
                        raise
                    await request.app.state.database.pool.check()
            raise Busy

        return handle


def transaction(request: Request) -> Transaction:
    """The transaction of this request."""
    tx: Transaction = request.state.transaction
    return tx


Tx = Annotated[Transaction, Depends(transaction)]


def _cursors(request: Request) -> Cursors:
    cursors: Cursors = request.app.state.cursors
    return cursors


CursorsOf = Annotated[Cursors, Depends(_cursors)]


async def authenticated(
    request: Request,
    tx: Tx,
    credentials: Bearer,
) -> Caller:
    """A dependency: the caller, whatever his token may do."""
    if credentials is None:
        raise Unauthenticated
    authenticate: Authenticate = request.app.state.authenticate
    return await _charged(request, await authenticate(tx, credentials.credentials))


async def perhaps(
    request: Request,
    tx: Tx,
    credentials: Bearer,
) -> Caller | None:
    """A dependency: the caller, or None without a token; one that is not valid is refused."""
    return None if credentials is None else await authenticated(request, tx, credentials)


@dataclass(frozen=True)
class Allowed:
    """A dependency: the caller, whose token must have `scope`."""

    scope: Scope

    async def __call__(self, caller: Annotated[Caller, Depends(authenticated)]) -> Caller:
        """The caller; raises `ScopeMissing`."""
        return _with(self.scope, caller)


def allowed(scope: Scope) -> Allowed:
    """A dependency: the caller, whose token must have `scope`."""
    return Allowed(scope)


def _with(scope: Scope | None, caller: Caller) -> Caller:
    if scope is not None and scope not in caller.scopes:
        raise ScopeMissing(f"The scope is {scope}.", scope=scope)
    return caller


@dataclass(frozen=True)
class Once:
    """A dependency: the caller, whose token must have `scope`, and whose key never acts twice.

    A `scope` of None is any. Where the answer is a `secret`, it is kept sealed: only the same
    token gets it again.
    """

    scope: Scope | None
    secret: bool = False

    async def __call__(
        self,
        request: Request,
        tx: Tx,
        credentials: Bearer,
        idempotency_key: Annotated[str | None, Header(max_length=200)] = None,
    ) -> Caller:
        """The caller; the answer is going to be kept under his key."""
        bearer = None if credentials is None else credentials.credentials
        return await self.called(request, tx, bearer, idempotency_key)

    async def called(
        self, request: Request, tx: Transaction, bearer: str | None, key: str | None
    ) -> Caller:
        """As a call, of what the headers say."""
        if bearer is None:
            raise Unauthenticated
        path, body = request.scope["path"], await request.body()
        try:
            asked = idempotency.Asked.of(key, request.method, path, body)
        except IdempotencyKeyMissing:
            authenticate: Authenticate = request.app.state.authenticate
            _with(self.scope, await _charged(request, await authenticate(tx, bearer)))
            raise
        authenticate_once: AuthenticateOnce = request.app.state.authenticate_once
        caller, taken = await authenticate_once(tx, bearer, asked)
        await _charged(request, caller)
        _with(self.scope, caller)
        seal = idempotency.sealing(tx, bearer.encode()) if self.secret else None
        request.state.claim = await idempotency.claim(
            tx, caller.account_id, asked, taken=taken, seal=seal
        )
        return caller


def allowed_once(scope: Scope | None, *, secret: bool = False) -> Once:
    """As `allowed`, for a POST: the same `Idempotency-Key` never acts twice."""
    return Once(scope, secret)


#: The key of a POST without a token, where there is one.
PerhapsKey = Annotated[str | None, Header(alias="Idempotency-Key", max_length=200)]


async def created_once(
    request: Request, key: str | None, create: Callable[[Transaction], Awaitable[BaseModel]]
) -> Response:
    """Answers a POST of a caller without a token by what `create` makes in one transaction.

    With a key the same request never acts twice; what a caller has to prove is proven before, and
    again by whoever asks for the kept answer.
    """
    database: Database = request.app.state.database
    async with database.transaction() as tx:
        claim = None
        if key is not None:
            body = await request.body()
            asked = idempotency.Asked.of(key, request.method, request.scope["path"], body)
            try:
                claim = await idempotency.claim_unknown(tx, asked, body)
            except idempotency.Replayed as replayed:
                return replayed.response
        made = await create(tx)
        response = Response(
            made.model_dump_json().encode(), 201, _UNCACHED, media_type="application/json"
        )
        if claim is not None:
            await idempotency.keep(tx, claim, response)
        return response


def etag(version: int) -> str:
    """The validator of a resource whose row has this version.

    A GET adds a digest of what else it shows to it (`kernel/answers.py`).
    """
    return f'"{version}"'


def public(body: bytes, max_age_s: int) -> Response:
    """An answer for everybody, ready as JSON, that may be kept for a while."""
    headers = {"Cache-Control": f"public, max-age={max_age_s}"}
    return Response(body, headers=headers, media_type="application/json")


_IF_MATCH = re.compile(r'(?:W/)?"?([0-9]{1,9})(?:\.[0-9a-f]{24})?"?')


def perhaps_expected(
    if_match: Annotated[str | None, Header(max_length=60)] = None,
) -> int | None:
    """A dependency: the version the caller saw, from `If-Match`, or None without one.

    Of an `ETag` the version alone counts: prices and clocks that are shown beside it may move.
    """
    if if_match is None:
        return None
    said = _IF_MATCH.fullmatch(if_match.strip())
    if said is None:
        raise PreconditionRequired
    return int(said[1])


def expected_version(seen: Annotated[int | None, Depends(perhaps_expected)]) -> int:
    """A dependency: the version the caller saw, from `If-Match`; 428 where it is missing."""
    if seen is None:
        raise PreconditionRequired
    return seen


def problem_response(problem: Problem) -> JSONResponse:
    """The problem as `application/problem+json`."""
    headers = {
        "Cache-Control": "no-store",
        "Link": f'</v1/problems/{problem.slug()}>; rel="describedby"',
    }
    if isinstance(problem, Unauthenticated):
        headers["WWW-Authenticate"] = "Bearer"
    if problem.status == 503:
        headers["Retry-After"] = "1"
    if isinstance(problem, QuotaExceeded):
        headers["Retry-After"] = str(problem.facts.get("retry_after_s", 1))
    if problem.status in {408, 413}:
        # The rest of the body may still come: it is not to be taken for a request.
        headers["Connection"] = "close"
    return JSONResponse(
        problem.body(), problem.status, headers, media_type="application/problem+json"
    )


def install_problems(app: FastAPI) -> None:
    """Answers every failure of `app` with a problem document that gives nothing away."""

    async def on_problem(_: Request, exc: Exception) -> JSONResponse:
        assert isinstance(exc, Problem)
        return problem_response(exc)

    async def on_invalid(_: Request, exc: Exception) -> JSONResponse:
        assert isinstance(exc, RequestValidationError)
        # The rejected input is left out: it may hold a secret.
        errors = [
            {"at": ".".join(str(part) for part in error["loc"]), "what": str(error["msg"])}
            for error in exc.errors()[:20]
        ]
        return problem_response(MalformedRequest(errors=errors))

    async def on_http(_: Request, exc: Exception) -> JSONResponse:
        assert isinstance(exc, HTTPException)
        known: dict[int, type[Problem]] = {404: NotFound, 405: MethodNotAllowed}
        response = problem_response(known.get(exc.status_code, MalformedRequest)())
        # Which methods there are, of a resource that does not know this one.
        response.headers.update(exc.headers or {})
        return response

    async def on_database(_: Request, exc: Exception) -> JSONResponse:
        logger.warning("database did not answer: %s", type(exc).__name__)
        return problem_response(Busy())

    async def on_bug(request: Request, _: Exception) -> JSONResponse:
        response = problem_response(InternalError())
        # This answer is made outside of all else. `Observe` has told the log, under that name.
        if name := request.scope.get("request_id"):
            response.headers[requests.HEADER] = name
        return response

    app.add_exception_handler(Problem, on_problem)
    app.add_exception_handler(RequestValidationError, on_invalid)
    app.add_exception_handler(HTTPException, on_http)
    app.add_exception_handler(PoolTimeout, on_database)
    app.add_exception_handler(OperationalError, on_database)
    app.add_exception_handler(Exception, on_bug)
