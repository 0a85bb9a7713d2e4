"""The look-up of names, at a name server on loopback."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset
import pytest

from tradepost.outward import addresses
from tradepost.outward.addresses import SystemNames

ZONE = {
    ("both.example.", "A"): ["93.184.215.14", "10.0.0.1"],
    ("both.example.", "AAAA"): ["2606:4700:4700::1111"],
    ("four.example.", "A"): ["93.184.215.14"],
}


class Server(asyncio.DatagramProtocol):
    """Knows `ZONE`, says nothing of `silent.example`, and of others that there are none."""

    transport: asyncio.DatagramTransport

    def connection_made(self, transport: Any) -> None:
        self.transport = transport

    def datagram_received(self, data: bytes, addr: Any) -> None:
        query = dns.message.from_wire(data)
        (question,) = query.question
        name, kind = question.name.to_text().lower(), dns.rdatatype.to_text(question.rdtype)
        if name == "silent.example.":
            return
        answer = dns.message.make_response(query)
        if found := ZONE.get((name, kind)):
            answer.answer.append(dns.rrset.from_text(name, 60, "IN", kind, *found))
        elif not any(known == name for known, _ in ZONE):
            answer.set_rcode(dns.rcode.NXDOMAIN)
        self.transport.sendto(answer.to_wire(), addr)


@pytest.fixture
async def names(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[SystemNames]:
    monkeypatch.setattr(addresses, "_LOOKUP_S", 1.0)
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(Server, local_addr=("127.0.0.1", 0))
    opened = SystemNames([f"127.0.0.1:{transport.get_extra_info('sockname')[1]}"])
    yield opened
    await opened.close()
    transport.close()


async def test_every_address_of_a_name_is_found(names: SystemNames) -> None:
    found = await names.addresses("both.example")
    assert sorted(found) == ["10.0.0.1", "2606:4700:4700::1111", "93.184.215.14"]
    assert list(await names.addresses("four.example")) == ["93.184.215.14"]


async def test_no_name_has_no_address(names: SystemNames) -> None:
    assert list(await names.addresses("nobody.example")) == []


async def test_a_server_that_says_nothing_is_not_waited_for(names: SystemNames) -> None:
    with pytest.raises(TimeoutError):
        await names.addresses("silent.example")


async def test_slow_names_hold_up_no_other(names: SystemNames) -> None:
    slow = asyncio.gather(
        *(names.addresses("silent.example") for _ in range(50)), return_exceptions=True
    )
    assert list(await names.addresses("four.example")) == ["93.184.215.14"]
    assert not slow.done()
    assert all(isinstance(one, TimeoutError) for one in await slow)


async def test_the_machines_own_names() -> None:
    names = SystemNames()
    assert "127.0.0.1" in await names.addresses("localhost")
    await names.close()
