"""What clients were told: every answer that reached them, to be held against the outcome."""

import json
import random
import re
from dataclasses import dataclass, field

import httpx

_TRADE = re.compile(r"/v1/trades(?:/([0-9a-f-]{36})(?:/([a-z-]+))?)?")


@dataclass(frozen=True, slots=True)
class Told:
    """An acknowledged answer about a trade; `step` is the POST's last word, None for a look."""

    trade_id: str
    state: str
    step: str | None


@dataclass
class Journal:
    """Written by the players' thread; the killer reads the counters."""

    #: Requests handed to the network.
    sent: int = 0
    #: Those of them that are POSTs.
    posts: int = 0
    #: POSTs about trades that were acknowledged.
    steps: int = 0
    told: list[Told] = field(default_factory=list)
    #: Answers of each status.
    statuses: dict[int, int] = field(default_factory=dict)
    #: Answers that came from an earlier try of the same request, and those lost on their way.
    replayed: int = 0
    lost: int = 0

    def note(self, request: httpx.Request, response: httpx.Response) -> None:
        """Keeps what an answer, read whole, says of a trade."""
        status = response.status_code
        self.statuses[status] = self.statuses.get(status, 0) + 1
        self.replayed += "idempotent-replayed" in response.headers
        found = _TRADE.fullmatch(request.url.path)
        if not response.is_success or found is None or found[2] == "history":
            return
        answer = json.loads(response.content)
        if request.method == "POST":
            self.told.append(Told(answer["id"], answer["state"], found[2] or "take"))
            self.steps += 1
        elif found[1] is not None:
            self.told.append(Told(answer["id"], answer["state"], None))


class Journalled(httpx.AsyncBaseTransport):
    """A client's way to the exchange: everything is written down, and some answers are lost.

    What is killed is rarely killed between its commit and its answer. So one in `_LOSES` answers
    to a request with a key is lost here, and its client has to ask again.
    """

    _LOSES = 8

    def __init__(self, journal: Journal, rng: random.Random) -> None:
        self._journal = journal
        self._rng = rng
        self._inner = httpx.AsyncHTTPTransport()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Sends the request, and notes the answer once it is there to its last byte."""
        self._journal.sent += 1
        self._journal.posts += request.method == "POST"
        response = await self._inner.handle_async_request(request)
        await response.aread()
        if "Idempotency-Key" in request.headers and self._rng.randrange(self._LOSES) == 0:
            self._journal.lost += 1
            raise httpx.ReadError("lost on its way", request=request)
        self._journal.note(request, response)
        return response

    async def aclose(self) -> None:
        """Closes the connections."""
        await self._inner.aclose()
