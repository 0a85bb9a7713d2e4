"""A saved search, and what becomes of it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from tradepost.book.model import Wanted
from tradepost.kernel.errors import Problem
from tradepost.kernel.outbox import Event

MAX_SAVED_SEARCHES: Final = 20


@dataclass(frozen=True, slots=True)
class SavedSearch:
    """What somebody waits for."""

    id: UUID
    account_id: UUID
    name: str
    wanted: Wanted
    created_at: datetime


@dataclass(frozen=True, slots=True)
class SavedSearchMatched(Event):
    """An offer that a saved search waited for came into the book."""

    search_id: str
    offer_id: str


class TooManySavedSearches(Problem):
    """You have as many saved searches as one account can have."""

    status = 409


class SearchTooWide(Problem):
    """A saved search names at least an asset or a currency."""

    status = 400
