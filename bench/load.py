"""A load generator that leaves the processors to the server: plain sockets, prepared bytes.

It speaks HTTP/1.1 over connections that are kept open, each with one request at a time, and runs
in a process of its own: `hold` starts it, the main block below is that process.
"""

import json
import selectors
import socket
import subprocess
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from bench.figures import Rate

CONNECTIONS = 8
#: No answer of a measurement is longer, and none takes longer to come.
_MAX_ANSWER_BYTES = 1_000_000
_PATIENCE_S = 10.0
_LENGTH = b"\r\ncontent-length: "


class AnswerUnfit(Exception):
    """The server did not answer as the measurement expects; the message has what it said."""


@dataclass(frozen=True, slots=True)
class Load:
    """What a run found: all latencies in seconds, and how long the run took."""

    latencies_s: list[float]
    seconds: float

    def rate(self, name: str) -> Rate:
        """As a line of a table."""
        return Rate.of(name, self.latencies_s, self.seconds)


def request(
    method: str, path: str, headers: Mapping[str, str] | None = None, body: bytes = b""
) -> bytes:
    """The bytes of one request; `path` is as it stands in the request line."""
    named = {"Host": "bench", **(headers or {})}
    if body:
        named |= {"Content-Type": "application/json", "Content-Length": str(len(body))}
    lines = [f"{method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in named.items())]
    return "\r\n".join([*lines, "", ""]).encode() + body


def hold(
    port: int, requests: Sequence[bytes], *, status: int, seconds: float, once: bool = False
) -> Load:
    """Sends `requests` in turn for `seconds` from another process, or until there are no more.

    With `once` each is sent at most once; else they begin again. Raises `AnswerUnfit` for an
    answer with another status than `status`.
    """
    told = {
        "port": port,
        "requests": [each.decode() for each in requests],
        "status": status,
        "seconds": seconds,
        "once": once,
    }
    done = subprocess.run(
        [sys.executable, "-m", "bench.load"],
        input=json.dumps(told).encode(),
        stdout=subprocess.PIPE,
        timeout=seconds + 60,
        check=False,
    )
    answer = json.loads(done.stdout) if done.returncode == 0 else {"unfit": "it broke off"}
    if "unfit" in answer:
        raise AnswerUnfit(answer["unfit"])
    return Load(**answer)


class _Lane:
    """One connection, with the answer that is on its way."""

    __slots__ = ("_answer", "_expected", "_whole", "began", "socket")

    def __init__(self, port: int, status: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=_PATIENCE_S)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.began = 0.0
        self._expected = f"HTTP/1.1 {status} ".encode()
        self._answer = b""
        self._whole = 0

    def send(self, prepared: bytes) -> None:
        """Sends the next request; the one before has been answered."""
        self._answer, self._whole = b"", 0
        self.began = time.perf_counter()
        self.socket.sendall(prepared)

    def answered(self) -> bool:
        """Reads what has come; True when that is the whole answer."""
        part = self.socket.recv(65_536)
        answer = self._answer = self._answer + part if self._answer else part
        if not self._whole:
            end = answer.find(b"\r\n\r\n")
            if end < 0 and part and len(answer) < _MAX_ANSWER_BYTES:
                return False
            head = answer[:end].lower() if end >= 0 else b""
            at = head.find(_LENGTH)
            if not answer.startswith(self._expected) or at < 0:
                raise AnswerUnfit(answer[:2_000].decode(errors="replace"))
            length = int(head[at + len(_LENGTH) :].split(b"\r\n", 1)[0])
            self._whole = end + 4 + min(length, _MAX_ANSWER_BYTES)
        if not part:
            raise AnswerUnfit("The connection was closed.")
        return len(answer) >= self._whole


def _hold(
    port: int, requests: Iterable[bytes], status: int, seconds: float
) -> tuple[list[float], float]:
    lanes = [_Lane(port, status) for _ in range(CONNECTIONS)]
    waiting = iter(requests)
    latencies: list[float] = []
    clock = time.perf_counter
    with selectors.DefaultSelector() as selector:
        began = clock()
        until = began + seconds
        for lane in lanes:
            prepared = next(waiting, None)
            if prepared is not None:
                selector.register(lane.socket, selectors.EVENT_READ, lane)
                lane.send(prepared)
        while selector.get_map():
            ready = selector.select(_PATIENCE_S)
            if not ready:
                raise AnswerUnfit(f"There was no answer for {_PATIENCE_S:.0f} s.")
            for key, _ in ready:
                lane = key.data
                if not lane.answered():
                    continue
                now = clock()
                latencies.append(now - lane.began)
                prepared = next(waiting, None) if now < until else None
                if prepared is None:
                    selector.unregister(lane.socket)
                else:
                    lane.send(prepared)
        taken = clock() - began
    for lane in lanes:
        lane.socket.close()
    return latencies, taken


def _again(requests: Sequence[bytes]) -> Iterable[bytes]:
    while True:
        yield from requests


def _main() -> None:
    told = json.load(sys.stdin)
    requests = [each.encode() for each in told["requests"]]
    try:
        latencies, taken = _hold(
            told["port"],
            requests if told["once"] else _again(requests),
            told["status"],
            told["seconds"],
        )
    except (AnswerUnfit, OSError) as error:
        json.dump({"unfit": str(error)}, sys.stdout)
        return
    json.dump({"latencies_s": latencies, "seconds": taken}, sys.stdout)


if __name__ == "__main__":
    _main()
