"""What an operation costs, said where it is declared, and so in the OpenAPI document.

`openapi_extra=costs(20, money=True)` says it; an operation that says nothing has its method's cost.
"""

from typing import Any, NamedTuple

from tradepost.kernel.limits.bucket import MAX_COST

_UNITS = "x-rate-limit-cost"
_MONEY = "x-moves-money"
READS = frozenset({"GET", "HEAD", "OPTIONS"})


class Cost(NamedTuple):
    """Units of a request, and whether it touches money."""

    units: int
    money: bool


#: A read; a command, which is taken to touch money unless it says otherwise.
READ = Cost(1, money=False)
WRITE = Cost(5, money=True)
#: To open a stream holds a connection for as long as it lasts.
HANDSHAKE = Cost(10, money=False)


def costs(units: int, *, money: bool) -> dict[str, Any]:
    """The `openapi_extra=` of an operation.

    `money` says what becomes of it while the shared store of limits is away: what touches coins,
    offers or trades is refused then, unless the operator decides otherwise.
    """
    assert 0 <= units <= MAX_COST
    return {_UNITS: units, _MONEY: money}


def declared(methods: set[str], extra: dict[str, Any] | None) -> dict[str, Any]:
    """An operation's `openapi_extra`, with its method's cost where it says none."""
    usual = READ if methods <= READS else WRITE
    return costs(usual.units, money=usual.money) | (extra or {})


def cost_of(extra: dict[str, Any] | None, method: str) -> Cost:
    """What a request costs by its operation's `openapi_extra`, or without one by its method."""
    if extra is None or _UNITS not in extra:
        return READ if method in READS else WRITE
    return Cost(extra[_UNITS], extra[_MONEY])
