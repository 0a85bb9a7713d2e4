"""The routes of accounts, sessions and tokens."""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Request, Response

from tradepost.identity import service
from tradepost.identity.http.bodies import (
    AccountAnswer,
    NamedSessionBody,
    NewAccountBody,
    NewTokenAnswer,
    NewTokenBody,
    NonceAnswer,
    ProofBody,
    SignedInAnswer,
    TokenAnswer,
    TokensAnswer,
    WalletSessionBody,
)
from tradepost.identity.model import (
    ContractWalletsUnavailable,
    NameReserved,
    NameTaken,
    NonceInvalid,
    PassphraseTooWeak,
    ScopeBeyondToken,
    SignInMessageInvalid,
    SignInRefused,
    SignInSignatureInvalid,
    TooManyTokens,
    TooManyWallets,
    WalletTaken,
)
from tradepost.kernel.access import Caller, Scope, ScopeMissing, Unauthenticated
from tradepost.kernel.database import Transaction
from tradepost.kernel.errors import (
    IdempotencyKeyInFlight,
    IdempotencyKeyMissing,
    IdempotencyKeyReused,
    NotFound,
    Problem,
)
from tradepost.kernel.http import (
    PerhapsKey,
    StrictRoute,
    TransactionRoute,
    Tx,
    allowed,
    allowed_once,
    authenticated,
    created_once,
)
from tradepost.kernel.limits.costs import costs
from tradepost.kernel.openapi import AUTHENTICATED, ONCE, links, problems, to

#: Signing in hashes or asks the chain: no transaction is held meanwhile.
sign_in_router = APIRouter(route_class=StrictRoute)
account_router = APIRouter(route_class=TransactionRoute)

_ONCE_FOR_ANYBODY = (IdempotencyKeyMissing, IdempotencyKeyReused, IdempotencyKeyInFlight)
_PROOF_FAILS: tuple[type[Problem], ...] = (
    SignInMessageInvalid,
    SignInSignatureInvalid,
    NonceInvalid,
    ContractWalletsUnavailable,
)


@sign_in_router.post(
    "/nonces",
    status_code=201,
    response_model=NonceAnswer,
    summary="Get a nonce for a sign-in message",
    responses=problems(*_ONCE_FOR_ANYBODY),
    openapi_extra=costs(2, money=False),
)
async def create_nonce(request: Request, idempotency_key: PerhapsKey = None) -> Response:
    """It can be used once, within ten minutes, in one message of EIP-4361."""

    async def create(tx: Transaction) -> NonceAnswer:
        nonce, expires_at = service.issue_nonce(tx)
        return NonceAnswer(nonce=nonce, expires_at=expires_at)

    return await created_once(request, idempotency_key, create)


@sign_in_router.post(
    "/accounts",
    status_code=201,
    response_model=SignedInAnswer,
    summary="Open an account with a name and a passphrase",
    responses=problems(*_ONCE_FOR_ANYBODY, NameTaken, NameReserved, PassphraseTooWeak),
    openapi_extra=costs(100, money=False),
)
async def create_account(
    request: Request, body: NewAccountBody, idempotency_key: PerhapsKey = None
) -> Response:
    """Answers a first session.

    With an `Idempotency-Key`, the same request within ten minutes gets the same answer.
    """
    passphrase = body.passphrase.get_secret_value()
    hashed = await service.admit(request.app.state.passphrases, body.name, passphrase)

    async def create(tx: Transaction) -> SignedInAnswer:
        return SignedInAnswer.of(await service.open_account(tx, body.name, hashed))

    return await created_once(request, idempotency_key, create)


@sign_in_router.post(
    "/sessions",
    status_code=201,
    response_model=SignedInAnswer,
    summary="Sign in, by passphrase or by wallet",
    responses=problems(*_ONCE_FOR_ANYBODY, SignInRefused, *_PROOF_FAILS),
    openapi_extra=costs(50, money=False),
)
async def create_session(
    request: Request,
    body: NamedSessionBody | WalletSessionBody,
    idempotency_key: PerhapsKey = None,
) -> Response:
    """A token for the account: with all scopes for 24 hours unless asked otherwise.

    By wallet, the message names this exchange's host and URI, its chain and a nonce of
    `POST /v1/nonces`, and is at most ten minutes old. A wallet that is not known here opens an
    account. With an `Idempotency-Key`, the same request within ten minutes gets the same answer.
    """
    begin = await _proven(request, body)

    async def create(tx: Transaction) -> SignedInAnswer:
        return SignedInAnswer.of(await begin(tx))

    return await created_once(request, idempotency_key, create)


