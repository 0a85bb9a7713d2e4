"""The exchange's key is its secret's, and what it signs is for one push service and a day."""

from datetime import UTC, datetime, timedelta

import jwt
import pytest

from tests.integration.push.device import judge
from tradepost.kernel.clock import system_clock
from tradepost.push.keys import ServerKey, from_base64url
from tradepost.push.sealing import device_key

SECRET = "a secret of tests that guards nothing"
PINNED = "BBYfYk1h9G8LI9lPERn-XIvPiDupEb0vHODhVEDdMU6fR5pCxiYTC4h5Ux2w0AdQSuUPcixsxS7NjlC62UfpVKY"
EARLIER = datetime(2026, 3, 1, tzinfo=UTC)


def test_the_key_is_the_secrets() -> None:
    key = ServerKey(SECRET)
    assert key.public == ServerKey(SECRET).public != ServerKey(SECRET + "s").public
    # A point on the curve; and it stays what browsers were told, in later versions too.
    device_key(from_base64url(key.public))
    assert key.public == PINNED


def test_a_push_service_believes_what_it_signs() -> None:
    key, now = ServerKey(SECRET), system_clock()
    header = key.authorization("https://push.example:8443", "mailto:ops@x.example", now)
    claims = judge(header, "https://push.example:8443", key.public)
    assert claims["sub"] == "mailto:ops@x.example"
    life = datetime.fromtimestamp(claims["exp"], UTC) - now
    assert timedelta(0) < life <= timedelta(hours=24)
    with pytest.raises(jwt.InvalidAudienceError):
        judge(header, "https://else.example", key.public)
    other = ServerKey("another").public
    forged = header.replace(key.public, other)
    with pytest.raises(jwt.InvalidSignatureError):
        judge(forged, "https://push.example:8443", other)


def test_it_expires() -> None:
    key = ServerKey(SECRET)
    header = key.authorization("https://push.example", "mailto:ops@x.example", EARLIER)
    with pytest.raises(jwt.ExpiredSignatureError):
        judge(header, "https://push.example", key.public)


@pytest.mark.parametrize("text", ["a", "a b c", "====", "é"])
def test_what_is_no_base64url(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        from_base64url(text)
