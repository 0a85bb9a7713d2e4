"""What an operator decides, as one frozen object; `entrypoints/settings.py` reads it in."""

from decimal import Decimal
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from pathlib import Path
from typing import Annotated, Literal, Self, TypeVar
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    StringConstraints,
    model_validator,
)

from tradepost.kernel.limits.addresses import UNIX, ProxyHeader
from tradepost.kernel.limits.bucket import Rate

Address = Annotated[str, StringConstraints(pattern=r"^0x[0-9a-fA-F]{40}$")]


class AssetSetting(BaseModel):
    """A coin that can be traded: the chain's native one where `token` is missing."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    code: Annotated[str, StringConstraints(pattern=r"^[A-Z0-9]{2,10}$")]
    decimals: Annotated[int, Field(ge=0, le=24)]
    token: Address | None = None


Code = Annotated[str, StringConstraints(pattern=r"^[A-Z0-9]{2,10}$")]
#: Where in a JSON document a value is (RFC 6901).
Pointer = Annotated[str, StringConstraints(pattern=r"^(/([^~/]|~[01])*){1,16}$", max_length=200)]
Factor = Annotated[Decimal, Field(gt=Decimal("1e-18"), lt=Decimal("1e18"), allow_inf_nan=False)]


class PricedPair(BaseModel):
    """What a price source gives: what one `base` costs in `quote`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    base: Code
    quote: Code

    @model_validator(mode="after")
    def _differ(self) -> Self:
        if self.base == self.quote:
            raise ValueError(f"{self.base} has no price in itself")
        return self


_Pairs = TypeVar("_Pairs", bound=tuple[PricedPair, ...])


def _each_once(pairs: _Pairs) -> _Pairs:
    if len({frozenset((pair.base, pair.quote)) for pair in pairs}) != len(pairs):
        raise ValueError("a source gives each pair once, one way round")
    return pairs


class HttpPair(PricedPair):
    """Where a document tells a pair's price, and in what form.

    The price is the number at `price`, times `scale`, and of that the inverse where `invert` is
    set. `time` is where the document says when that was so.
    """

    price: Pointer
    invert: bool = False
    scale: Factor = Decimal(1)
    time: Pointer | None = None
    time_form: Literal["s", "ms", "iso"] = "s"


class CcxtPair(PricedPair):
    """A spot market of an exchange, as it is or the inverse.

    Without a `symbol` it is `BASE/QUOTE`, or `QUOTE/BASE` where it is to be inverted.
    """

    symbol: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9.$-]+/[A-Za-z0-9.$-]+$")] = ""
    invert: bool = False


SourceName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9_-]{1,32}$")]
HeaderName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9-]{1,64}$")]


