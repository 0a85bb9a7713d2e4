"""Identifiers that sort by the time they were made (UUID version 7, RFC 9562)."""

from uuid import UUID

import uuid_utils.compat


def new_id() -> UUID:
    """A fresh UUIDv7."""
    return uuid_utils.compat.uuid7()
