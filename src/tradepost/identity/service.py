"""Identity's face: open an account, prove to be its owner, and what a token may do.

The commands that hash a passphrase or ask the chain take the database instead of a transaction:
none is held while they wait.
"""

import asyncio
import re
from collections.abc import Awaitable, Callable, Collection, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import BoundedSemaphore
from typing import TypeVar
from uuid import UUID

from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher

from tradepost.identity import store
from tradepost.identity.model import (
    MAX_NAMED_TOKENS,
    MAX_PARTNERS,
    MAX_WALLETS,
    SIGN_IN_LIFE,
    Account,
    ContractWalletsUnavailable,
    Grant,
    NameTaken,
    NewToken,
    NonceInvalid,
    PublicAccount,
    ScopeBeyondToken,
    SignInMessage,
    SignInRefused,
    SignInSignatureInvalid,
    Token,
    TooManyPartners,
    TooManyTokens,
    TooManyWallets,
    WalletTaken,
    check_name,
    check_passphrase,
    new_nonce,
    new_secret,
    nonce_expiry,
    prepare_passphrase,
    secret_hash,
)
from tradepost.kernel.access import Caller, Role, Unauthenticated
from tradepost.kernel.database import Database, Reading, Transaction
from tradepost.kernel.errors import Busy, NotFound
from tradepost.kernel.idempotency import Asked
from tradepost.kernel.ids import new_id
from tradepost.kernel.signatures import ContractSignatures, signed_by_key

T = TypeVar("T")
_SESSION_LABEL = "sign-in"
#: How the topics of tokens begin.
REVOKED_TOPICS = "token:"

#: Finds the id of the chain the exchange follows; entrypoints hands in escrow's.
ChainId = Callable[[Transaction], Awaitable[int]]


class Passphrases:
    """Hashes passphrases by argon2id (64 MiB, 3 passes), away from the event loop.

    No more than `at_once` run, and `waiting` wait: beyond that a caller is told `Busy` at once,
    so that a flood of sign-ins takes neither the memory nor the processors of the rest.
    """

    def __init__(self, at_once: int = 2, waiting: int = 8) -> None:
        self._hash = PasswordHash((Argon2Hasher(),))
        self._threads = ThreadPoolExecutor(at_once, thread_name_prefix="passphrase")
        self._places = BoundedSemaphore(at_once + waiting)

    async def admit(self, passphrase: str, name: str) -> str:
        """The hash of a new passphrase; raises `PassphraseTooWeak`."""

        def work() -> str:
            prepared = prepare_passphrase(passphrase)
            check_passphrase(prepared, name)
            return self._hash.hash(prepared)

        return await self._run(work)

    async def verify(self, passphrase: str, hashed: str | None) -> bool:
        """True if `hashed` is of `passphrase`. None takes as long, so it tells nothing."""

        def work() -> bool:
            prepared = prepare_passphrase(passphrase)
            if hashed is None:
                self._hash.hash(prepared)
                return False
            return self._hash.verify(prepared, hashed)

        return await self._run(work)

    async def _run(self, work: Callable[[], T]) -> T:
        if not self._places.acquire(blocking=False):
            raise Busy
        try:
            future = self._threads.submit(work)
        except RuntimeError:  # shutting down
            self._places.release()
            raise Busy from None
        # The place is free when the thread is, also where the caller has gone away meanwhile.
        future.add_done_callback(self._leave)
        return await asyncio.wrap_future(future)

    def _leave(self, _: Future[T]) -> None:
        self._places.release()

    def close(self) -> None:
        """Takes no more work and waits for what runs."""
        self._threads.shutdown(cancel_futures=True)


@dataclass(frozen=True, slots=True)
class WalletProof:
    """A sign-in message (EIP-4361) and what the wallet it names signed of it."""

    message: str
    signature: bytes


@dataclass(frozen=True, slots=True)
class ProvenWallet:
    """A sign-in message whose signature is its wallet's, and when its nonce ends."""

    message: SignInMessage
    nonce_ends: datetime


