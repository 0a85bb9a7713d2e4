"""Messages are sealed as RFC 8291 says, and look alike from outside."""

from datetime import UTC, datetime
from uuid import UUID

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from tests.integration.push.device import Device
from tradepost.push.keys import from_base64url, to_base64url
from tradepost.push.model import Message, News
from tradepost.push.sealing import LENGTH, device_key, seal, sealed

#: RFC 8291, section 5 and appendix A.
TEXT = b"When I grow up, I want to be a watermelon"
SERVER = "yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw"
DEVICE = "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4"
DEVICE_PRIVATE = "q1dXpw3UpT5VOmu_cf_v6ih07Aems3njxI-JWgLcM94"
AUTH = "BTBZMqHH6r4Tts7J_aSIgg"
SALT = "DGv6ra1nlYgDCS1FRnbzlw"
BODY = (
    "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS"
    "6TlzAC8wEqKK6PBru3jl7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qu"
    "lcy4a-fN"
)

_ID, _NOW = UUID(int=7), datetime(2026, 3, 1, tzinfo=UTC)


def private(text: str) -> ec.EllipticCurvePrivateKey:
    return ec.derive_private_key(int.from_bytes(from_base64url(text), "big"), ec.SECP256R1())


def test_the_example_of_the_standard() -> None:
    body = sealed(
        TEXT,
        from_base64url(DEVICE),
        from_base64url(AUTH),
        private(SERVER),
        from_base64url(SALT),
        len(TEXT) + 1,
    )
    assert to_base64url(body) == BODY


def test_the_tests_own_device_opens_the_example() -> None:
    device = Device(private(DEVICE_PRIVATE), from_base64url(AUTH))
    assert device.p256dh == DEVICE
    assert device.open(from_base64url(BODY)) == TEXT


def test_a_device_opens_what_is_sealed_for_it_and_no_other_does() -> None:
    device = Device()
    body = seal(b"news", device.point, device.auth_secret)
    assert device.open(body) == b"news"
    assert seal(b"news", device.point, device.auth_secret) != body
    for other in (Device(), Device(device.key), Device(auth_secret=device.auth_secret)):
        with pytest.raises(ValueError, match="not for this device"):
            other.open(body)


def test_all_messages_have_one_length() -> None:
    device = Device()
    lengths = {
        len(seal(message.body(), device.point, device.auth_secret))
        for message in (Message(*3 * (_ID,), news, 0, _NOW) for news in News)
    }
    assert lengths == {16 + 4 + 1 + 65 + LENGTH + 16}


@pytest.mark.parametrize(
    "raw",
    [b"", b"\x04" * 64, b"\x04" + b"\x01" * 64, b"\x04" + b"\x00" * 64, b"\x02" + b"\x01" * 32],
)
def test_what_is_no_point_of_the_curve_is_no_key(raw: bytes) -> None:
    with pytest.raises(ValueError, match=r".+"):
        device_key(raw)
