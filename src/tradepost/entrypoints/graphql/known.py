"""Queries that are known by their SHA-256: the operator's, and those that callers sent lately."""

import hashlib
import json
import re
from collections import OrderedDict
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from tradepost.kernel.errors import Problem

#: Longer than any query that asks for all fields of a subject.
MAX_CHARS: Final = 16_000
#: Each is as long as a query can be at most.
_MOST: Final = 500
_HASH: Final = re.compile(r"[0-9a-f]{64}")


class PersistedQueryNotFound(Problem):
    """No query with this SHA-256 is known here; send it along once."""

    status = 404


class QueryNotKnown(Problem):
    """This exchange answers the queries that its operator has listed, and no others."""

    status = 403


class QueriesInvalid(Exception):
    """The file of queries does not make sense; the message says why."""


class KnownQueries:
    """The queries of one process; a caller's that is not asked for any more gives way to others."""

    def __init__(self, listed: Mapping[str, str], *, only_listed: bool) -> None:
        self._listed = listed
        self._only_listed = only_listed
        self._sent: OrderedDict[str, str] = OrderedDict()

    def of(self, digest: str) -> str:
        """The query; raises `PersistedQueryNotFound`."""
        if digest in self._listed:
            return self._listed[digest]
        if digest not in self._sent:
            # The code is what clients of automatic persisted queries look for.
            raise PersistedQueryNotFound(code="PERSISTED_QUERY_NOT_FOUND")
        self._sent.move_to_end(digest)
        return self._sent[digest]

    def admit(self, query: str) -> None:
        """Raises `QueryNotKnown` where only the operator's are answered, and it is none."""
        if self._only_listed and digest_of(query) not in self._listed:
            raise QueryNotKnown

    def lists(self, query: str) -> bool:
        """Whether it is one of the operator's."""
        return bool(self._listed) and digest_of(query) in self._listed

    def keep(self, query: str) -> None:
        """Remembers a caller's query that was found good."""
        digest = digest_of(query)
        if digest in self._listed:
            return
        self._sent[digest] = query
        self._sent.move_to_end(digest)
        if len(self._sent) > _MOST:
            self._sent.popitem(last=False)


def digest_of(query: str) -> str:
    """The SHA-256 of a query's UTF-8, in hexadecimal digits."""
    return hashlib.sha256(query.encode()).hexdigest()


def read(path: Path | None) -> Mapping[str, str]:
    """The operator's queries: a JSON object of each by its SHA-256; raises `QueriesInvalid`."""
    if path is None:
        return {}
    try:
        said = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise QueriesInvalid(f"{path} cannot be read: {type(error).__name__}.") from None
    if not isinstance(said, dict):
        raise QueriesInvalid(f"{path} is no object of queries by their SHA-256.")
    for digest, query in said.items():
        if not _HASH.fullmatch(digest) or not isinstance(query, str):
            raise QueriesInvalid(f"{digest[:80]} is no SHA-256 of a query.")
        if len(query) > MAX_CHARS:
            raise QueriesInvalid(f"{digest} has more than {MAX_CHARS:,} characters.")
        if digest_of(query) != digest:
            raise QueriesInvalid(f"{digest} is not the SHA-256 of its query.")
    return said
