"""One request to the exchange: bounded in time, repeated where that is harmless."""

import time
from collections.abc import Generator, Iterator, Mapping, Sequence
from types import TracebackType
from typing import Any, Self
from uuid import uuid4

import httpx

from tradepost_client.answers import items
from tradepost_client.errors import AnswerMalformed, ExchangeUnreachable, ProblemError
from tradepost_client.policy import Retries, checked_url, is_loopback

Query = Mapping[str, str | int | Sequence[str] | None]
_PAGE = 100
#: How long a part of a file may take.
_SILENCE_S = 30.0
_LONGEST_LINE = 64 * 1024
_TOO_MANY = 429
#: What may be done twice as well as once (RFC 9110).
_IDEMPOTENT = frozenset({"PUT", "DELETE"})
_LARGEST_ANSWER = 16 * 1024 * 1024


class Transport:
    """Speaks JSON with one exchange, with a bearer token where there is one.

    A GET is repeated when the exchange cannot be reached, is busy (503), says that it was asked too
    much (429), or still works on the same key; so is a POST that has an `Idempotency-Key`, with the
    same key. A PUT or DELETE is repeated after a 429, for which nothing was done. Nothing else is.
    What `Retry-After` asks for is waited for, as far as `Retries` permits.
    """

    def __init__(
        self,
        url: str,
        *,
        token: str | None = None,
        timeout_s: float = 15.0,
        retries: Retries | None = None,
        insecure: bool = False,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self.url = checked_url(url, insecure=insecure)
        self.token = token
        self._retries = retries or Retries()
        self._http = httpx.Client(
            base_url=self.url,
            timeout=timeout_s,
            transport=transport,
            # A proxy of the environment is not for what runs on this machine.
            trust_env=not is_loopback(self.url),
            headers={"Accept": "application/json", "User-Agent": "tradepost-client"},
        )

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.url})"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Closes the connections."""
        self._http.close()

    def get(self, path: str, query: Query | None = None) -> Any:
        """GET; the answer's JSON."""
        return self._repeated("GET", path, query=query)

    def post_once(self, path: str, body: Any = None, key: str | None = None) -> Any:
        """POST of one intent: the key is made here unless the caller keeps one over restarts."""
        headers = {"Idempotency-Key": key or str(uuid4())}
        return self._repeated("POST", path, body=body, headers=headers)

    def send(
        self, method: str, path: str, body: Any = None, headers: Mapping[str, str] | None = None
    ) -> Any:
        """A request that is repeated only where it was refused by a limit and does no harm twice.

        Gives the answer's JSON, or None for an empty one.
        """
        tries = self._retries.tries if method in _IDEMPOTENT else 1
        for failures in range(1, tries):
            response = self._request(method, path, None, body, headers or {})
            if response.status_code != _TOO_MANY:
                return _content(response)
            time.sleep(self._retries.pause_s(failures, _retry_after(response)))
        return _content(self._request(method, path, None, body, headers or {}))

    def _pages(self, path: str, query: Query, page: int = _PAGE) -> Iterator[Any]:
        """The members of a list, page by page."""
        seen: set[str] = set()
        cursor: str | None = None
        while True:
            content = self.get(path, {**query, "cursor": cursor, "limit": page})
            yield from items(content)
            cursor = content.get("next_cursor")
            if cursor is None:
                return
            if not isinstance(cursor, str) or cursor in seen:
                raise AnswerMalformed("The exchange's list does not end.")
            seen.add(cursor)

    def lines(self, path: str, query: Query) -> Iterator[str]:
        """GET of a file of lines, each as it comes; not repeated, for some have been given."""
        begun = b""
        for chunk in self.chunks(path, query, silence_s=_SILENCE_S):
            *lines, begun = (begun + chunk).split(b"\n")
            for line in lines:
                yield line.decode(errors="replace").rstrip("\r")
            if len(begun) > _LONGEST_LINE:
                raise AnswerMalformed("A line of the exchange's file does not end.")
        if begun:
            yield begun.decode(errors="replace")

    def chunks(self, path: str, query: Query, *, silence_s: float) -> Generator[bytes]:
        """GET of an answer that goes on, as it comes; nothing for so long is `ExchangeUnreachable`.

        It is not repeated.
        """
        timeout = httpx.Timeout(self._http.timeout.connect, read=silence_s)
        request = self._http.build_request(
            "GET", path, params=_told(query), headers=self._headers({}), timeout=timeout
        )
        try:
            response = self._http.send(request, stream=True)
            try:
                if not response.is_success:
                    response.read()
                    raise _problem(response)
                yield from response.iter_bytes()
            finally:
                response.close()
        except httpx.TransportError as error:
            raise self._unreachable(error) from None

    def _repeated(
        self,
        method: str,
        path: str,
        *,
        query: Query | None = None,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
    ) -> Any:
        for failures in range(1, self._retries.tries):
            asked_s = None
            try:
                response = self._request(method, path, query, body, headers or {})
                if not _worth_another_try(response):
                    return _content(response)
                asked_s = _retry_after(response)
            except ExchangeUnreachable:
                pass
            time.sleep(self._retries.pause_s(failures, asked_s))
        return _content(self._request(method, path, query, body, headers or {}))

    def _request(
        self,
        method: str,
        path: str,
        query: Query | None,
        body: Any,
        headers: Mapping[str, str],
    ) -> httpx.Response:
        try:
            response = self._http.request(
                method, path, params=_told(query), json=body, headers=self._headers(headers)
            )
        except httpx.TransportError as error:
            raise self._unreachable(error) from None
        if len(response.content) > _LARGEST_ANSWER:
            raise AnswerMalformed("The exchange's answer is too large.")
        return response

    def _headers(self, headers: Mapping[str, str]) -> dict[str, str]:
        sent = dict(headers)
        if self.token is not None:
            sent["Authorization"] = f"Bearer {self.token}"
        return sent

    def _unreachable(self, error: httpx.TransportError) -> ExchangeUnreachable:
        # Not the error itself: it carries the request with its token.
        return ExchangeUnreachable(f"{self.url} does not answer ({type(error).__name__}).")


def _told(query: Query | None) -> dict[str, str | int | Sequence[str]]:
    return {key: value for key, value in (query or {}).items() if value is not None}


def _worth_another_try(response: httpx.Response) -> bool:
    if response.status_code in {_TOO_MANY, 503}:
        return True
    # The first try of this very request still runs.
    return response.status_code == 409 and b"idempotency-key-in-flight" in response.content


def _retry_after(response: httpx.Response) -> float | None:
    text = response.headers.get("Retry-After", "")
    return float(text) if text.isascii() and text.isdecimal() else None


def _content(response: httpx.Response) -> Any:
    if not response.is_success:
        raise _problem(response)
    try:
        return response.json() if response.content else None
    except ValueError:
        raise AnswerMalformed("The exchange's answer is not JSON.") from None


def _problem(response: httpx.Response) -> ProblemError:
    try:
        content = response.json()
    except ValueError:
        content = None
    return ProblemError(response.status_code, content if isinstance(content, dict) else {})
