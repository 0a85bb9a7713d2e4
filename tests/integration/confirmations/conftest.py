"""Owners and their programs, over the exchange of the tests of trades."""

from typing import Any

import pytest

from tests.integration.trades.conftest import (  # noqa: F401 - pytest finds fixtures by their names
    KEYS,
    Trader,
    World,
    api,
    clock,
    database,
    settings,
    world,
)

#: What a program has that must not act for its owner.
AGENT = ["offers:read", "trades:read", "confirmations:read", "confirmations:ask"]


class Owners:
    """What owners and their programs say."""

    def __init__(self, world: World) -> None:  # noqa: F811 - a name of its own
        self.world = world

    async def program(self, owner: Trader, scopes: list[str] | None = None) -> Trader:
        """A program of the owner's, with a token of its own."""
        body = {"label": "agent", "scopes": scopes or AGENT, "expires_in_s": 3600}
        made = await self.world.post(owner, "/v1/tokens", body)
        assert made.status_code == 201, made.text
        return Trader(owner.id, owner.wallet, made.json()["token"])

    async def ask(self, program: Trader, offer: dict[str, Any], **changes: object) -> Any:
        """The program asks to take an offer, for one coin unless it is said otherwise."""
        opening = {
            "offer_id": offer["id"],
            "amount": "1",
            "price_limit": offer["price"],
            "payment_method": "sepa",
        } | changes
        given = {name: value for name, value in opening.items() if value is not None}
        body = {"step": "open_trade", "opening": given}
        return await self.world.post(program, "/v1/confirmations", body)

    async def asked(self, program: Trader, offer: dict[str, Any], **changes: object) -> Any:
        """As `ask`, and it has to work."""
        answer = await self.ask(program, offer, **changes)
        assert answer.status_code == 201, answer.text
        return answer.json()

    async def confirm(self, owner: Trader, asked: dict[str, Any], **changes: object) -> Any:
        """The owner confirms, with what his wallet adds to an opening."""
        body = {
            "digest": asked["digest"],
            "wallet": owner.wallet,
            "encryption_key": KEYS[1],
        } | changes
        given = {name: value for name, value in body.items() if value is not None}
        return await self.world.post(owner, f"/v1/confirmations/{asked['id']}/confirm", given)

    async def state(self, owner: Trader, asked: dict[str, Any]) -> str:
        """Where a confirmation stands."""
        found = await self.world.get(owner, f"/v1/confirmations/{asked['id']}")
        return str(found.json()["state"])

    async def trades(self, owner: Trader) -> list[Any]:
        """The owner's trades."""
        return list((await self.world.get(owner, "/v1/trades")).json()["data"])


@pytest.fixture
def owners(world: World) -> Owners:  # noqa: F811 - it is asked for
    """Owners and their programs."""
    return Owners(world)
