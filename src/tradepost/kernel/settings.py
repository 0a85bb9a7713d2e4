"""What an operator decides, as one frozen object; `entrypoints/settings.py` reads it in."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, SecretStr, StringConstraints

Address = Annotated[str, StringConstraints(pattern=r"^0x[0-9a-fA-F]{40}$")]


class AssetSetting(BaseModel):
    """A coin that can be traded: the chain's native one where `token` is missing."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    code: Annotated[str, StringConstraints(pattern=r"^[A-Z0-9]{2,10}$")]
    decimals: Annotated[int, Field(ge=0, le=24)]
    token: Address | None = None


class Settings(BaseModel):
    """All settings, checked; each is described in the README's table."""

    model_config = ConfigDict(frozen=True)

    database_url: SecretStr
    rpc_url: SecretStr
    #: Signs cursors; at least 32 characters that nobody else knows.
    secret: SecretStr = Field(min_length=32)
    #: Where traders reach the exchange; wallet sign-ins are bound to its host.
    public_url: str = "http://127.0.0.1:8000"
    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=1, le=65535)] = 8000
    http_workers: Annotated[int, Field(ge=1, le=64)] = 1
    database_connections: Annotated[int, Field(ge=2, le=200)] = 10
    assets: Annotated[tuple[AssetSetting, ...], Field(min_length=1)]
    #: Pays the gas of what the exchange brings to the chain; holds no trader's coins.
    relayer_key: SecretStr
    #: Whose ruling counts, with one trader's signature, in a dispute.
    arbitrator: Address
    #: None: the deterministic address of the contract this version ships.
    escrow_address: Address | None = None
    #: Blocks until the chain's word counts; the watcher remembers 256.
    confirmations: Annotated[int, Field(ge=1, le=200)] = 12
    challenge_window_s: Annotated[int, Field(ge=600, le=604_800)] = 86_400
    #: How long a seller may be silent after "payment sent" before the trade is in dispute.
    release_window_s: Annotated[int, Field(ge=600, le=2_592_000)] = 86_400
    fee_bps: Annotated[int, Field(ge=0, le=1000)] = 0
    fee_recipient: Address | None = None
    #: How long the relayer waits for a block before it pays more for the same nonce.
    bump_after_s: Annotated[int, Field(ge=1, le=86_400)] = 90
    poll_interval_s: Annotated[float, Field(ge=0.05, le=60)] = 1.0
