"""Signatures as the standard's own library, and Ed25519's, check them; secrets that stay sealed."""

import base64
from uuid import UUID, uuid4

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from standardwebhooks import Webhook, WebhookVerificationError

from tradepost.kernel.clock import system_clock
from tradepost.webhooks.signing import SecretsLost, SigningSecret, Vault, headers

MESSAGE, BODY = UUID(int=1), '{"type":"trade.opened"}'


def signed(*secrets: SigningSecret) -> dict[str, str]:
    return headers(secrets, MESSAGE, int(system_clock().timestamp()), BODY)


def check_v1a(public_key: str, sent: dict[str, str], body: str) -> bool:
    """As the standard says; its Python library does not know `v1a`."""
    key = Ed25519PublicKey.from_public_bytes(base64.b64decode(public_key.removeprefix("whpk_")))
    content = f"{sent['webhook-id']}.{sent['webhook-timestamp']}.{body}".encode()
    for one in sent["webhook-signature"].split(" "):
        version, _, signature = one.partition(",")
        if version == "v1a":
            try:
                key.verify(base64.b64decode(signature), content)
            except InvalidSignature:
                continue
            return True
    return False


def test_the_standards_own_library_accepts_v1() -> None:
    secret = SigningSecret.new()
    assert Webhook(secret.shared()).verify(BODY, signed(secret)) == {"type": "trade.opened"}


def test_ed25519_accepts_v1a() -> None:
    secret = SigningSecret.new()
    assert check_v1a(secret.public_key(), signed(secret), BODY)


def test_both_secrets_are_valid_while_one_replaces_the_other() -> None:
    new, old, other = SigningSecret.new(), SigningSecret.new(), SigningSecret.new()
    sent = signed(new, old)
    for secret in (new, old):
        Webhook(secret.shared()).verify(BODY, sent)
        assert check_v1a(secret.public_key(), sent, BODY)
    with pytest.raises(WebhookVerificationError):
        Webhook(other.shared()).verify(BODY, sent)
    assert not check_v1a(other.public_key(), sent, BODY)


def test_a_changed_message_is_found_out() -> None:
    secret = SigningSecret.new()
    sent = signed(secret)
    for changed in (sent | {"webhook-id": str(uuid4())}, sent | {"webhook-timestamp": "1"}):
        with pytest.raises(WebhookVerificationError):
            Webhook(secret.shared()).verify(BODY, changed)
        assert not check_v1a(secret.public_key(), changed, BODY)
    with pytest.raises(WebhookVerificationError):
        Webhook(secret.shared()).verify(BODY + " ", sent)
    assert not check_v1a(secret.public_key(), sent, BODY + " ")


def test_a_receiver_cannot_make_v1a() -> None:
    """What he is given is no part of the private key."""
    secret = SigningSecret.new()
    shared = base64.b64decode(secret.shared().removeprefix("whsec_"))
    assert len(shared) == 32
    assert secret.public_key() != SigningSecret(shared + shared).public_key()


def test_a_sealed_secret_opens_in_its_own_place_alone() -> None:
    vault, secret, webhook, key = Vault("s" * 32), SigningSecret.new(), uuid4(), uuid4()
    sealed = vault.seal(secret, webhook, key)
    assert secret.raw[:32] not in sealed
    assert vault.open(sealed, webhook, key) == secret
    assert vault.seal(secret, webhook, key) != sealed
    for place in ((uuid4(), key), (webhook, uuid4()), (key, webhook)):
        with pytest.raises(SecretsLost):
            vault.open(sealed, *place)
    with pytest.raises(SecretsLost):
        Vault("t" * 32).open(sealed, webhook, key)
    for at in range(len(sealed)):
        with pytest.raises(SecretsLost):
            vault.open(sealed[:at] + bytes([sealed[at] ^ 1]) + sealed[at + 1 :], webhook, key)


def test_a_secret_is_not_shown_by_accident() -> None:
    secret = SigningSecret.new()
    assert secret.shared()[6:] not in repr(secret)
    assert repr(secret) == "SigningSecret()"
