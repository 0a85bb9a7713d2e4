"""The routes of an account's encrypted wallet, for its owner's own sessions."""

from datetime import datetime
from typing import Annotated, Any, Self

from fastapi import APIRouter, Depends, Header, Query, Response
from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from pydantic_core import from_json

from tradepost.backups import service
from tradepost.backups.model import (
    MAX_VAULT,
    Backup,
    BackupMissing,
    SessionNeeded,
    TooManyBackups,
)
from tradepost.kernel.access import Caller, Scope, ScopeMissing
from tradepost.kernel.errors import PreconditionFailed, PreconditionRequired
from tradepost.kernel.http import (
    Body,
    TransactionRoute,
    Tx,
    allowed,
    etag,
    expected_version,
    perhaps_expected,
)
from tradepost.kernel.limits.costs import costs
from tradepost.kernel.openapi import AUTHENTICATED, links, problems, to

router = APIRouter(prefix="/account/backup", route_class=TransactionRoute, tags=["backups"])

_VAULT = (
    '{"form":1,"lock":{"kind":"passphrase"},'
    '"address":"0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf",'
    '"sealed":"dGhlIG93bmVyIGFsb25lIG9wZW5zIHRoaXM"}'
)
_BACKUP: dict[str, Any] = {
    "version": 3,
    "vault": _VAULT,
    "created_at": "2026-11-24T05:00:00Z",
    "replaced_at": None,
    "versions": [3, 2],
}


def _is_json_object(text: str) -> str:
    if not isinstance(from_json(text, allow_inf_nan=False), dict):
        raise ValueError("it is not the text of a JSON object")
    return text


Vault = Annotated[
    str,
    Field(
        min_length=2,
        max_length=MAX_VAULT,
        description="A JSON object as text, given back letter for letter. Encrypt in it what nobody"
        " else is to read: the exchange looks at its form alone, and has no key to it.",
    ),
    AfterValidator(_is_json_object),
]


class BackupBody(Body):
    """An encrypted wallet."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"vault": _VAULT}]})

    vault: Vault


class BackupAnswer(BaseModel):
    """One version of an account's encrypted wallet."""

    model_config = ConfigDict(json_schema_extra={"examples": [_BACKUP]})

    version: int
    vault: str
    created_at: datetime
    replaced_at: Annotated[
        datetime | None, Field(description="When it was replaced or deleted; null if it stands.")
    ]
    versions: Annotated[
        list[int], Field(description="All that can be had by `version`, the newest first.")
    ]

    @classmethod
    def of(cls, backup: Backup, versions: list[int]) -> Self:
        """The answer for `backup`."""
        return cls(
            version=backup.version,
            vault=backup.vault,
            created_at=backup.created_at,
            replaced_at=backup.replaced_at,
            versions=versions,
        )


async def _owner(caller: Annotated[Caller, Depends(allowed(Scope.ACCOUNT_WRITE))]) -> Caller:
    """A dependency: who has signed in himself, with every scope.

    Raises `ScopeMissing` and `SessionNeeded`: what a program or an agent holds opens no wallet.
    """
    if missing := frozenset(Scope) - caller.scopes:
        raise ScopeMissing(scope=min(missing))
    if not caller.session:
        raise SessionNeeded
    return caller


def _seen(
    version: Annotated[int | None, Depends(perhaps_expected)],
    if_none_match: Annotated[
        str | None, Header(max_length=60, description="`*`, for the first backup.")
    ] = None,
) -> int | None:
    """A dependency: the version the caller saw, None where he says that there is none."""
    first = if_none_match is not None and if_none_match.strip() == "*"
    if first == (version is not None) or (if_none_match is not None and not first):
        raise PreconditionRequired("For the first backup it is If-None-Match: *.")
    return version


_Owner = Annotated[Caller, Depends(_owner)]
_REFUSALS = (*AUTHENTICATED, SessionNeeded)
_CHANGE = to("keep_backup", "delete_backup", seen=True)
_COSTS = costs(5, money=False)


@router.put(
    "",
    summary="Keep an encrypted wallet",
    responses=problems(*_REFUSALS, PreconditionRequired, PreconditionFailed, TooManyBackups)
    | links(200, _CHANGE),
    openapi_extra=_COSTS,
)
async def keep_backup(
    tx: Tx,
    response: Response,
    caller: _Owner,
    seen: Annotated[int | None, Depends(_seen)],
    body: BackupBody,
) -> BackupAnswer:
    """The first with `If-None-Match: *`, the next if it still is what `If-Match` says you saw.

    It takes a session that may do everything. What was there before can be had by its `version` for
    30 days, so that nobody who has got into an account destroys a wallet; within that time there
    are 10 versions at most. To send what stands there already changes nothing.
    """
    backup, versions = await service.keep(tx, caller.account_id, seen, body.vault)
    response.headers["ETag"] = etag(backup.version)
    return BackupAnswer.of(backup, versions)


@router.get(
    "",
    summary="Get the encrypted wallet",
    responses=problems(*_REFUSALS, BackupMissing) | links(200, _CHANGE),
)
async def get_backup(
    tx: Tx,
    response: Response,
    caller: _Owner,
    version: Annotated[
        int | None,
        Query(ge=1, lt=2**31, description="An earlier one, also of one that was deleted."),
    ] = None,
) -> BackupAnswer:
    """Only a session that may do everything gets it. Its `ETag` is what `If-Match` takes."""
    backup, versions = await service.get(tx, caller.account_id, version)
    response.headers["ETag"] = etag(backup.version)
    return BackupAnswer.of(backup, versions)


@router.delete(
    "",
    status_code=204,
    summary="Delete the encrypted wallet",
    responses=problems(*_REFUSALS, BackupMissing, PreconditionRequired, PreconditionFailed),
    openapi_extra=_COSTS,
)
async def delete_backup(
    tx: Tx, caller: _Owner, version: Annotated[int, Depends(expected_version)]
) -> None:
    """If it still is what `If-Match` says you saw. By its `version` it can be had for 30 days."""
    await service.remove(tx, caller.account_id, version)