@dataclass(frozen=True, slots=True)
class SignedIn:
    """What a sign-in gives."""

    account: Account
    token: NewToken


async def admit(passphrases: Passphrases, name: str, passphrase: str) -> str:
    """The hash of a new account's passphrase; the name can still be taken.

    Raises `NameReserved`, `PassphraseTooWeak`, `Busy`.
    """
    check_name(name)
    return await passphrases.admit(passphrase, name)


async def open_account(tx: Transaction, name: str, hashed: str) -> SignedIn:
    """Opens an account with an admitted passphrase, and a first session; raises `NameTaken`."""
    account_id = new_id()
    if not await store.add_account(tx, account_id, name, hashed):
        raise NameTaken
    return await begin_session(tx, account_id, Grant())


async def prove_passphrase(
    database: Database, passphrases: Passphrases, name: str, passphrase: str
) -> UUID:
    """The account of `name`, if that is its passphrase; raises `SignInRefused`, `Busy`."""
    async with database.transaction() as tx:
        credential = await store.credential(tx, name)
    hashed = None if credential is None else credential.passphrase_hash
    if not await passphrases.verify(passphrase, hashed) or credential is None:
        raise SignInRefused
    return credential.account_id


async def begin_session(tx: Transaction, account_id: UUID, grant: Grant) -> SignedIn:
    """A session for an account whose owner has proven himself; the oldest makes room for it."""
    await store.lock_account(tx, account_id)
    await store.make_room_for_session(tx, account_id)
    token = await _add_token(tx, account_id, _SESSION_LABEL, grant, session=True)
    return SignedIn(await get(tx, account_id), token)


def issue_nonce(tx: Transaction) -> tuple[str, datetime]:
    """A nonce for one sign-in message, and when it ends. Nothing is stored for it."""
    expires_at = tx.now + SIGN_IN_LIFE
    return new_nonce(tx.settings.secret.get_secret_value(), expires_at), expires_at


async def prove_wallet(
    database: Database,
    chain_id: ChainId,
    contract_wallets: ContractSignatures | None,
    proof: WalletProof,
) -> ProvenWallet:
    """The wallet that signed to sign in; its nonce is still to be used up.

    Raises `SignInMessageInvalid`, `SignInSignatureInvalid`, `NonceInvalid`,
    `ContractWalletsUnavailable`.
    """
    async with database.transaction() as tx:
        message, nonce_ends = _read(tx, await chain_id(tx), proof)
    await _check_signature(message, proof.signature, contract_wallets)
    return ProvenWallet(message, nonce_ends)


async def begin_wallet_session(tx: Transaction, proven: ProvenWallet, grant: Grant) -> SignedIn:
    """A session for the account of the wallet; the first one opens it. Raises `NonceInvalid`."""
    address = proven.message.address
    await _use_nonce(tx, proven.message, proven.nonce_ends)
    account_id = await store.account_of_wallet(tx, address)
    if account_id is None:
        account_id = new_id()
        if not await store.add_wallet_account(tx, account_id, address):
            # Another first sign-in of this wallet was quicker, and has been committed.
            account_id = await store.account_of_wallet(tx, address)
            assert account_id is not None
    return await begin_session(tx, account_id, grant)


async def add_wallet(
    tx: Transaction,
    chain_id: ChainId,
    contract_wallets: ContractSignatures | None,
    account_id: UUID,
    proof: WalletProof,
) -> Account:
    """Adds a proven wallet to the account, unless it is there already.

    Raises as `prove_wallet`, and `WalletTaken`, `TooManyWallets`.
    """
    message, nonce_ends = _read(tx, await chain_id(tx), proof)
    await _check_signature(message, proof.signature, contract_wallets)
    await _use_nonce(tx, message, nonce_ends)
    await store.lock_account(tx, account_id)
    account = await get(tx, account_id)
    if message.address in account.wallets:
        return account
    if len(account.wallets) >= MAX_WALLETS:
        raise TooManyWallets
    await store.add_wallet(tx, account_id, message.address)
    if await store.account_of_wallet(tx, message.address) != account_id:
        raise WalletTaken
    return await get(tx, account_id)


