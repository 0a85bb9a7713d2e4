"""What a URL may say, and which addresses are public."""

import asyncio
from collections.abc import Sequence
from ipaddress import ip_address, ip_network
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests import worlds
from tradepost.kernel.settings import Settings
from tradepost.outward.addresses import AddressRefused, UrlRefused, find, is_public, read_url
from tradepost.outward.looking import FirstLook


def settings(**said: Any) -> Settings:
    networks = {name: tuple(ip_network(one) for one in networks) for name, networks in said.items()}
    return worlds.settings("postgresql://nowhere").model_copy(update=networks)


class Names:
    """Says what it is told to, one answer after the other; the last one stays."""

    def __init__(self, *answers: Sequence[str]) -> None:
        self._answers = list(answers)
        self.asked = 0

    async def addresses(self, host: str) -> Sequence[str]:
        self.asked += 1
        return self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("https://shop.example", "https://shop.example/"),
        ("HTTPS://Shop.Example./Hook?a=1&b=%20", "https://shop.example/Hook?a=1&b=%20"),
        ("https://shop.example:443/x", "https://shop.example/x"),
        ("https://shop.example:8443/x", "https://shop.example:8443/x"),
        ("https://b\xfccher.example/", "https://xn--bcher-kva.example/"),
        ("https://xn--bcher-kva.example/", "https://xn--bcher-kva.example/"),
        ("https://93.184.215.14/", "https://93.184.215.14/"),
        ("https://[2606:2800:21f:cb07:6820:80da:af6b:8b2c]:9443/a",) * 2,
        ("https://[2606:2800:021f:0:0:0:0:1]/", "https://[2606:2800:21f::1]/"),
        ("https://shop.example?x", "https://shop.example/?x"),
        ("https://shop.example?@127.0.0.1:22/", "https://shop.example/?@127.0.0.1:22/"),
        ("https://1shop.example/", "https://1shop.example/"),
        ("https://0x7f.example/", "https://0x7f.example/"),
    ],
)
def test_a_url_has_one_form(text: str, url: str) -> None:
    assert read_url(text).url == url
    assert read_url(url).url == url


@pytest.mark.parametrize(
    "text",
    [
        "",
        "shop.example",
        "//shop.example/",
        "ftp://shop.example/",
        "file:///etc/passwd",
        "gopher://shop.example/",
        "javascript://shop.example/",
        "https:/shop.example",
        "https:shop.example",
        "https://",
        "https:///x",
        "https://:443/",
        "https://shop.example/#x",
        "https://shop.example#@inside.example/",
        "https://shop.example/a b",
        "https://shop.example/\n",
        "https://shop.example\r\nX: y/",
        "https://shop.example/\x00",
        "https://shop.example/\xe9",
        "https://shop.example/%zz",
        "https://shop.example\\@inside.example/",
        "https://shop.example/\\x",
        "https://user@shop.example/",
        "https://user:word@shop.example/",
        "https://@shop.example/",
        "https://shop.example@inside.example/",
        "https://shop.example:22/",
        "https://shop.example:80/",
        "https://shop.example:0/",
        "https://shop.example:1023/",
        "https://shop.example:65536/",
        "https://shop.example:99999/",
        "https://shop.example:/",
        "https://shop.example:4 43/",
        "https://shop.example:-443/",
        "https://shop.example:443:443/",
        "https://shop_.example/",
        "https://-shop.example/",
        "https://shop..example/",
        "https://.example/",
        "https://.",
        "https://%73hop.example/",
        "https://shop.example%00.inside.example/",
        "https://" + "a" * 64 + ".example/",
        "https://" + "a." * 130 + "example/",
        "https://shop.example/" + "a" * 500,
        "https://[::1/",
        "https://::1/",
        "https://[fe80::1%25eth0]/",
        "https://[fe80::1%eth0]/",
        "https://[v1.x]/",
        "https://[127.0.0.1]/",
        "https://[]/",
        " https://shop.example/",
        "https ://shop.example/",
    ],
)
def test_a_url_that_is_none_of_ours(text: str) -> None:
    with pytest.raises(UrlRefused):
        read_url(text)


