"""Accounts and the proofs of one: names, passphrases, wallets, tokens, and what can go wrong."""

import hashlib
import hmac
import re
import secrets
import unicodedata
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final, Self
from urllib.parse import urlsplit
from uuid import UUID

from eth_utils.address import is_checksum_address
from eth_utils.crypto import keccak
from zxcvbn import zxcvbn

from tradepost.kernel.access import Role, Scope
from tradepost.kernel.errors import Problem

NAME_PATTERN: Final = r"^[a-z0-9][a-z0-9_-]{2,29}$"
#: NIST SP 800-63B-4: a passphrase that stands alone has 15 characters or more, of any kind.
PASSPHRASE_MIN: Final = 15
PASSPHRASE_MAX: Final = 128
#: Guesses (a power of ten) that an attacker who knows the usual habits must need at least.
_PASSPHRASE_GUESSES_LOG10: Final = 10.0
#: The estimate tries every reading of look-alike characters: at full length a hostile passphrase
#: would keep it busy for ten seconds, at this one for no longer than the hash takes.
_PASSPHRASE_JUDGED: Final = 24

SESSION: Final = timedelta(hours=24)
MIN_TOKEN_LIFE_S: Final = 60
MAX_TOKEN_LIFE_S: Final = 90 * 24 * 3600
#: Sessions come from signing in: the oldest makes room, so that nobody locks himself out.
MAX_SESSIONS: Final = 20
#: Tokens that somebody made by hand are never ended for room: one more is refused.
MAX_NAMED_TOKENS: Final = 50
MAX_WALLETS: Final = 20
MAX_PARTNERS: Final = 500

_TOKEN_FORM: Final = re.compile(r"tp_[A-Za-z0-9_-]{43}")


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


#: Words by which somebody could pass for the exchange, wherever they stand in a name.
_OFFICES: Final = _words(
    """
    admin administrator admins arbiter arbitrator arbitrators compliance escrow helpdesk mediator
    mediators moderator moderators official operator operators security staff superuser support
    system tradepost
    """
)
#: Names that mean something else where they stand alone.
_RESERVED: Final = _words(
    """
    abuse account accounts anonymous api contact deleted everyone exchange guest help info legal
    mail me mod nobody none null offer offers owner payment payments postmaster relayer root
    service team trade trades trader traders trust undefined unknown verified wallet webmaster you
    """
)


@dataclass(frozen=True, slots=True)
class Account:
    """Somebody who trades here; `name` is missing where he came with a wallet alone."""

    id: UUID
    name: str | None
    roles: frozenset[Role]
    #: EIP-55 addresses whose control he has proven, the oldest first.
    wallets: tuple[str, ...]
    created_at: datetime


@dataclass(frozen=True, slots=True)
class PublicAccount:
    """What anybody may know of an account."""

    id: UUID
    name: str | None


@dataclass(frozen=True, slots=True)
class Token:
    """A bearer token as its owner sees it later: everything but its secret."""

    id: UUID
    label: str
    scopes: frozenset[Scope]
    created_at: datetime
    expires_at: datetime
    last_used_at: datetime | None


@dataclass(frozen=True, slots=True)
class NewToken:
    """A bearer token at the one moment at which its secret is known."""

    token: Token
    secret: str


@dataclass(frozen=True, slots=True)
class Grant:
    """What a token is asked to be good for, and for how long."""

    scopes: frozenset[Scope] = frozenset(Scope)
    life: timedelta = SESSION


def new_secret() -> str:
    """A token's secret: 256 random bits behind a prefix that leak scanners can look for."""
    return "tp_" + secrets.token_urlsafe(32)


def secret_hash(secret: str) -> bytes | None:
    """What is stored of a token; None where `secret` cannot be one.

    A plain hash is enough: 256 random bits cannot be guessed from it.
    """
    if not _TOKEN_FORM.fullmatch(secret):
        return None
    return hashlib.sha256(secret.encode()).digest()


def check_name(name: str) -> None:
    """Raises `NameReserved` where `name` would pass for the exchange or one of its offices."""
    letters = re.sub(r"[0-9_-]", "", name)
    words = {letters, *re.split(r"[0-9_-]+", name)}
    if words & _OFFICES or letters in _RESERVED or "tradepost" in letters:
        raise NameReserved


def prepare_passphrase(passphrase: str) -> str:
    """The form that is hashed: the same whichever way a keyboard composed its accents (NFC)."""
    return unicodedata.normalize("NFC", passphrase)


