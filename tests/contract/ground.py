"""The exchange of the contract tests: an arena in a thread, and a way in for who knows no asyncio.

Schemathesis runs an app in an event loop of its own. What it gets here is a bridge to the loop in
which the arena has opened its app; no socket is between them.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from time import monotonic
from typing import Any, TypeAlias, TypeVar

import schemathesis
from anyio.from_thread import BlockingPortal, start_blocking_portal
from schemathesis.generation.meta import TestPhase
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tests.contract.asks import ASKS, Ask
from tests.faults.arena import Arena, open_arena
from tests.faults.deals import Player
from tradepost.entrypoints.dev.chain import DevChain

T = TypeVar("T")
#: The exchange refuses what needs the chain when its watcher has not looked for a minute.
_LOOK_S = 5.0

Operation: TypeAlias = schemathesis.APIOperation[Any, Any, Any, Any]
Case: TypeAlias = schemathesis.Case[Operation]


class Bridge:
    """An ASGI app that runs another in its own event loop, where it is open already."""

    def __init__(self) -> None:
        self._inside: tuple[BlockingPortal, ASGIApp] | None = None
        self.counts: Counter[str] = Counter()

    @contextmanager
    def leads_to(
        self, portal: BlockingPortal, app: ASGIApp, counts: Counter[str]
    ) -> Iterator[None]:
        """Requests go to `app` meanwhile."""
        self._inside, self.counts = (portal, app), counts
        yield
        self._inside = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes a request on, and its answer back."""
        if scope["type"] == "lifespan":
            await receive()
            await send({"type": "lifespan.startup.complete"})
            await receive()
            await send({"type": "lifespan.shutdown.complete"})
            return
        self.counts["requests"] += 1
        asked = [await receive()]
        while asked[-1].get("more_body"):
            asked.append(await receive())
        assert self._inside is not None, "it leads nowhere"
        portal, app = self._inside
        answer = portal.start_task_soon(_answer, app, scope, asked)
        for message in await asyncio.wrap_future(answer):
            await send(message)


async def _answer(app: ASGIApp, scope: Scope, asked: list[Message]) -> list[Message]:
    answer: list[Message] = []

    async def receive() -> Message:
        if not asked:
            # Who asks stays until he has his answer.
            await asyncio.Event().wait()
        return asked.pop(0)

    async def send(message: Message) -> None:
        answer.append(message)

    await app(scope, receive, send)
    return answer


@dataclass
class Ground:
    """The arena, and what was sent to it."""

    portal: BlockingPortal
    arena: Arena
    counts: Counter[str]
    #: A good request of each operation that was asked about, and how often it was.
    asks: dict[str, Ask] = field(default_factory=dict)
    asked: Counter[str] = field(default_factory=Counter)
    #: How many cases at the document's bounds each operation has had so far.
    covered: Counter[str] = field(default_factory=Counter)
    looked: float = 0.0

    def run(self, function: Callable[..., Awaitable[T]], *given: Any) -> T:
        """Runs a coroutine function in the arena's loop."""
        return self.portal.call(function, *given)

    def ask(self, label: str) -> Ask:
        """A good request of this operation, ready to be sent."""
        self.look()
        return self.run(ASKS[label], self.arena)

    def look(self) -> None:
        """Lets the watcher look at the chain from time to time, however slow the machine is."""
        if monotonic() - self.looked > _LOOK_S:
            self.run(self.arena.follow)
            self.looked = monotonic()

    def passes_over(self, case: Case, stride: int, offset: int) -> bool:
        """Whether this case at the document's bounds is one of another seed, or a longer run."""
        meta = case.meta
        if meta is None or meta.phase.name is not TestPhase.COVERAGE:
            return False
        label = case.operation.label
        self.covered[label] += 1
        return (self.covered[label] + offset) % stride != 0

    def fill(self, case: Case) -> dict[str, str]:
        """Who asks, by the headers; and every other time about things of his that are there."""
        label = case.operation.label
        self.look()
        if label not in self.asks:
            self.asks[label] = self.ask(label)
        ask = self.asks[label]
        self.asked[label] += 1
        meta = case.meta
        good = meta is not None and meta.generation.mode is schemathesis.GenerationMode.POSITIVE
        if good and self.asked[label] % 2 and ask.path:
            case.path_parameters = dict(ask.path)
        return self.headers(case, ask.player or self.arena.stranger)

    def headers(self, case: Case, player: Player) -> dict[str, str]:
        """What a request of a player carries, but for what it has already."""
        headers = player.headers()
        if any(name.lower() == "idempotency-key" for name in case.headers or ()):
            del headers["Idempotency-Key"]
        return headers

    def forget(self, label: str) -> None:
        """The next request of this operation is about something else."""
        self.asks.pop(label, None)


def case_of(operation: Operation, ask: Ask) -> Case:
    """The request as Schemathesis has it, but for who asks."""
    body = {} if ask.body is None else {"body": ask.body, "media_type": "application/json"}
    return operation.Case(
        path_parameters=dict(ask.path), query=dict(ask.query), headers=dict(ask.headers), **body
    )


@contextmanager
def open_ground(database_url: str, bridge: Bridge, counts: Counter[str]) -> Iterator[Ground]:
    """An arena in a thread of its own, to which the bridge leads."""
    with DevChain() as node, start_blocking_portal() as portal:
        opened = portal.wrap_async_context_manager(open_arena(node, database_url))
        with opened as arena, bridge.leads_to(portal, arena.stage.app, counts):
            yield Ground(portal, arena, counts)
