"""How people say things: a margin in percent, hours of the week, a moment.

Each reader raises `ValueError` with what is wrong; `option` makes one a reader of the command line.
"""

import re
from collections.abc import Callable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, TypeVar

import typer

if TYPE_CHECKING:
    from tradepost_client.offers import Hours, Span

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_PERCENT = re.compile(r"([+-]?[0-9]{1,3}(?:\.[0-9]{1,2})?) ?%?")
_HOURS = re.compile(r"([a-z,-]{3,40}) +([0-9:]{5})-([0-9:]{5}) +([A-Za-z0-9/_+-]{1,64})")
_CLOCK = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]|24:00")

Said = TypeVar("Said")


def option(reader: Callable[[str], Said]) -> Callable[[str], Said]:
    """`reader` for an option: what it finds wrong is told as a usage error."""

    def read(text: str) -> Said:
        try:
            return reader(text)
        except ValueError as error:
            raise typer.BadParameter(str(error)) from None

    return read


def margin(text: str) -> int:
    """A margin in percent, `1.5` or `-0.25 %`, in 1/100 percent."""
    found = _PERCENT.fullmatch(text.strip())
    if found is None:
        raise ValueError(f"{text!r} is not a percentage with at most two decimals, such as 1.5")
    return int(Decimal(found[1]) * 100)


def moment(text: str) -> datetime:
    """A time in ISO 8601 with its zone, such as `2026-12-31T18:00Z`."""
    try:
        found = datetime.fromisoformat(text.strip())
    except ValueError:
        raise ValueError(f"{text!r} is not a time such as 2026-12-31T18:00Z") from None
    if found.tzinfo is None:
        raise ValueError(f"{text!r} has no zone; add Z, or an offset such as +01:00")
    return found


def hours(texts: Sequence[str]) -> "Hours":
    """Working hours of lines such as `mon-fri 09:00-18:00 Europe/Berlin`, all of one zone."""
    spans: list[Span] = []
    zones = set()
    for text in texts:
        found = _HOURS.fullmatch(text.strip())
        if found is None:
            raise ValueError(f"{text!r} is not hours such as mon-fri 09:00-18:00 Europe/Berlin")
        days, opens, closes, zone = found.groups()
        for clock in (opens, closes):
            if not _CLOCK.fullmatch(clock):
                raise ValueError(f"{clock} is not a time of the day")
        if opens >= closes:
            raise ValueError(f"{opens}-{closes} does not end on its day; say it as two spans")
        zones.add(zone)
        spans += ({"day": day, "opens": opens, "closes": closes} for day in _days(days))
    if len(zones) != 1:
        raise ValueError("working hours are of one time zone")
    (zone,) = zones
    _check_zone(zone)
    return {"time_zone": zone, "spans": spans}


def _days(text: str) -> list[str]:
    found: list[str] = []
    for part in text.split(","):
        first, _, last = part.partition("-")
        for day in (first, last or first):
            if day not in DAYS:
                raise ValueError(f"{day!r} is not one of {', '.join(DAYS)}")
        start, end = DAYS.index(first), DAYS.index(last or first)
        if end < start:
            raise ValueError(f"{part} goes past sunday; say it in two parts")
        found += DAYS[start : end + 1]
    return found


def _check_zone(zone: str) -> None:
    from zoneinfo import available_timezones

    if zone not in available_timezones():
        raise ValueError(f"there is no time zone {zone!r}")