async def authenticate(tx: Transaction, bearer: str) -> Caller:
    """Who the bearer token stands for; raises `Unauthenticated`."""
    hashed = secret_hash(bearer)
    caller = None if hashed is None else await store.caller(tx, hashed)
    if caller is None:
        raise Unauthenticated
    tx.callers[caller.account_id] = caller
    return caller


async def authenticate_once(tx: Transaction, bearer: str, asked: Asked) -> tuple[Caller, bool]:
    """As `authenticate`, and whether the key was free: it is the caller's now."""
    hashed = secret_hash(bearer)
    found = None if hashed is None else await store.caller_once(tx, hashed, asked)
    if found is None:
        raise Unauthenticated
    tx.callers[found[0].account_id] = found[0]
    return found


async def caller_of_token(tx: Transaction, token_id: UUID) -> Caller:
    """Who a token stands for, by its id; raises `Unauthenticated` where it has ended."""
    caller = await store.caller_of_token(tx, token_id)
    if caller is None:
        raise Unauthenticated
    return caller


async def live_tokens(reading: Reading, token_ids: Sequence[UUID]) -> set[UUID]:
    """Those of these tokens that have not ended."""
    return await store.live_tokens(reading, token_ids)


def token_topic(token_id: UUID) -> str:
    """What is touched when the token is revoked."""
    return f"{REVOKED_TOPICS}{token_id}"


async def get(tx: Transaction, account_id: UUID) -> Account:
    """The account; raises `NotFound`."""
    account = await store.account(tx, account_id)
    if account is None:
        raise NotFound
    return account


async def public_accounts(tx: Transaction, ids: Sequence[UUID]) -> dict[UUID, PublicAccount]:
    """What anybody may know of those of `ids` that exist."""
    known = {id_: PublicAccount(id_, tx.callers[id_].name) for id_ in ids if id_ in tx.callers}
    if others := [id_ for id_ in ids if id_ not in known]:
        known |= {account.id: account for account in await store.public_accounts(tx, others)}
    return known


async def owns_wallet(tx: Transaction, account_id: UUID, address: str) -> bool:
    """True if the account has proven that it controls `address` (in any case of its letters)."""
    caller = tx.callers.get(account_id)
    if caller is not None and address.lower() in caller.wallets:
        return True
    return await store.account_of_wallet(tx, address) == account_id


async def wallets_among(tx: Transaction, addresses: Collection[str]) -> set[str]:
    """Those of `addresses`, in small letters, that are somebody's wallet here."""
    return await store.wallets_among(tx, addresses)


async def online(tx: Reading) -> list[UUID]:
    """The accounts that have used the exchange lately, the latest first; bounded."""
    return await store.online(tx)


async def signed_in(tx: Transaction, limit: int) -> list[UUID]:
    """Accounts that have a live token, at most so many."""
    return await store.signed_in(tx, limit)


class Presence:
    """Who is there, asked for at most every few seconds by each process."""

    _EVERY = timedelta(seconds=5)

    def __init__(self) -> None:
        self._online: frozenset[UUID] = frozenset()
        self._asked: datetime | None = None

    async def online(self, tx: Reading) -> frozenset[UUID]:
        """The accounts that have used the exchange lately."""
        if self._asked is None or abs(tx.now - self._asked) > self._EVERY:
            self._online = frozenset(await online(tx))
            self._asked = tx.now
        return self._online


async def trust(tx: Transaction, account_id: UUID, partner_id: UUID) -> None:
    """Names a trusted partner, not oneself; raises `NotFound`, `TooManyPartners`."""
    if partner_id == account_id or not await store.public_accounts(tx, [partner_id]):
        raise NotFound
    await store.lock_account(tx, account_id)
    known = await store.partners(tx, account_id)
    if partner_id in known:
        return
    if len(known) >= MAX_PARTNERS:
        raise TooManyPartners
    await store.trust(tx, account_id, partner_id)