class _PriceSource(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    name: SourceName
    #: How long one reading may take, with all its tries.
    timeout_s: Annotated[float, Field(ge=0.1, le=30)] = 10


class HttpPriceSource(_PriceSource):
    """A JSON document on the web that tells prices."""

    kind: Literal["http"]
    url: Annotated[str, StringConstraints(max_length=2000)]
    #: Allows `http://` to another machine.
    insecure: bool = False
    headers: Annotated[dict[HeaderName, SecretStr], Field(max_length=16)] = {}
    #: How often a reading that failed is tried again, within its time.
    retries: Annotated[int, Field(ge=0, le=5)] = 1
    max_bytes: Annotated[int, Field(ge=100, le=16_000_000)] = 1_000_000
    pairs: Annotated[
        tuple[HttpPair, ...], Field(min_length=1, max_length=200), AfterValidator(_each_once)
    ]

    @model_validator(mode="after")
    def _secured(self) -> Self:
        parts = urlsplit(self.url)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise ValueError(f"{self.name}: the url is no web address")
        if parts.scheme == "http" and not (self.insecure or _is_loopback(parts.hostname)):
            raise ValueError(f"{self.name}: use https, or say `insecure`")
        return self


class CcxtPriceSource(_PriceSource):
    """A public exchange that the library ccxt knows, under its name there."""

    kind: Literal["ccxt"]
    exchange: Annotated[str, StringConstraints(pattern=r"^[a-z0-9_]{2,40}$")]
    pairs: Annotated[
        tuple[CcxtPair, ...], Field(min_length=1, max_length=50), AfterValidator(_each_once)
    ]


class DevelopmentPrice(PricedPair):
    """A made-up price."""

    price: Factor


class DevelopmentPriceSource(_PriceSource):
    """Made-up prices for a development chain; without `prices`, those of a built-in table."""

    kind: Literal["development"]
    prices: Annotated[
        tuple[DevelopmentPrice, ...], Field(max_length=200), AfterValidator(_each_once)
    ] = ()


PriceSource = Annotated[
    HttpPriceSource | CcxtPriceSource | DevelopmentPriceSource, Field(discriminator="kind")
]


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


_Sources = TypeVar("_Sources", bound="tuple[_PriceSource, ...]")


def _own_names(sources: _Sources) -> _Sources:
    names = [source.name for source in sources]
    if len(set(names)) != len(names) or "index" in names:
        raise ValueError("each source has a name of its own, and none is called index")
    return sources


def _is_rate(text: str) -> str:
    Rate.parse(text)
    return text


def _is_network(text: str) -> str:
    try:
        if text != UNIX:
            ip_network(text)
    except ValueError:
        raise ValueError("a proxy is a network, such as 10.0.0.0/8, or `unix`") from None
    return text


def _is_store(url: SecretStr) -> SecretStr:
    if urlsplit(url.get_secret_value()).scheme not in {"redis", "rediss", "valkey", "valkeys"}:
        raise ValueError("it is no address of a store: redis:// or rediss://")
    return url


#: Where a store is that speaks as Redis and Valkey do.
StoreUrl = Annotated[SecretStr, AfterValidator(_is_store)]
RateText = Annotated[str, AfterValidator(_is_rate)]
Network = Annotated[str, AfterValidator(_is_network)]


class Settings(BaseModel):
    """All settings, checked; each is described in the README's table."""

    model_config = ConfigDict(frozen=True)

    database_url: SecretStr
    rpc_url: SecretStr
    #: Signs cursors, seals webhooks' secrets; at least 32 characters that nobody else knows.
    secret: SecretStr = Field(min_length=32)
    #: Where traders reach the exchange; wallet sign-ins are bound to its host.
    public_url: str = "http://127.0.0.1:8000"
    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=1, le=65535)] = 8000
    #: Where Prometheus reads: the API's process at this port, the worker and the watcher at the
    #: next two. None: nowhere.
    metrics_port: Annotated[int, Field(ge=1, le=65533)] | None = None
    metrics_host: str = "127.0.0.1"
    #: Where traces go, by OTLP over HTTP. None: nowhere, and nothing is traced.
    otlp_endpoint: str | None = None
    trace_ratio: Annotated[float, Field(ge=0, le=1)] = 1.0
    #: `auto` is text on a terminal and JSON elsewhere.
    log_form: Literal["auto", "json", "text"] = "auto"
    log_requests: Literal["failed", "slow", "all"] = "slow"
    slow_request_s: Annotated[float, Field(ge=0.01, le=60)] = 1.0
    #: A chain whose newest block is older makes an exchange unready.
    chain_lag_s: Annotated[int, Field(ge=10, le=86_400)] = 600
    http_workers: Annotated[int, Field(ge=1, le=64)] = 1
    #: Whether agents are served, by the Model Context Protocol at `/mcp`.
    mcp: bool = True
    #: Open streams of each http process: in all, of one account, and of one network address.
    stream_connections: Annotated[int, Field(ge=1, le=20_000)] = 1000
    stream_account_connections: Annotated[int, Field(ge=1, le=1000)] = 20
    stream_address_connections: Annotated[int, Field(ge=1, le=20_000)] = 50
    #: The worker holds two, for the relayer and the prices, and needs more for its work.
    database_connections: Annotated[int, Field(ge=4, le=200)] = 10
    #: A faucet, and a clock that can be moved; development chains alone have them.
    sandbox: bool = False
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
    #: How long what is to be brought to the chain waits for others to go with it.
    relay_window_s: Annotated[float, Field(ge=0, le=60)] = 2.0
    #: How much is brought at most in one transaction; the chain has gas for little more.
    relay_count: Annotated[int, Field(ge=1, le=30)] = 10
    poll_interval_s: Annotated[float, Field(ge=0.05, le=60)] = 1.0
    #: Where several processes keep the limits together, and signal to each other; without it each
    #: counts for itself, and signals go by PostgreSQL. Any server that speaks as Valkey does.
    redis_url: StoreUrl | None = None
    limit_address: RateText = "3000/60 burst 600"
    limit_key: RateText = "1200/60 burst 300"
    limit_account: RateText = "1800/60 burst 450"
    #: What is served while the shared store of limits does not answer.
    limits_away_reads: Literal["open", "closed"] = "open"
    limits_away_money: Literal["open", "closed"] = "closed"
    #: Networks of proxies, or `unix`, whose word on a caller's address is believed.
    trusted_proxies: Annotated[tuple[Network, ...], Field(max_length=64)] = ()
    proxy_header: ProxyHeader = "x-forwarded-for"
    body_timeout_s: Annotated[float, Field(ge=0.1, le=120)] = 10
    #: Longer than a statement or a call of the node may take.
    request_timeout_s: Annotated[float, Field(ge=0.1, le=300)] = 30
    price_sources: Annotated[
        tuple[PriceSource, ...], Field(max_length=16), AfterValidator(_own_names)
    ] = ()
    #: A reading that is older is no price any more.
    price_max_age_s: Annotated[int, Field(ge=5, le=86_400)] = 120
    price_poll_s: Annotated[float, Field(ge=1, le=3_600)] = 15
    #: A reading that is farther from the median does not count.
    price_outlier_bps: Annotated[int, Field(ge=1, le=5_000)] = 300
    price_min_sources: Annotated[int, Field(ge=1, le=16)] = 1
    #: Third currencies for pairs that no source has, the first that can serve.
    price_crosses: Annotated[tuple[Code, ...], Field(max_length=5)] = ("USD", "EUR")
    #: A signed registry of payment methods that is newer than the built-in one.
    payment_methods_file: Path | None = None
    #: The operator's own payment methods, and which are switched off.
    payment_methods_own: Path | None = None
    #: The most paid in one trade, by currency, by a method without risk; less by one with.
    largest_trades: Annotated[
        dict[Code, Annotated[Decimal, Field(gt=0, lt=10**18, decimal_places=4)]],
        Field(max_length=200),
    ] = {}
    #: Whether the schema of GraphQL can be asked for, and names are suggested for wrong ones.
    graphql_introspection: bool = True
    #: What one query may cost, in fields; `docs/graphql.md` says how they are counted.
    graphql_max_cost: Annotated[int, Field(ge=100, le=20_000)] = 10_000
    #: Queries that are known by their SHA-256, as a JSON object.
    graphql_queries_file: Path | None = None
    #: Whether only the queries of that file are answered.
    graphql_known_only: bool = False
    #: Where push services reach the operator; None: at `public_url`.
    push_contact: (
        Annotated[str, Field(pattern=r"^(mailto:[^@\s]+@[^@\s]+|https://\S+)$")] | None
    ) = None
    #: Networks that are not public, to which webhooks and push messages may go all
    #: the same, and webhooks without TLS.
    webhook_networks: Annotated[tuple[IPv4Network | IPv6Network, ...], Field(max_length=50)] = ()
    #: Networks to which neither ever goes, such as one's own public addresses.
    webhook_refused_networks: Annotated[
        tuple[IPv4Network | IPv6Network, ...], Field(max_length=50)
    ] = ()
