"""No push message reaches a machine inside, at an exchange whose operator opened nothing.

Each address of the corpus is named by the API, where it is refused, and then put into the row
behind its back, where it is judged again.
"""

import pytest

from tests import worlds
from tests.integration.outward.hostile import CORPUS, Connects, connects, host_of
from tests.integration.outward.names import ToldNames
from tests.integration.push.conftest import Phones
from tests.integration.push.device import Device
from tradepost.kernel.ids import new_id
from tradepost.kernel.settings import Settings

__all__ = ["connects"]


@pytest.fixture
def settings(database_url: str) -> Settings:
    """As it is without a word of its operator."""
    return worlds.settings(database_url)


async def test_nothing_inside_is_connected_to(
    phones: Phones, names: ToldNames, connects: Connects
) -> None:
    world = phones.world
    maker, taker = await world.trader(), await world.trader()
    trade = await world.taken(taker, await world.offer(maker))
    first = Device().subscription("https://93.184.215.14/")
    assert (await phones.call(maker, "POST", "", first)).status_code == 201
    for form, answers in CORPUS:
        url = form.format(port=phones.service.port)
        names.answers.clear()
        if answers:
            names.say(host_of(url), answers)
        answer = await phones.call(maker, "POST", "", Device().subscription(url))
        assert answer.status_code in {400, 422}, url
        if "\x00" in url:
            continue
        async with world.database.transaction() as tx:
            await tx.execute(
                "UPDATE push_subscriptions SET endpoint = %s, due_at = %s, resting_until = NULL",
                [url, tx.now],
            )
            await tx.execute("DELETE FROM push_messages")
            await tx.execute(
                """
                INSERT INTO push_messages
                    (subscription_id, trade_id, event_id, news, due_at, created_at)
                SELECT id, %(trade)s, %(event)s, 'taken', %(now)s, %(now)s
                FROM push_subscriptions
                """,
                {"trade": trade["id"], "event": new_id(), "now": tx.now},
            )
        await phones.push()
        async with world.database.transaction() as tx:
            row = await tx.one("SELECT tries FROM push_messages")
        assert row == {"tries": 1}, url
        assert (connects.seen, phones.service.connected) == ([], 0), url
        world.clock.go_on(seconds=1)
