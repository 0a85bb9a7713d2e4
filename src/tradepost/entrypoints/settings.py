"""Reads the settings from the environment, once, at the start of a process."""

from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from tradepost.entrypoints.graphql.known import QueriesInvalid, read
from tradepost.kernel.settings import Settings, StoreUrl
from tradepost.payments import service as payments
from tradepost_payments.model import RegistryInvalid


class SettingsInvalid(Exception):
    """The environment does not make sense; the message says which variable and why."""


class _Environment(BaseSettings, Settings):
    """`TRADEPOST_PORT` is `port`, and so on; three names are what every platform calls them."""

    model_config = SettingsConfigDict(
        env_prefix="TRADEPOST_", frozen=True, extra="ignore", env_ignore_empty=True
    )

    database_url: SecretStr = Field(validation_alias="DATABASE_URL")
    rpc_url: SecretStr = Field(validation_alias="RPC_URL")
    redis_url: StoreUrl | None = Field(default=None, validation_alias="REDIS_URL")
    otlp_endpoint: str | None = Field(None, validation_alias="OTEL_EXPORTER_OTLP_ENDPOINT")


def load() -> Settings:
    """The settings of this process; raises `SettingsInvalid` with a sentence for each fault."""
    try:
        settings = _Environment()
    except ValidationError as error:
        # The rejected value is left out: it may be a key.
        faults = [
            f"{name if (name := str(fault['loc'][0])).isupper() else f'TRADEPOST_{name.upper()}'}:"
            f" {fault['msg']}"
            for fault in error.errors()
        ]
        raise SettingsInvalid("\n".join(faults)) from None
    try:
        # Read now, so that a fault stops the start and not the first request.
        payments.registry(settings)
    except RegistryInvalid as error:
        raise SettingsInvalid(f"The payment methods cannot be used. {error}") from None
    try:
        read(settings.graphql_queries_file)
    except QueriesInvalid as error:
        raise SettingsInvalid(f"The queries of GraphQL cannot be used. {error}") from None
    return settings