def check_passphrase(passphrase: str, name: str) -> None:
    """Raises `PassphraseTooWeak` where a prepared `passphrase` is short, usual or tells the name.

    Its first 24 characters alone have to be hard to guess.
    """
    if not PASSPHRASE_MIN <= len(passphrase) <= PASSPHRASE_MAX:
        raise PassphraseTooWeak(f"It has {PASSPHRASE_MIN} to {PASSPHRASE_MAX} characters.")
    found = zxcvbn(passphrase[:_PASSPHRASE_JUDGED], user_inputs=[name, "tradepost"])
    if found["guesses_log10"] < _PASSPHRASE_GUESSES_LOG10:
        raise PassphraseTooWeak(found["feedback"]["warning"] or None)


#: How long a nonce can be used, and how old a message may be when it arrives.
SIGN_IN_LIFE: Final = timedelta(minutes=10)
#: How far the clock of a wallet may run ahead of ours.
_CLOCK_SKEW: Final = timedelta(minutes=1)
MAX_MESSAGE: Final = 4096

# The grammar of EIP-4361 (its ABNF), with the parts it takes over from RFC 3986 and RFC 3339. Two
# liberties are left out on purpose: user information before the domain, and an address whose
# letters do not carry the EIP-55 checksum, which is tried on its own.
_SCHEME: Final = r"[A-Za-z][A-Za-z0-9+.-]*"
_PCHAR: Final = r"(?:[A-Za-z0-9._~!$&'()*+,;=:@-]|%[0-9A-Fa-f]{2})"
_URI: Final = _SCHEME + r":(?:[A-Za-z0-9._~:/?#\[\]@!$&'()*+,;=-]|%[0-9A-Fa-f]{2})+"
_DATE_TIME: Final = r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:[Zz]|[+-]\d\d:\d\d)"
_MESSAGE: Final = re.compile(
    rf"(?:(?P<scheme>{_SCHEME})://)?"
    r"(?P<domain>(?:[A-Za-z0-9._~-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?)"
    r" wants you to sign in with your Ethereum account:\n"
    r"(?P<address>0x[0-9A-Fa-f]{40})\n"
    r"\n"
    r"(?:(?P<statement>[A-Za-z0-9._~:/?#\[\]@!$&'()*+,;= -]+)\n)?"
    r"\n"
    rf"URI: (?P<uri>{_URI})\n"
    r"Version: (?P<version>1)\n"
    r"Chain ID: (?P<chain_id>[0-9]{1,20})\n"
    r"Nonce: (?P<nonce>[A-Za-z0-9]{8,100})\n"
    rf"Issued At: (?P<issued_at>{_DATE_TIME})"
    rf"(?:\nExpiration Time: (?P<expiration_time>{_DATE_TIME}))?"
    rf"(?:\nNot Before: (?P<not_before>{_DATE_TIME}))?"
    rf"(?:\nRequest ID: (?P<request_id>{_PCHAR}*))?"
    rf"(?:\nResources:(?P<resources>(?:\n- {_URI})*))?",
    re.ASCII,
)


@dataclass(frozen=True, slots=True)
class SignInMessage:
    """What a wallet was asked to sign, as EIP-4361 writes it."""

    text: str
    scheme: str | None
    domain: str
    address: str
    uri: str
    chain_id: int
    nonce: str
    issued_at: datetime
    expiration_time: datetime | None
    not_before: datetime | None

    @classmethod
    def parse(cls, text: str) -> Self:
        """The message `text` holds, to the last character; raises `SignInMessageInvalid`."""
        if len(text) > MAX_MESSAGE or not (match := _MESSAGE.fullmatch(text)):
            raise SignInMessageInvalid("It does not have the form of EIP-4361.")
        address = match["address"]
        if not is_checksum_address(address):
            raise SignInMessageInvalid("The address needs the capital letters of EIP-55.")
        return cls(
            text=text,
            scheme=match["scheme"],
            domain=match["domain"],
            address=address,
            uri=match["uri"],
            chain_id=int(match["chain_id"]),
            nonce=match["nonce"],
            issued_at=_moment(match["issued_at"]),
            expiration_time=_moment(found) if (found := match["expiration_time"]) else None,
            not_before=_moment(found) if (found := match["not_before"]) else None,
        )

    def check(self, public_url: str, chain_id: int, now: datetime) -> None:
        """Raises `SignInMessageInvalid` unless it is meant for this exchange, chain and moment.

        The domain is what keeps a message signed for another site from opening an account here:
        wallets warn where it is not the site that asks.
        """
        ours, theirs = urlsplit(public_url), urlsplit(self.uri)
        if _place(self.domain) != _place(ours.netloc):
            raise SignInMessageInvalid(f"The domain has to be {ours.netloc}.")
        if self.scheme is not None and self.scheme.lower() != ours.scheme:
            raise SignInMessageInvalid(f"The scheme has to be {ours.scheme}.")
        if (theirs.scheme.lower(), _place(theirs.netloc)) != (ours.scheme, _place(ours.netloc)):
            raise SignInMessageInvalid(f"The URI has to be one of {public_url}.")
        if self.chain_id != chain_id:
            raise SignInMessageInvalid(f"The chain id has to be {chain_id}.")
        if not now - SIGN_IN_LIFE <= self.issued_at <= now + _CLOCK_SKEW:
            raise SignInMessageInvalid("It has to be issued within the last ten minutes.")
        if self.expiration_time is not None and self.expiration_time <= now:
            raise SignInMessageInvalid("It has expired.")
        if self.not_before is not None and self.not_before > now + _CLOCK_SKEW:
            raise SignInMessageInvalid("It is not valid yet.")

    def digest(self) -> bytes:
        """What the wallet signs of it: EIP-191, version 0x45."""
        body = self.text.encode()
        return keccak(b"\x19Ethereum Signed Message:\n%d%b" % (len(body), body))


