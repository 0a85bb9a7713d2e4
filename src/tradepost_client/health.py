"""How an exchange is, as its operator's account sees it. `good` is None where it is not known."""

from tradepost_client.models import Address, Amount, Model, Time


class ChainHealth(Model):
    """How far the chain is followed, and how far the node is ahead of that."""

    good: bool | None
    block: int | None
    age_s: int | None
    blocks_behind: int | None


class RelayerHealth(Model):
    """What brings settlements to the chain, and what it has for gas (ether)."""

    good: bool | None
    address: Address
    balance: Amount | None
    settlements_left: int | None
    waiting: int
    sent: int
    oldest_s: int
    late: int


class ReserveHealth(Model):
    """What the contract has to hold of an asset at least, and what it holds."""

    asset: str
    owed: Amount
    held: Amount
    missing: Amount


class ReservesHealth(Model):
    """Whether the contract holds what it owes."""

    good: bool | None
    assets: tuple[ReserveHealth, ...]


class TradesHealth(Model):
    """Trades that wait for a ruling, and the oldest deadline that is unmet."""

    good: bool | None
    disputed: int
    late_s: int | None


class JobsHealth(Model):
    """What the worker has to do."""

    good: bool | None
    waiting: int
    running: int
    failed: int
    oldest_s: int


class StalePair(Model):
    """A pair without a fresh price."""

    base: str
    quote: str
    age_s: int | None


class SourceHealth(Model):
    """On how many pairs a source has a word, and on how many it failed when asked last."""

    name: str
    pairs: int
    faulty: int
    newest_at: Time | None


class PricesHealth(Model):
    """The market's prices."""

    good: bool | None
    pairs: int
    fresh: int
    stale: tuple[StalePair, ...]
    sources: tuple[SourceHealth, ...]


class LimitsHealth(Model):
    """Where the limits are kept."""

    good: bool | None
    place: str


class ExchangeHealth(Model):
    """All of it."""

    now: Time
    version: str
    chain: ChainHealth
    relayer: RelayerHealth
    reserves: ReservesHealth
    trades: TradesHealth
    jobs: JobsHealth
    prices: PricesHealth
    limits: LimitsHealth
