"""No webhook reaches a machine inside: a corpus of hostile addresses, and nothing that connects.

Each is named by the API, where it is refused, and then put into the row behind its back, where it
is judged again. A socket listens on loopback, and every connection of this process is noted.
"""

from collections.abc import AsyncIterator
from ipaddress import ip_network

import pytest

from tests import worlds
from tests.integration.outward.hostile import CORPUS, Connects, connects, host_of
from tests.integration.outward.names import ToldNames
from tests.integration.outward.receiver import LOOPBACK, Receiver, receiving, says
from tests.integration.webhooks.conftest import Owner
from tradepost.kernel.settings import Settings
from tradepost.outward.sending import Sender

__all__ = ["connects"]


@pytest.fixture
async def trap() -> AsyncIterator[Receiver]:
    """Listens inside."""
    async with receiving() as opened:
        yield opened


@pytest.fixture
def settings(database_url: str) -> Settings:
    """An exchange as it is without a word of its operator."""
    return worlds.settings(database_url)


async def test_the_trap_and_the_notes_work(trap: Receiver, connects: Connects) -> None:
    nowhere = worlds.settings("postgresql://nowhere")
    opened = nowhere.model_copy(update={"webhook_networks": LOOPBACK})
    assert (await Sender(opened, ToldNames()).send(trap.url, {}, b"{}")).status == 204
    assert trap.connected == len(connects.seen) == 1


async def test_nothing_inside_is_connected_to(
    owner: Owner, names: ToldNames, trap: Receiver, connects: Connects
) -> None:
    assert len(CORPUS) >= 60
    webhook = await owner.name("https://93.184.215.14/")
    for form, answers in CORPUS:
        url = form.format(port=trap.port)
        names.answers.clear()
        if answers:
            names.say(host_of(url), answers)
        answer = await owner.call("POST", "", {"url": url})
        assert answer.status_code in {400, 422}, url
        if "\x00" in url:
            continue
        async with owner.database.transaction() as tx:
            await tx.execute("UPDATE webhooks SET url = %s", [url])
        await owner.happens()
        await owner.settle()
        delivery = (await owner.log(webhook))[0]
        attempt = delivery["attempts"][-1]
        assert (attempt["status"], attempt["error"]) == (None, "address"), url
        assert (connects.seen, trap.connected) == ([], 0), url
        owner.clock.go_on(seconds=1)


async def test_a_name_that_changes_its_mind_after_it_was_judged(
    owner: Owner, names: ToldNames, trap: Receiver, connects: Connects
) -> None:
    """Named while it leads outside, it leads inside when it is used."""
    url = f"https://shop.example:{trap.port}/"
    names.say("shop.example", ["93.184.215.14"], ["127.0.0.1"])
    webhook = await owner.name(url)
    await owner.happens()
    await owner.settle()
    (delivery,) = await owner.log(webhook)
    assert delivery["attempts"][0]["error"] == "address"
    assert (connects.seen, trap.connected) == ([], 0)
    # Once for the first look, once for the try.
    assert names.asked == ["shop.example"] * 2


async def test_a_name_that_changes_its_mind_between_judging_and_connecting(
    names: ToldNames, connects: Connects
) -> None:
    """There is nothing in between: the socket goes to the address that was judged."""
    nowhere = worlds.settings("postgresql://nowhere")
    one = nowhere.model_copy(update={"webhook_networks": (ip_network("127.0.0.2/32"),)})
    names.say("shop.example", ["127.0.0.2"], ["127.0.0.1"])
    async with receiving(host="127.0.0.2") as outside, receiving(port=outside.port) as trap:
        outcome = await Sender(one, names).send(f"http://shop.example:{outside.port}/", {}, b"{}")
        assert outcome.status == 204
        assert (outside.connected, trap.connected) == (1, 0)
        assert connects.seen == [("127.0.0.2", outside.port)]
        assert names.asked == ["shop.example"]


@pytest.mark.parametrize("status", [300, 301, 302, 303, 305, 307, 308])
async def test_a_redirect_leads_nowhere(
    names: ToldNames, trap: Receiver, connects: Connects, status: int
) -> None:
    nowhere = worlds.settings("postgresql://nowhere")
    one = nowhere.model_copy(update={"webhook_networks": (ip_network("127.0.0.2/32"),)})
    headers = f"Location: {trap.url}\r\nRefresh: 0; url={trap.url}\r\n"
    async with receiving(says(status, headers), host="127.0.0.2") as outside:
        outcome = await Sender(one, names).send(f"http://127.0.0.2:{outside.port}/", {}, b"{}")
        assert (outcome.status, outcome.accepted) == (status, False)
        assert trap.connected == 0
        assert connects.seen == [("127.0.0.2", outside.port)]