def _place(netloc: str) -> str:
    """A host and its port, by one name for this machine: a browser's passkeys need `localhost`."""
    return re.sub(r"^(127\.0\.0\.1|\[::1\])(?=:|$)", "localhost", netloc.lower())


def _moment(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text.upper())
    except ValueError:
        raise SignInMessageInvalid(f"{text} is not a time of RFC 3339.") from None


# A nonce is its own record: random bits, the second it ends, and our mark on both. Whoever asks
# for a million of them has stored nothing here; only those that were used are, until they end.
_NONCE_FORM: Final = re.compile(r"[0-9a-f]{66}")


def new_nonce(secret: str, expires_at: datetime) -> str:
    """A nonce that `nonce_expiry` will recognise: 66 hexadecimal digits."""
    head = secrets.token_bytes(12) + int(expires_at.timestamp()).to_bytes(5, "big")
    return (head + _nonce_mark(secret, head)).hex()


def nonce_expiry(secret: str, nonce: str, now: datetime) -> datetime:
    """When `nonce` ends; raises `NonceInvalid` where it has, or was not made with `secret`."""
    if not _NONCE_FORM.fullmatch(nonce):
        raise NonceInvalid
    raw = bytes.fromhex(nonce)
    if not hmac.compare_digest(raw[17:], _nonce_mark(secret, raw[:17])):
        raise NonceInvalid
    expires_at = datetime.fromtimestamp(int.from_bytes(raw[12:17], "big"), UTC)
    if expires_at <= now:
        raise NonceInvalid
    return expires_at


def _nonce_mark(secret: str, head: bytes) -> bytes:
    return hmac.digest(secret.encode(), b"tradepost sign-in nonce" + head, "sha256")[:16]


class NameReserved(Problem):
    """This name could be taken for the exchange itself; choose another."""

    status = 409


class NameTaken(Problem):
    """This name belongs to another account."""

    status = 409


class PassphraseTooWeak(Problem):
    """This passphrase could be guessed; several unusual words make a good one."""

    status = 400


class SignInRefused(Problem):
    """The name and the passphrase do not belong together."""

    status = 401


class SignInMessageInvalid(Problem):
    """The message is not a sign-in (EIP-4361) to this exchange at this time."""

    status = 400


class SignInSignatureInvalid(Problem):
    """The signature is not that of the wallet which the message names."""

    status = 401


class NonceInvalid(Problem):
    """The message's nonce was not issued here, has expired, or has been used."""

    status = 401


class ContractWalletsUnavailable(Problem):
    """The chain cannot be asked at the moment whether a contract wallet signed this."""

    status = 503
    retryable = True


class WalletTaken(Problem):
    """This wallet belongs to another account."""

    status = 409


class TooManyWallets(Problem):
    """The account has as many wallets as it can have."""

    status = 409


class TooManyTokens(Problem):
    """The account has as many tokens as it can have; revoke one that is no longer needed."""

    status = 409


class ScopeBeyondToken(Problem):
    """A token cannot make another one that may do more than itself."""

    status = 403


class TooManyPartners(Problem):
    """You have named as many trusted partners as one account can."""

    status = 409