async def distrust(tx: Transaction, account_id: UUID, partner_id: UUID) -> None:
    """Takes a trusted partner away; raises `NotFound`."""
    if not await store.distrust(tx, account_id, partner_id):
        raise NotFound


async def partners(tx: Transaction, account_id: UUID) -> list[PublicAccount]:
    """Whom the account trusts, in the order in which it named them."""
    ids = await store.partners(tx, account_id)
    found = await public_accounts(tx, ids)
    return [found[partner_id] for partner_id in ids]


async def trusting(tx: Transaction, account_ids: Sequence[UUID], partner_id: UUID) -> set[UUID]:
    """Those of the accounts that have named the other as a trusted partner."""
    return await store.trusting(tx, account_ids, partner_id)


async def trusted_by(tx: Transaction, partner_id: UUID) -> list[UUID]:
    """Who has named the account as a trusted partner; bounded."""
    return await store.trusted_by(tx, partner_id)


async def grant_role(tx: Transaction, name_or_address: str, role: Role) -> Account:
    """Gives a role to the account with this name or wallet; raises `NotFound`.

    For the operator's command line: no request reaches it.
    """
    if re.fullmatch(r"0x[0-9a-fA-F]{40}", name_or_address):
        account_id = await store.account_of_wallet(tx, name_or_address)
    else:
        account_id = await store.account_of_name(tx, name_or_address)
    if account_id is None:
        raise NotFound
    await store.add_role(tx, account_id, role)
    return await get(tx, account_id)


async def create_token(tx: Transaction, caller: Caller, label: str, grant: Grant) -> NewToken:
    """A token for a program; raises `ScopeBeyondToken`, `TooManyTokens`."""
    if not grant.scopes <= caller.scopes:
        beyond = sorted(grant.scopes - caller.scopes)
        raise ScopeBeyondToken(f"This token lacks {', '.join(beyond)}.")
    await store.lock_account(tx, caller.account_id)
    if await store.count_named_tokens(tx, caller.account_id) >= MAX_NAMED_TOKENS:
        raise TooManyTokens
    return await _add_token(tx, caller.account_id, label, grant, session=False)


async def tokens(tx: Transaction, account_id: UUID) -> list[Token]:
    """The account's live tokens and sessions, the newest first; at most 70."""
    return await store.tokens(tx, account_id)


async def revoke_token(tx: Transaction, account_id: UUID, token_id: UUID) -> None:
    """Ends a token or session of this account; raises `NotFound`."""
    if not await store.revoke_token(tx, account_id, token_id):
        raise NotFound
    tx.touched.add(token_topic(token_id))


def _read(tx: Transaction, chain_id: int, proof: WalletProof) -> tuple[SignInMessage, datetime]:
    """The message, found to be for us and now, and when its nonce ends."""
    message = SignInMessage.parse(proof.message)
    message.check(tx.settings.public_url, chain_id, tx.now)
    return message, nonce_expiry(tx.settings.secret.get_secret_value(), message.nonce, tx.now)


async def _check_signature(
    message: SignInMessage, signature: bytes, contract_wallets: ContractSignatures | None
) -> None:
    digest = message.digest()
    if signed_by_key(message.address, digest, signature):
        return
    if contract_wallets is None:
        raise ContractWalletsUnavailable
    if not await contract_wallets.is_valid(message.address, digest, signature):
        raise SignInSignatureInvalid


async def _use_nonce(tx: Transaction, message: SignInMessage, ends: datetime) -> None:
    if not await store.use_nonce(tx, message.nonce, ends):
        raise NonceInvalid


async def _add_token(
    tx: Transaction, account_id: UUID, label: str, grant: Grant, *, session: bool
) -> NewToken:
    secret = new_secret()
    hashed = secret_hash(secret)
    assert hashed is not None
    token = Token(
        id=new_id(),
        label=label,
        scopes=grant.scopes,
        created_at=tx.now,
        expires_at=tx.now + grant.life,
        last_used_at=None,
    )
    await store.add_token(tx, account_id, token, hashed, session=session)
    return NewToken(token, secret)
