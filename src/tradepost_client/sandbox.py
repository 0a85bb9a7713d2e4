"""The answers of a sandbox, by the rules of `models`: what its faucet gives, and its time."""

from tradepost_client.models import Address, Amount, Bytes32, Model, Time


class Gift(Model):
    """What the faucet gives of one asset, and the transaction that brings it."""

    asset: str
    amount: Amount
    tx_hash: Bytes32


class Draw(Model):
    """What is on its way to a wallet; `draws_left` are those of the next 24 hours."""

    wallet: Address
    gifts: tuple[Gift, ...]
    draws_left: int


class SandboxClock(Model):
    """A sandbox's time, and by how many seconds it is ahead of the machine's."""

    now: Time
    ahead_s: int
