"""Buckets in Valkey: exact over all processes that ask it, by its own clock."""

import os
import time
from collections.abc import Sequence
from typing import Any, cast

from valkey.asyncio import BlockingConnectionPool, Valkey
from valkey.exceptions import ValkeyError

from tradepost.kernel.limits.bucket import Ask

#: An answer comes in well under a millisecond; but a process that is short of processors must not
#: take its own slowness for the store's.
_PATIENCE_S = 0.5
#: How long nobody asks a store that has failed.
_REST_S = 1.0
#: One slot of a cluster: all buckets of a request are decided in one step.
_PREFIX = "{tradepost-limits}:"

#: The rules of `bucket.py`. A number up to 2^53 is exact in Lua: microseconds since 1970 are.
#: ARGV: 1 to charge what there is, whether or not it fits; then for each key its cost and capacity.
_TAKE = """
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local held = redis.call('MGET', unpack(KEYS))
local backlogs = {}
local fits = true
for i = 1, #KEYS do
  local cost, capacity = tonumber(ARGV[2 * i]), tonumber(ARGV[2 * i + 1])
  local backlog = (tonumber(held[i] or '0') or 0) - now
  backlogs[i] = math.max(0, math.min(backlog, capacity))
  fits = fits and backlogs[i] + cost <= capacity
end
if fits or ARGV[1] == '1' then
  for i = 1, #KEYS do
    local backlog = math.min(backlogs[i] + tonumber(ARGV[2 * i]), tonumber(ARGV[2 * i + 1]))
    redis.call('SET', KEYS[i], string.format('%.0f', now + backlog), 'PX',
      math.ceil(backlog / 1000) + 1)
  end
end
return backlogs
"""


class StoreAway(Exception):
    """Valkey does not answer in time, or not as it should."""


class ValkeyStore:
    """The buckets that all processes share.

    Once it has not answered, nobody asks it for a second; then one request tries, and the others
    go on without it until that one had an answer. A dead store so costs hardly anybody any time.
    """

    def __init__(self, url: str) -> None:
        self._valkey = Valkey(
            connection_pool=BlockingConnectionPool.from_url(
                url,
                max_connections=32,
                timeout=_PATIENCE_S,
                socket_timeout=_PATIENCE_S,
                socket_connect_timeout=_PATIENCE_S,
                client_name=f"tradepost-limits-{os.getpid()}",
            )
        )
        self._take = self._valkey.register_script(_TAKE)
        self._rests_until = 0.0
        self.away = False

    async def take(self, asks: Sequence[Ask]) -> list[int]:
        """As `MemoryStore.take`; raises `StoreAway`."""
        return await self._run(asks, "0")

    async def fine(self, ask: Ask) -> None:
        """As `MemoryStore.fine`; raises `StoreAway`."""
        await self._run([ask], "1")

    async def ping(self) -> None:
        """Asks whether it is there, whatever was found before; raises `StoreAway`."""
        self._rests_until = 0.0
        await self._answer(cast("Any", self._valkey.ping()))

    async def close(self) -> None:
        """Ends the connections."""
        await self._valkey.aclose()
        await self._valkey.connection_pool.disconnect()

    async def _run(self, asks: Sequence[Ask], always: str) -> list[int]:
        arguments: list[str | int] = [always]
        for ask in asks:
            arguments += (ask.cost_us, ask.policy.capacity_us)
        keys = [_PREFIX + ask.key for ask in asks]
        found = await self._answer(self._take(keys, arguments))
        return cast("list[int]", found)

    async def _answer(self, asked: Any) -> object:
        now = time.monotonic()
        if now < self._rests_until:
            asked.close()
            raise StoreAway
        if self.away:
            self._rests_until = now + _REST_S
        try:
            answer: object = await asked
        except (ValkeyError, OSError, TimeoutError) as error:
            self.away = True
            self._rests_until = time.monotonic() + _REST_S
            raise StoreAway(type(error).__name__) from None
        self.away = False
        self._rests_until = 0.0
        return answer
