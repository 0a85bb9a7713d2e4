"""What requests about accounts, sessions and tokens say, and what is answered."""

from datetime import datetime, timedelta
from typing import Annotated, Any, Self
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr

from tradepost.identity import service
from tradepost.identity.model import (
    MAX_MESSAGE,
    MAX_TOKEN_LIFE_S,
    MIN_TOKEN_LIFE_S,
    NAME_PATTERN,
    SESSION,
    Account,
    Grant,
    NewToken,
    Token,
)
from tradepost.kernel.access import Role, Scope
from tradepost.kernel.http import Body, EvmAddress, Signature
from tradepost.kernel.text import Label

_ID = "0193579a-1c3e-7c4b-9f0a-2b1d6f8e4a10"
_SECOND_ID = "0193579a-2f11-7a90-8c33-5d0e7b9a6c21"
_WALLET = "0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf"
_AT = "2026-11-23T05:00:00Z"
_NONCE = "9f2c4e6a8b0d1f3a5c7e9b1d006742a5e8d1c3b5a79f8e6d4c2b0a18263748596a"
_PROOF = {
    "message": (
        f"127.0.0.1:8000 wants you to sign in with your Ethereum account:\n{_WALLET}\n\n"
        "Sign in to Tradepost.\n\nURI: http://127.0.0.1:8000\nVersion: 1\nChain ID: 31337\n"
        f"Nonce: {_NONCE}\nIssued At: {_AT}"
    ),
    "signature": "0x" + "5a" * 64 + "1b",
}
_NAMED = {"name": "rosa", "passphrase": "lantern orbit velvet quarry"}
_ACCOUNT = {
    "id": _ID,
    "name": "rosa",
    "roles": ["trader"],
    "wallets": [_WALLET],
    "created_at": _AT,
}
_TOKEN = {
    "id": _SECOND_ID,
    "token": "tp_mX3Jc0tq5V1sR8yZk2uA7wBnE4hGfLdQ9iToP6xCvYa",
    "label": "price bot",
    "scopes": ["offers:read", "offers:write"],
    "expires_at": "2026-12-23T05:00:00Z",
}


def _example(*values: dict[str, Any]) -> ConfigDict:
    return ConfigDict(json_schema_extra={"examples": list(values)})


def _encodable(secret: SecretStr) -> SecretStr:
    try:
        secret.get_secret_value().encode()
    except UnicodeEncodeError:
        # Half of a surrogate pair, which JSON can write: nothing that could be hashed.
        raise ValueError("it has characters that do not exist") from None
    return secret


Passphrase = Annotated[
    SecretStr,
    Field(max_length=512, description="15 to 128 characters."),
    AfterValidator(_encodable),
]


class GrantBody(Body):
    """What a new token is for: everything, for a day, where nothing is said."""

    scopes: Annotated[frozenset[Scope], Field(min_length=1, max_length=len(Scope))] = frozenset(
        Scope
    )
    expires_in_s: Annotated[int, Field(ge=MIN_TOKEN_LIFE_S, le=MAX_TOKEN_LIFE_S, strict=True)] = (
        int(SESSION.total_seconds())
    )

    def grant(self) -> Grant:
        """In the model's words."""
        return Grant(self.scopes, timedelta(seconds=self.expires_in_s))


class NewAccountBody(Body):
    """A name and a passphrase for a new account."""

    model_config = _example(_NAMED)

    name: Annotated[str, Field(pattern=NAME_PATTERN, max_length=30)]
    passphrase: Passphrase


class NamedSessionBody(GrantBody):
    """Signing in by name and passphrase."""

    model_config = _example(_NAMED, _NAMED | {"scopes": ["offers:read"], "expires_in_s": 3600})

    name: Annotated[str, Field(pattern=NAME_PATTERN, max_length=30)]
    passphrase: Passphrase


class ProofBody(Body):
    """A message of EIP-4361 with a nonce of `POST /v1/nonces`, and the wallet's signature."""

    model_config = _example(_PROOF)

    message: Annotated[str, Field(max_length=MAX_MESSAGE)]
    signature: Signature

    def proof(self) -> service.WalletProof:
        """In the service's words."""
        return service.WalletProof(self.message, bytes.fromhex(self.signature[2:]))


class WalletSessionBody(GrantBody, ProofBody):
    """Signing in by wallet: one that is not known here opens an account."""

    model_config = _example(_PROOF | {"scopes": ["trades:read"], "expires_in_s": 3600})


class NewTokenBody(GrantBody):
    """A token for a program."""

    model_config = _example(
        {"label": "price bot", "scopes": ["offers:read", "offers:write"], "expires_in_s": 2592000}
    )

    label: Label
    scopes: Annotated[frozenset[Scope], Field(min_length=1, max_length=len(Scope))]
    expires_in_s: Annotated[int, Field(ge=MIN_TOKEN_LIFE_S, le=MAX_TOKEN_LIFE_S, strict=True)]


class NonceAnswer(BaseModel):
    """A nonce for one sign-in message."""

    model_config = _example({"nonce": _NONCE, "expires_at": "2026-11-23T05:10:00Z"})

    nonce: str
    expires_at: datetime


class AccountAnswer(BaseModel):
    """An account as its owner sees it."""

    model_config = _example(_ACCOUNT)

    id: UUID
    name: str | None
    roles: list[Role]
    wallets: list[EvmAddress]
    created_at: datetime

    @classmethod
    def of(cls, account: Account) -> Self:
        """The answer for `account`."""
        return cls(
            id=account.id,
            name=account.name,
            roles=sorted(account.roles),
            wallets=list(account.wallets),
            created_at=account.created_at,
        )


class NewTokenAnswer(BaseModel):
    """A token, this once with its secret."""

    model_config = _example(_TOKEN)

    id: UUID
    token: str
    label: str
    scopes: list[Scope]
    expires_at: datetime

    @classmethod
    def of(cls, new: NewToken) -> Self:
        """The answer for `new`."""
        return cls(
            id=new.token.id,
            token=new.secret,
            label=new.token.label,
            scopes=sorted(new.token.scopes),
            expires_at=new.token.expires_at,
        )


class SignedInAnswer(BaseModel):
    """The account, and a token that acts for it."""

    model_config = _example(
        {
            "account": _ACCOUNT,
            "token": _TOKEN | {"label": "sign-in", "scopes": sorted(Scope)},
        }
    )

    account: AccountAnswer
    token: NewTokenAnswer

    @classmethod
    def of(cls, signed_in: service.SignedIn) -> Self:
        """The answer for `signed_in`."""
        return cls(
            account=AccountAnswer.of(signed_in.account), token=NewTokenAnswer.of(signed_in.token)
        )


class TokenAnswer(BaseModel):
    """A token without its secret, which nobody can see again."""

    id: UUID
    label: str
    scopes: list[Scope]
    created_at: datetime
    expires_at: datetime
    last_used_at: datetime | None

    @classmethod
    def of(cls, token: Token) -> Self:
        """The answer for `token`."""
        return cls(
            id=token.id,
            label=token.label,
            scopes=sorted(token.scopes),
            created_at=token.created_at,
            expires_at=token.expires_at,
            last_used_at=token.last_used_at,
        )


class TokensAnswer(BaseModel):
    """All live tokens: their number is bounded, so this is the whole list."""

    model_config = _example(
        {
            "data": [
                {key: value for key, value in _TOKEN.items() if key != "token"}
                | {"created_at": _AT, "last_used_at": None}
            ],
            "next_cursor": None,
        }
    )

    data: list[TokenAnswer]
    next_cursor: None = None
