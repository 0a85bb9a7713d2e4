"""A corpus of hostile addresses, and a watch on what this process connects to."""

import socket
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest

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


def host_of(url: str) -> str:
    """The name in a URL of the corpus, as it is looked up."""
    return url.split("//")[1].split("/", maxsplit=1)[0].rsplit(":", 1)[0].rstrip(".").lower()
