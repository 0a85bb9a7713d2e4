"""Following what an exchange tells, over as many connections as it takes."""

import time
from collections.abc import Generator, Mapping, Sequence
from contextlib import closing

from tradepost_client._sync.transport import Transport
from tradepost_client.answers import answer
from tradepost_client.errors import ExchangeUnreachable, ProblemError
from tradepost_client.models import Ticket
from tradepost_client.streams import Follower, Told

#: A heartbeat comes every 15 seconds: who hears nothing for longer has lost the exchange.
_SILENCE_S = 45.0


class Streams(Transport):
    """What a client is told; the errors are those of `AsyncClient`."""

    def create_stream_ticket(self, *, key: str | None = None) -> Ticket:
        """A ticket for a browser, which can send no token with a WebSocket."""
        return answer(Ticket, self.post_once("/v1/stream/tickets", None, key))

    def stream(
        self, channels: Sequence[str], *, resume_from: Mapping[str, int] | None = None
    ) -> Generator[Told]:
        """What happens on these channels, without an end.

        A connection that is lost is made anew, for as long as it takes, and goes on where it was:
        nothing is missing and nothing comes twice. Where that is impossible, a `Resync` says so.

        Args:
            channels: `trades`, `notifications` (both need a token), `prices:ETH-EUR`,
                `offers:ETH-EUR`.
            resume_from: The last number that is known, by channel; what is missing begins now.

        Raises:
            ProblemError: The exchange refuses, and would refuse again.
            AnswerMalformed: It told something that has a gap or no form.
        """
        follower = Follower(channels, resume_from or {})
        failures = 0
        while True:
            try:
                connection = self.chunks("/v1/stream", follower.query(), silence_s=_SILENCE_S)
                with closing(connection) as chunks:
                    for chunk in chunks:
                        failures = 0
                        yield from follower.feed(chunk)
            except ExchangeUnreachable:
                pass
            except ProblemError as refused:
                if not refused.retryable:
                    raise
            # Also one that was ended in order: it would be ended again at once where it is not.
            failures += 1
            time.sleep(self._retries.pause_s(failures))
