"""Something asynchronous that is open in a thread of its own, beside a browser that is not."""

import asyncio
import threading
from collections.abc import Callable, Coroutine, Iterator
from contextlib import AbstractAsyncContextManager, contextmanager
from typing import Any, TypeVar

T = TypeVar("T")

#: A bound for what has to happen, not a wait.
PATIENCE_S = 30


class Apart:
    """Lives in the loop of another thread."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()

    def do(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """Has something done there, and waits for it."""
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(PATIENCE_S)


@contextmanager
def opened_apart(
    open_it: Callable[[], AbstractAsyncContextManager[T]], patience_s: float = PATIENCE_S
) -> Iterator[T]:
    """Opens it in a new thread within so many seconds, and closes it there."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="exchange", daemon=True)
    thread.start()
    ready: asyncio.Future[T]
    ready, leave = asyncio.run_coroutine_threadsafe(_futures(), loop).result(PATIENCE_S)
    running = asyncio.run_coroutine_threadsafe(_run(open_it, ready, leave), loop)

    async def opened() -> T:
        return await ready

    try:
        waiting = asyncio.run_coroutine_threadsafe(opened(), loop)
        yield waiting.result(patience_s)
    finally:
        loop.call_soon_threadsafe(leave.set_result, None)
        running.result(PATIENCE_S)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(PATIENCE_S)
        loop.close()


async def _futures() -> "tuple[asyncio.Future[Any], asyncio.Future[None]]":
    loop = asyncio.get_running_loop()
    return loop.create_future(), loop.create_future()


async def _run(
    open_it: Callable[[], AbstractAsyncContextManager[Any]],
    ready: "asyncio.Future[Any]",
    leave: "asyncio.Future[None]",
) -> None:
    try:
        async with open_it() as it:
            ready.set_result(it)
            await leave
    except Exception as fault:
        if ready.done():
            raise
        ready.set_exception(fault)
