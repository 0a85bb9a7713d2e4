"""Settings that work, and are dangerous: each with what to do about it, in a sentence."""

from ipaddress import ip_address
from typing import Final
from urllib.parse import urlsplit

from tradepost.entrypoints.dev.exchange import ARBITRATOR, RELAYER_KEY
from tradepost.kernel.settings import Settings

#: Fewer blocks are taken back now and then on any chain.
_FEWEST_CONFIRMATIONS: Final = 3


def of(settings: Settings, *, development: bool) -> list[str]:
    """A sentence for each danger; on a `development` chain no coins are at stake."""
    found = []
    if _in_the_open(settings.public_url):
        found.append(
            "TRADEPOST_PUBLIC_URL is without TLS, so tokens can be read on their way:"
            " put a proxy with TLS in front, and its https address here."
        )
    if _in_the_open(settings.rpc_url.get_secret_value()):
        found.append(
            "RPC_URL is without TLS on another machine, and whoever stands between says what the"
            " chain says: use https, or a node on this machine."
        )
    if settings.otlp_endpoint is not None and _in_the_open(settings.otlp_endpoint):
        found.append(
            "OTEL_EXPORTER_OTLP_ENDPOINT is without TLS on another machine:"
            " use https, or a collector on this one."
        )
    if settings.metrics_port is not None and not _is_here(settings.metrics_host):
        found.append(
            "TRADEPOST_METRICS_HOST lets other machines read the metrics, which ask for no token:"
            " let a firewall admit Prometheus alone, or use 127.0.0.1."
        )
    if settings.fee_bps and settings.fee_recipient is None:
        found.append(
            "TRADEPOST_FEE_BPS takes a fee for nobody: set TRADEPOST_FEE_RECIPIENT, or no fee."
        )
    if not development:
        found += _with_coins_at_stake(settings)
    return found


def _with_coins_at_stake(settings: Settings) -> list[str]:
    found = []
    if settings.relayer_key.get_secret_value().lower().removeprefix("0x") == RELAYER_KEY[2:]:
        found.append(
            "TRADEPOST_RELAYER_KEY is known to everybody, who can take its coins: make a key."
        )
    if settings.arbitrator.lower() == ARBITRATOR.lower():
        found.append(
            "TRADEPOST_ARBITRATOR is an account whose key is known to everybody, who can rule"
            " in disputes: name one of your own."
        )
    if settings.confirmations < _FEWEST_CONFIRMATIONS:
        found.append(
            "TRADEPOST_CONFIRMATIONS is so few that what counted can be taken back:"
            " use at least 3, or leave it at 12."
        )
    if any(source.kind == "development" for source in settings.price_sources):
        found.append("TRADEPOST_PRICE_SOURCES has made-up prices: name sources of real ones.")
    return found


def _in_the_open(url: str) -> bool:
    parts = urlsplit(url)
    return parts.scheme == "http" and not _is_here(parts.hostname or "")


def _is_here(host: str) -> bool:
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"