async def _proven(
    request: Request, body: NamedSessionBody | WalletSessionBody
) -> Callable[[Transaction], Awaitable[service.SignedIn]]:
    """What begins the session of whoever the body proves to be."""
    state = request.app.state
    if isinstance(body, NamedSessionBody):
        account_id = await service.prove_passphrase(
            state.database, state.passphrases, body.name, body.passphrase.get_secret_value()
        )
        return partial(service.begin_session, account_id=account_id, grant=body.grant())
    wallet = await service.prove_wallet(
        state.database, state.chain_id, state.contract_signatures, body.proof()
    )
    return partial(service.begin_wallet_session, proven=wallet, grant=body.grant())


@account_router.delete(
    "/sessions/current",
    status_code=204,
    summary="Sign out",
    responses=problems(Unauthenticated),
    openapi_extra=costs(1, money=False),
)
async def end_session(tx: Tx, caller: Annotated[Caller, Depends(authenticated)]) -> None:
    """Ends the token this request was made with, whatever it may do."""
    await service.revoke_token(tx, caller.account_id, caller.token_id)


@account_router.get("/account", summary="Who am I", responses=problems(*AUTHENTICATED))
async def get_account(
    tx: Tx, caller: Annotated[Caller, Depends(allowed(Scope.ACCOUNT_READ))]
) -> AccountAnswer:
    """The account of the token."""
    return AccountAnswer.of(await service.get(tx, caller.account_id))


@account_router.post(
    "/account/wallets",
    status_code=201,
    summary="Add a wallet",
    responses=problems(*ONCE, *_PROOF_FAILS, WalletTaken, TooManyWallets),
    openapi_extra=costs(50, money=False),
)
async def add_wallet(
    request: Request,
    tx: Tx,
    caller: Annotated[Caller, Depends(allowed_once(Scope.ACCOUNT_WRITE))],
    body: ProofBody,
) -> AccountAnswer:
    """Proves control of one more wallet, by a message as for signing in.

    A wallet signs in with every scope: a token that has fewer cannot add one.
    """
    if missing := frozenset(Scope) - caller.scopes:
        raise ScopeMissing(scope=min(missing))
    account = await service.add_wallet(
        tx,
        request.app.state.chain_id,
        request.app.state.contract_signatures,
        caller.account_id,
        body.proof(),
    )
    return AccountAnswer.of(account)


@account_router.get(
    "/tokens",
    summary="List the live tokens",
    responses=problems(*AUTHENTICATED) | links(200, to("revoke_token", token_id="data/0/id")),  # noqa: S106 - the same
)
async def list_tokens(
    tx: Tx, caller: Annotated[Caller, Depends(allowed(Scope.ACCOUNT_READ))]
) -> TokensAnswer:
    """Tokens and sessions of the account, the newest first."""
    tokens = await service.tokens(tx, caller.account_id)
    return TokensAnswer(data=[TokenAnswer.of(token) for token in tokens])


@account_router.post(
    "/tokens",
    status_code=201,
    summary="Make a token for a program",
    responses=problems(*ONCE, ScopeBeyondToken, TooManyTokens)
    | links(201, to("revoke_token", token_id="id")),  # noqa: S106 - where its id stands
)
async def create_token(
    tx: Tx,
    caller: Annotated[Caller, Depends(allowed_once(Scope.ACCOUNT_WRITE, secret=True))],
    body: NewTokenBody,
) -> NewTokenAnswer:
    """With no more scopes than the token that asks. Its secret is shown this once.

    The answer is kept sealed: only the token that asked gets it again.
    """
    return NewTokenAnswer.of(await service.create_token(tx, caller, body.label, body.grant()))


@account_router.delete(
    "/tokens/{token_id}",
    status_code=204,
    summary="Revoke a token",
    responses=problems(*AUTHENTICATED, NotFound),
    openapi_extra=costs(5, money=False),
)
async def revoke_token(
    tx: Tx, caller: Annotated[Caller, Depends(allowed(Scope.ACCOUNT_WRITE))], token_id: UUID
) -> None:
    """Ends a token or a session of this account at once."""
    await service.revoke_token(tx, caller.account_id, token_id)
