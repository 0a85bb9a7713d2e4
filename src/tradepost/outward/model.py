"""What a try came to, and the rules of trying again: pure, time and dice are arguments."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from enum import StrEnum
from typing import Final

#: A pause is longer or shorter by up to this part, so that receivers are not all asked at once.
_JITTER: Final = 0.1
MAX_RETRY_AFTER_S: Final = 86_400
_LONGEST_RETRY_AFTER: Final = 64

#: A receiver that has only failed for so long, and so often, is given up.
FAILING_FOR: Final = timedelta(days=5)
FAILING_TRIES: Final = 10
#: Who takes longer to answer is served where nobody quick has to wait for him.
QUICK_S: Final = 2.0


class Fault(StrEnum):
    """Why there was no answer."""

    ADDRESS = "address"
    UNREACHABLE = "unreachable"
    TLS = "tls"
    TIMEOUT = "timeout"
    MALFORMED = "malformed"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a try came to; `retry_after` is the header as it was sent."""

    duration_ms: int
    status: int | None = None
    fault: Fault | None = None
    retry_after: str | None = None

    @property
    def accepted(self) -> bool:
        """True if the receiver has the message: only 2xx says so."""
        return self.status is not None and 200 <= self.status < 300

    @property
    def quick(self) -> bool:
        """True if he has it, and said so soon."""
        return self.accepted and self.duration_ms < QUICK_S * 1000


def next_try(
    schedule_s: Sequence[int],
    tries: int,
    now: datetime,
    draw: float,
    retry_after: datetime | None,
) -> datetime | None:
    """When to try again after `tries` that failed; None after the last of them.

    Args:
        schedule_s: the pauses between two tries, in seconds.
        tries: at least one.
        now: of the last of them.
        draw: a number from 0 to 1 of the dice.
        retry_after: before when the receiver does not want to be asked.
    """
    if tries > len(schedule_s):
        return None
    pause_s = schedule_s[tries - 1] * (1 + _JITTER * (2 * draw - 1))
    planned = now + timedelta(seconds=pause_s)
    return planned if retry_after is None else max(planned, retry_after)


def read_retry_after(text: str | None, now: datetime) -> datetime | None:
    """The moment that a `Retry-After` names, in seconds or as a date; at most a day from `now`.

    None for none, for one in the past, and for one that makes no sense.
    """
    said = (text or "").strip()
    if not said or len(said) > _LONGEST_RETRY_AFTER or not said.isascii():
        return None
    latest = now + timedelta(seconds=MAX_RETRY_AFTER_S)
    if re.fullmatch(r"[0-9]+", said):
        moment = now + timedelta(seconds=min(int(said), MAX_RETRY_AFTER_S))
    else:
        try:
            moment = parsedate_to_datetime(said)
        except (ValueError, OverflowError):
            return None
        moment = moment.replace(tzinfo=moment.tzinfo or UTC)
    return min(moment, latest) if moment > now else None


def is_hopeless(failing_since: datetime | None, failures: int, now: datetime) -> bool:
    """True if a receiver has only failed for so long that it is to be given up."""
    return (
        failing_since is not None
        and failures >= FAILING_TRIES
        and now - failing_since >= FAILING_FOR
    )
