"""The operations of a sandbox: an exchange on a development chain where bots are tried."""

from tradepost_client._sync.transport import Transport
from tradepost_client.answers import answer
from tradepost_client.sandbox import Draw, SandboxClock


class SyncSandbox(Transport):
    """What a client can do in a sandbox alone; the errors are those of `AsyncClient`.

    Any other exchange answers 404, a `ProblemError` with the slug `not-found`.
    """

    def draw_from_faucet(self, wallet: str, *, key: str | None = None) -> Draw:
        """Has coins for trial sent to an own wallet; `Chain.arrived` waits for each."""
        content = self.post_once("/v1/sandbox/faucet", {"wallet": wallet}, key)
        return answer(Draw, content)

    def sandbox_clock(self) -> SandboxClock:
        """The sandbox's time."""
        return answer(SandboxClock, self.get("/v1/sandbox/clock"))

    def advance_clock(self, seconds: int, *, key: str | None = None) -> SandboxClock:
        """Lets time pass for everybody, on the chain and on the exchange; up to 30 days."""
        content = self.post_once("/v1/sandbox/clock", {"advance_s": seconds}, key)
        return answer(SandboxClock, content)
