"""A backup as the exchange sees it, how long one is kept, and what can go wrong."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from tradepost.kernel.errors import Problem

#: Of a vault's text, in characters: several times what the page makes of twelve words.
MAX_VAULT: Final = 8192
#: For how long what was replaced or deleted can still be had.
KEPT: Final = timedelta(days=30)
#: Versions of one account within that time. Whoever has got into an account can add some, and
#: cannot push a single one out.
MAX_VERSIONS: Final = 10


@dataclass(frozen=True, slots=True)
class Backup:
    """One version of an account's encrypted wallet; `replaced_at` is None while it stands."""

    account_id: UUID
    version: int
    vault: str
    created_at: datetime
    replaced_at: datetime | None


def current(kept: Sequence[Backup]) -> Backup | None:
    """The one that stands, of all that are kept, the newest first."""
    return kept[0] if kept and kept[0].replaced_at is None else None


def room_from(kept: Sequence[Backup]) -> datetime | None:
    """When there is room for one more version; None where there is now."""
    if len(kept) < MAX_VERSIONS:
        return None
    return min(one.replaced_at for one in kept if one.replaced_at is not None) + KEPT


class BackupMissing(Problem):
    """The account has no such backup; `versions` are those that can still be had."""

    status = 404


class TooManyBackups(Problem):
    """The backup was changed as often as it can be within 30 days; `again_at` is when it can be."""

    status = 409


class SessionNeeded(Problem):
    """This needs a session, from signing in: a token that was made for a program does not do."""

    status = 403
