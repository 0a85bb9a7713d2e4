"""Decides what a process serves: which buckets a request has, where they are, and what if not."""

import logging
from collections.abc import Callable, Sequence
from functools import lru_cache
from hashlib import blake2b, sha256
from typing import Self
from uuid import UUID

from tradepost.kernel.errors import LimitsUnavailable
from tradepost.kernel.limits.bucket import Ask, Policy, Rate, Verdict, judge
from tradepost.kernel.limits.costs import Cost
from tradepost.kernel.limits.memory import MemoryStore, monotonic_us
from tradepost.kernel.limits.recent import Recent
from tradepost.kernel.limits.valkey import StoreAway, ValkeyStore
from tradepost.kernel.settings import Settings

logger = logging.getLogger(__name__)

#: A token stands for one account as long as it lasts; what is kept here only saves a step.
_ACCOUNTS_KEPT = 10_000
_ACCOUNTS_S = 60


class Limiter:
    """The buckets of one process, in its memory or shared. Use it as an async context manager.

    Several processes without a shared store know nothing of each other: each then has its share of
    every rate, so that all together never give more than the rate says.
    """

    def __init__(self, settings: Settings, clock_us: Callable[[], int] = monotonic_us) -> None:
        url = settings.redis_url
        self._shared = None if url is None else ValkeyStore(url.get_secret_value())
        self._own = MemoryStore(clock_us)
        self._processes = settings.http_workers
        rates = {
            "address": settings.limit_address,
            "key": settings.limit_key,
            "account": settings.limit_account,
        }
        whole = {name: Rate.parse(text) for name, text in rates.items()}
        shares = {name: rate.share(self._processes) for name, rate in whole.items()}
        #: The process's own buckets are a share also where they stand in for the shared ones.
        self._shares = {name: Policy(name, rate) for name, rate in shares.items()}
        used = shares if self._shared is None else whole
        self._policies = {name: Policy(name, rate) for name, rate in used.items()}
        self._closed = {
            False: settings.limits_away_reads == "closed",
            True: settings.limits_away_money == "closed",
        }
        # Nobody who reads the store learns an address or a token from it.
        secret = settings.secret.get_secret_value()
        self._secret = sha256(b"tradepost limits " + secret.encode()).digest()
        self.accounts: Recent[str, UUID] = Recent(clock_us, _ACCOUNTS_S, _ACCOUNTS_KEPT)
        self._was_away = False
        self._bucket_kept = lru_cache(maxsize=4_096)(self._bucket)
        self._told = lru_cache(maxsize=64)(_told)

    async def __aenter__(self) -> Self:
        if self._shared is not None:
            try:
                await self._shared.ping()
            except StoreAway:
                self._note(away=True)
        words = f"limits: {self.words()}"
        logger.log(logging.INFO if self.whole else logging.WARNING, words)
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._shared is not None:
            await self._shared.close()

    @property
    def whole(self) -> bool:
        """True where a caller has all of his rate, whichever process he reaches."""
        return self._shared is not None or self._processes == 1

    @property
    def place(self) -> str:
        """Where the buckets are, in a word for everybody."""
        if self._shared is None:
            return "memory"
        return "valkey away" if self._shared.away else "valkey"

    def words(self) -> str:
        """Where the buckets are, for those who run the exchange."""
        if self._shared is not None:
            return "Valkey does not answer" if self._shared.away else "in Valkey"
        if self._processes == 1:
            return "in memory"
        return (
            f"in memory, and each of {self._processes} processes gives only its share of each rate:"
            " set REDIS_URL"
        )

    async def check(self) -> bool:
        """Looks whether the store is there."""
        if self._shared is None:
            return True
        try:
            await self._shared.ping()
        except StoreAway:
            return False
        return True

    def ask(self, policy: str, who: str, units: int) -> Ask:
        """An ask of the bucket that `who` has under the policy `address`, `key` or `account`."""
        found = self._policies[policy]
        # A token is not kept in memory; the others' digests are.
        key = self._bucket(policy, who) if policy == "key" else self._bucket_kept(policy, who)
        return Ask(key, found, units * found.interval_us)

    def _bucket(self, policy: str, who: str) -> str:
        digest = blake2b(who.encode(), key=self._secret, digest_size=16)
        return f"{policy}:{digest.hexdigest()}"

    def policies(self, asks: Sequence[Ask]) -> bytes:
        """The policies of these asks, as answers tell them."""
        return self._told(tuple([ask.policy for ask in asks]))

    async def take(self, asks: Sequence[Ask], cost: Cost) -> Verdict:
        """Charges all asks or none; raises `LimitsUnavailable` where it is closed for the cost."""
        if self._shared is None:
            return judge(asks, self._own.take(asks))
        try:
            backlogs = await self._shared.take(asks)
        except StoreAway:
            self._note(away=True)
            if self._closed[cost.money]:
                raise LimitsUnavailable from None
            own = [self._stand_in(ask) for ask in asks]
            return judge(own, self._own.take(own))
        if self._was_away:
            self._note(away=False)
        return judge(asks, backlogs)

    async def fine(self, ask: Ask) -> None:
        """Charges what there is in the bucket, up to all of it."""
        if self._shared is None:
            self._own.fine(ask)
            return
        try:
            await self._shared.fine(ask)
        except StoreAway:
            self._note(away=True)
            self._own.fine(self._stand_in(ask))

    def _stand_in(self, ask: Ask) -> Ask:
        """The same in this process's memory."""
        share = self._shares[ask.policy.name]
        return Ask(ask.key, share, ask.cost_us // ask.policy.interval_us * share.interval_us)

    def _note(self, *, away: bool) -> None:
        if away and not self._was_away:
            logger.warning("limits: Valkey does not answer; this process counts for itself")
        elif self._was_away and not away:
            logger.info("limits: Valkey answers again")
        self._was_away = away


def _told(policies: tuple[Policy, ...]) -> bytes:
    return ", ".join(policy.header for policy in policies).encode()
