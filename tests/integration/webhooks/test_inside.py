"""No webhook reaches a machine inside: a corpus of hostile addresses, and nothing that connects.

Each is named by the API, where it is refused, and then put into the row behind its back, where it
is judged again. A socket listens on loopback, and every connection of this process is noted.
"""

import socket
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass, field
from ipaddress import ip_network
from typing import Any

import pytest

from tests import worlds
from tests.integration.webhooks.conftest import LOOPBACK, Owner
from tests.integration.webhooks.names import ToldNames
from tests.integration.webhooks.receiver import Receiver, receiving, says
from tradepost.kernel.settings import Settings
from tradepost.webhooks.sending import Sender

#: `{port}` is where the trap listens. Names lead where the second part says.
CORPUS: tuple[tuple[str, Sequence[str]], ...] = (
    # Loopback, as it is and in the forms that other readers take for it.
    ("https://127.0.0.1:{port}/", ()),
    ("https://127.0.0.1/", ()),
    ("https://127.255.255.254:{port}/", ()),
    ("https://127.1:{port}/", ()),
    ("https://127.0.1:{port}/", ()),
    ("https://2130706433:{port}/", ()),
    ("https://0x7f000001:{port}/", ()),
    ("https://0x7f.0.0.1:{port}/", ()),
    ("https://0x7f.1:{port}/", ()),
    ("https://017700000001:{port}/", ()),
    ("https://0177.0.0.1:{port}/", ()),
    ("https://127.0.0.1.:{port}/", ()),
    ("https://127.0.0.01:{port}/", ()),
    ("https://127.000.000.001:{port}/", ()),
    ("https://\u2460\u2461\u2466.\u24ea.\u24ea.\u2460:{port}/", ()),
    ("https://\uff11\uff12\uff17.0.0.1:{port}/", ()),
    ("https://127\u30020\u30020\u30021:{port}/", ()),
    ("https://0:{port}/", ()),
    ("https://0.0.0.0:{port}/", ()),
    ("https://0.1.2.3:{port}/", ()),
    ("https://[::1]:{port}/", ()),
    ("https://[::]:{port}/", ()),
    ("https://[0:0:0:0:0:0:0:1]:{port}/", ()),
    ("https://[::ffff:127.0.0.1]:{port}/", ()),
    ("https://[::ffff:7f00:1]:{port}/", ()),
    ("https://[::127.0.0.1]:{port}/", ()),
    ("https://[64:ff9b::7f00:1]:{port}/", ()),
    ("https://[64:ff9b:1::7f00:1]:{port}/", ()),
    ("https://[2002:7f00:1::]:{port}/", ()),
    ("https://[2001:0:7f00:1::80ff:fffe]:{port}/", ()),
    ("https://[::1%25lo]:{port}/", ()),
    ("https://[::1%lo]:{port}/", ()),
    # Networks inside, links, those of providers, and what is no single machine.
    ("https://10.0.0.1/", ()),
    ("https://172.16.0.1/", ()),
    ("https://172.31.255.254/", ()),
    ("https://192.168.1.1/", ()),
    ("https://192.168.257/", ()),
    ("https://100.64.0.1/", ()),
    ("https://198.18.0.1/", ()),
    ("https://192.0.0.192/", ()),
    ("https://203.0.113.1/", ()),
    ("https://224.0.0.1/", ()),
    ("https://240.0.0.1/", ()),
    ("https://255.255.255.255/", ()),
    ("https://[fc00::1]/", ()),
    ("https://[fd00:ec2::254]/", ()),
    ("https://[fe80::1]/", ()),
    ("https://[fec0::1]/", ()),
    ("https://[ff02::1]/", ()),
    ("https://[::ffff:10.0.0.1]/", ()),
    ("https://[2002:a00:1::]/", ()),
    ("https://[2001:db8::1]/", ()),
    # What clouds tell whoever asks from inside.
    ("https://169.254.169.254/latest/meta-data/", ()),
    ("http://169.254.169.254/latest/meta-data/", ()),
    ("https://2852039166/latest/meta-data/", ()),
    ("https://0xa9fea9fe/", ()),
    ("https://0251.0376.0251.0376/", ()),
    ("https://[::ffff:169.254.169.254]/", ()),
    ("https://[64:ff9b::a9fe:a9fe]/", ()),
    ("https://metadata.google.internal/", ("169.254.169.254",)),
    ("https://100.100.100.200/", ()),
    # Names that lead inside, one way or another.
    ("https://localhost:{port}/", ("127.0.0.1", "::1")),
    ("https://LOCALHOST.:{port}/", ("127.0.0.1",)),
    ("https://loopback.example:{port}/", ("127.0.0.1",)),
    ("https://six.example:{port}/", ("::1",)),
    ("https://mapped.example:{port}/", ("::ffff:127.0.0.1",)),
    ("https://zero.example:{port}/", ("0.0.0.0",)),  # noqa: S104 - as a name has it
    ("https://127.0.0.1.nip.example:{port}/", ("127.0.0.1",)),
    ("https://postgres:{port}/", ("172.18.0.2",)),
    ("https://db.service.consul/", ("10.0.0.5",)),
    ("https://both.example:{port}/", ("93.184.215.14", "127.0.0.1")),
    ("https://last.example:{port}/", ("2606:4700:4700::1111", "93.184.215.14", "::1")),
    ("https://zone.example:{port}/", ("fe80::1%lo",)),
    ("https://odd.example:{port}/", ("2130706433",)),
    ("https://nowhere.example:{port}/", ()),
    ("https://many.example:{port}/", ("93.184.215.14",) * 40),
    # Readers that disagree about where the host is.
    ("https://93.184.215.14@127.0.0.1:{port}/", ()),
    ("https://127.0.0.1:{port}@93.184.215.14/", ()),
    ("https://93.184.215.14\\@127.0.0.1:{port}/", ()),
    ("https://93.184.215.14#@127.0.0.1:{port}/", ()),
    ("https://127.0.0.1:{port}\\.example.com/", ()),
    ("https://127.0.0.1%00.example.com:{port}/", ()),
    ("https://127.0.0.1%2f.example.com:{port}/", ()),
    ("https://[127.0.0.1]:{port}/", ()),
    ("https:127.0.0.1:{port}/", ()),
    ("https:\\\\127.0.0.1:{port}\\", ()),
    ("https://127.0.0.1:{port}\t/", ()),
    ("https://\t127.0.0.1:{port}/", ()),
    ("https://127.0.0.1:{port}\r\nHost: x/", ()),
    ("\x00https://127.0.0.1:{port}/", ()),
    # Without TLS, by other ways, and at ports of other services.
    ("http://127.0.0.1:{port}/", ()),
    ("http://93.184.215.14/", ()),
    ("http://shop.example/", ("93.184.215.14",)),
    ("https://93.184.215.14:22/", ()),
    ("https://93.184.215.14:25/", ()),
    ("file:///etc/passwd", ()),
    ("gopher://127.0.0.1:{port}/_POST", ()),
    ("ftp://127.0.0.1:{port}/", ()),
    ("dict://127.0.0.1:{port}/", ()),
    ("unix:///var/run/docker.sock", ()),
    ("https+unix://%2fvar%2frun%2fdocker.sock/", ()),
    ("//127.0.0.1:{port}/", ()),
    ("127.0.0.1:{port}", ()),
)


@dataclass
class Connects:
    """Every address that this process connected a socket to."""

    seen: list[Any] = field(default_factory=list)


@pytest.fixture
def connects(monkeypatch: pytest.MonkeyPatch) -> Iterator[Connects]:
    """The database's connections are made in C, and so are not among them."""
    written = Connects()
    connect = socket.socket.connect

    def noted(self: socket.socket, address: Any) -> None:
        written.seen.append(address)
        connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", noted)
    yield written
    monkeypatch.undo()


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
            host = url.split("//")[1].split("/")[0].rsplit(":", 1)[0].rstrip(".").lower()
            names.say(host, answers)
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