@given(st.text(max_size=60))
def test_no_text_breaks_the_reading(text: str) -> None:
    for said in (text, "https://" + text, f"https://{text}.example/{text}"):
        try:
            target = read_url(said)
        except UrlRefused:
            continue
        assert target.url.isascii()
        assert read_url(target.url) == target


PUBLIC = ("1.1.1.1", "93.184.215.14", "8.8.8.8", "2606:4700:4700::1111", "2a00:1450:4001:800::200e")


@pytest.mark.parametrize("address", PUBLIC)
def test_addresses_of_everybody(address: str) -> None:
    assert is_public(ip_address(address))


@pytest.mark.parametrize(
    "network",
    [
        *("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16"),
        *("172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16"),
        *("198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4"),
        *("255.255.255.255/32", "::/128", "::1/128", "::ffff:0:0/96", "::/96", "64:ff9b::/96"),
        *("64:ff9b:1::/48", "100::/64", "2001::/32", "2001:db8::/32", "2002::/16", "3fff::/20"),
        *("5f00::/16", "fc00::/7", "fe80::/10", "fec0::/10", "ff00::/8"),
    ],
)
def test_networks_of_nobody_in_particular(network: str) -> None:
    """First, last and a middle address of each."""
    found = ip_network(network)
    middle = found[found.num_addresses // 2]
    assert not any(is_public(address) for address in (found[0], middle, found[-1]))


@pytest.mark.parametrize("public", PUBLIC[:3])
@pytest.mark.parametrize("form", ["::ffff:{}", "::{}", "64:ff9b::{}"])
def test_an_address_inside_of_another_is_none(public: str, form: str) -> None:
    assert not is_public(ip_address(form.format(public)))


async def test_one_address_that_will_not_do_is_one_too_many() -> None:
    target = read_url("https://shop.example/")
    for answer in (
        ["1.1.1.1", "10.0.0.1"],
        ["2606:4700:4700::1111", "::1"],
        ["1.1.1.1", "fe80::1%eth0"],
        [],
        ["1.1.1.1"] * 33,
    ):
        with pytest.raises(AddressRefused):
            await find(target, Names(answer), settings())
    found = await find(target, Names(["1.1.1.1", "2606:4700:4700::1111"]), settings())
    assert [str(address) for address in found] == ["1.1.1.1", "2606:4700:4700::1111"]


async def test_an_operator_opens_networks_and_closes_others() -> None:
    names = Names(["10.1.2.3"])
    inside = settings(webhook_networks=["10.1.2.0/24"])
    for url in ("https://shop.example/", "http://shop.example/"):
        assert await find(read_url(url), names, inside)
        with pytest.raises(AddressRefused):
            await find(read_url(url), Names(["10.1.3.1"]), inside)
    both = settings(
        webhook_networks=["10.1.2.0/24"], webhook_refused_networks=["10.1.2.3/32", "1.1.1.0/24"]
    )
    for answer in (["10.1.2.3"], ["1.1.1.1"]):
        with pytest.raises(AddressRefused):
            await find(read_url("https://shop.example/"), Names(answer), both)


async def test_without_tls_only_where_the_operator_says() -> None:
    with pytest.raises(AddressRefused):
        await find(read_url("http://shop.example/"), Names(["1.1.1.1"]), settings())
    inside = settings(webhook_networks=["127.0.0.0/8"])
    with pytest.raises(AddressRefused):
        await find(read_url("http://shop.example/"), Names(["1.1.1.1"]), inside)
    look = FirstLook(Names(["1.1.1.1"]))
    with pytest.raises(UrlRefused):
        await look.check(read_url("http://shop.example/"), settings())


async def test_the_first_look_waits_for_nobody() -> None:
    class Slow:
        asked = 0

        async def addresses(self, host: str) -> Sequence[str]:
            Slow.asked += 1
            if host == "slow.example":
                await asyncio.Event().wait()
            raise TimeoutError

    look = FirstLook(Slow())
    await look.check(read_url("https://late.example/"), settings())
    waiting = [
        asyncio.create_task(look.check(read_url("https://slow.example/"), settings()))
        for _ in range(2)
    ]
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    before = Slow.asked
    await look.check(read_url("https://late.example/"), settings())
    assert Slow.asked == before
    for task in waiting:
        task.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)
    await look.check(read_url("https://late.example/"), settings())
    assert Slow.asked == before + 1
