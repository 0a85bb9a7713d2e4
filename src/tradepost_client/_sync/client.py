"""Every operation of the API, with typed answers.

The rest is in `backups`, `confirmations`, `market`, `payments`, `push`, `sandbox`, `streams` and
`webhooks`. It signs nothing, and checks nothing but forms.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, Literal

from pydantic import BaseModel

from tradepost_client._sync.backups import SyncBackups
from tradepost_client._sync.confirmations import Confirmations
from tradepost_client._sync.market import Market
from tradepost_client._sync.payments import Payments
from tradepost_client._sync.push import SyncPush
from tradepost_client._sync.sandbox import SyncSandbox
from tradepost_client._sync.streams import Streams
from tradepost_client._sync.webhooks import Webhooks
from tradepost_client.answers import answer, given, items
from tradepost_client.errors import AnswerMalformed, ProblemError
from tradepost_client.health import ExchangeHealth
from tradepost_client.models import (
    Account,
    Event,
    Exchange,
    HistoryEntry,
    Instructions,
    NewToken,
    NodeAnswer,
    Nonce,
    ProblemPage,
    Role,
    SignedIn,
    SignedLock,
    Time,
    Token,
    Trade,
)

_PAGE = 100


class _Now(BaseModel):
    now: Time


class Client(
    SyncBackups,
    Confirmations,
    Market,
    Payments,
    SyncPush,
    SyncSandbox,
    Streams,
    Webhooks,
):
    """A client of one exchange; a sign-in gives it its token.

    Every method raises `ProblemError` where the exchange refuses, `ExchangeUnreachable` where it
    does not answer, and `AnswerMalformed` where its answer is not what the API promises.
    """

    # --- the exchange ----------------------------------------------------------------------

    def is_alive(self) -> bool:
        """Whether the exchange's process answers at all; not repeated."""
        try:
            self.send("GET", "/livez")
        except ProblemError:
            return False
        return True

    def is_ready(self) -> bool:
        """Whether the exchange says that it can serve; not repeated."""
        try:
            self.send("GET", "/readyz")
        except ProblemError:
            return False
        return True

    def time(self) -> Time:
        """The exchange's clock."""
        return answer(_Now, self.get("/v1/time")).now

    def exchange(self) -> Exchange:
        """What it trades, and by which rules."""
        return answer(Exchange, self.get("/v1/exchange"))

    def health(self) -> ExchangeHealth:
        """How the exchange is; for accounts with the role `operator` only."""
        return answer(ExchangeHealth, self.get("/v1/admin/health"))

    def problems(self) -> tuple[ProblemPage, ...]:
        """Every problem that it can answer with."""
        return tuple(answer(ProblemPage, item) for item in items(self.get("/v1/problems")))

    def problem(self, name: str) -> ProblemPage:
        """One of them, by the last part of its type."""
        return answer(ProblemPage, self.get(f"/v1/problems/{name}"))

    # --- the account -----------------------------------------------------------------------

    def create_nonce(self) -> Nonce:
        """A nonce for one sign-in message."""
        return answer(Nonce, self.post_once("/v1/nonces"))

    def create_account(self, name: str, passphrase: str) -> SignedIn:
        """Opens an account with a name and a passphrase, and uses its token from now on."""
        body = {"name": name, "passphrase": passphrase}
        return self._signed_in(self.post_once("/v1/accounts", body))

    def sign_in_by_name(
        self,
        name: str,
        passphrase: str,
        *,
        scopes: Sequence[str] | None = None,
        expires_in_s: int | None = None,
    ) -> SignedIn:
        """Signs in by name and passphrase, and uses the token from now on."""
        body = given(
            name=name,
            passphrase=passphrase,
            scopes=None if scopes is None else list(scopes),
            expires_in_s=expires_in_s,
        )
        return self._signed_in(self.post_once("/v1/sessions", body))

    def sign_in_by_wallet(
        self,
        message: str,
        signature: str,
        *,
        scopes: Sequence[str] | None = None,
        expires_in_s: int | None = None,
    ) -> SignedIn:
        """Signs in by an EIP-4361 message, and uses the token from now on."""
        body = given(
            message=message,
            signature=signature,
            scopes=None if scopes is None else list(scopes),
            expires_in_s=expires_in_s,
        )
        return self._signed_in(self.post_once("/v1/sessions", body))

    def sign_out(self) -> None:
        """Ends the token in use."""
        self.send("DELETE", "/v1/sessions/current")
        self.token = None

    def account(self) -> Account:
        """The account of the token."""
        return answer(Account, self.get("/v1/account"))

    def add_wallet(self, message: str, signature: str, *, key: str | None = None) -> Account:
        """Adds a wallet to the account, proven by an EIP-4361 message."""
        body = {"message": message, "signature": signature}
        return answer(Account, self.post_once("/v1/account/wallets", body, key))

    def tokens(self) -> tuple[Token, ...]:
        """All live tokens of the account."""
        content = self.get("/v1/tokens")
        return tuple(answer(Token, item) for item in items(content))

    def create_token(self, label: str, scopes: Sequence[str], expires_in_s: int) -> NewToken:
        """Makes a token for a program; its secret is shown this once."""
        body = {"label": label, "scopes": list(scopes), "expires_in_s": expires_in_s}
        return answer(NewToken, self.post_once("/v1/tokens", body))

    def revoke_token(self, token_id: str) -> None:
        """Ends a token."""
        self.send("DELETE", f"/v1/tokens/{token_id}")

    def events(self, after: int = 0) -> Iterator[Event]:
        """The account's events with a number above `after`, up to the newest.

        The numbers have no gap; one that is missing raises `AnswerMalformed`.
        """
        while True:
            content = self.get("/v1/account/events", {"after": after, "limit": _PAGE})
            events = [answer(Event, item) for item in items(content)]
            for event in events:
                if event.seq != after + 1:
                    raise AnswerMalformed(f"After event {after} comes {event.seq}.")
                after = event.seq
                yield event
            if len(events) < _PAGE:
                return

    # --- trades ----------------------------------------------------------------------------

    def take_offer(self, taking: Mapping[str, Any], *, key: str | None = None) -> Trade:
        """Takes an offer; `taking` has the members of the API's body, amounts as strings."""
        return answer(Trade, self.post_once("/v1/trades", dict(taking), key))

    def trades(self, *, state: str | None = None, role: Role | None = None) -> Iterator[Trade]:
        """The account's trades, newest first."""
        for item in self._pages("/v1/trades", {"state": state, "role": role}):
            yield answer(Trade, item)

    def export_trades(
        self,
        form: Literal["csv", "ndjson"] = "csv",
        *,
        since: datetime | None = None,
        until: datetime | None = None,
    ) -> Iterator[str]:
        """The account's trades as lines of a file, oldest first; of CSV, the first has the names.

        With `since` or `until`, those that ended in that time (`until` is not in it).
        """
        query = {
            "format": form,
            "from": None if since is None else since.isoformat(),
            "to": None if until is None else until.isoformat(),
        }
        yield from self.lines("/v1/trades/export", query)

    def trade(self, trade_id: str) -> Trade:
        """One trade, as the exchange shows it; see `Trader.trade` for a verified one."""
        return answer(Trade, self.get(f"/v1/trades/{trade_id}"))

    def instructions(
        self,
        trade_id: str,
        *,
        buyer_amount: Decimal | None = None,
        valid_until: int | None = None,
    ) -> Instructions:
        """What a wallet of another program signs or sends; a `Trader` makes its own.

        With `buyer_amount` (of the coin) and `valid_until` (chain time, in Unix seconds), also what
        is signed to offer that settlement.
        """
        amount = None if buyer_amount is None else f"{buyer_amount:f}"
        query = {"buyer_amount": amount, "valid_until": valid_until}
        return answer(Instructions, self.get(f"/v1/trades/{trade_id}/instructions", query))

    def history(self, trade_id: str) -> tuple[HistoryEntry, ...]:
        """What has happened to a trade."""
        pages = self._pages(f"/v1/trades/{trade_id}/history", {})
        return tuple([answer(HistoryEntry, item) for item in pages])

    def lock(self, trade_id: str, lock: SignedLock, *, key: str | None = None) -> Trade:
        """The seller hands over his signed lock, which the exchange brings to the chain."""
        return self._step(trade_id, "lock", lock.model_dump(exclude_none=True), key)

    def send_payment_details(self, trade_id: str, sealed: str, *, key: str | None = None) -> Trade:
        """Hands over the seller's sealed payment details."""
        return self._step(trade_id, "payment-details", {"sealed": sealed}, key)

    def payment_sent(self, trade_id: str, signature: str, *, key: str | None = None) -> Trade:
        """The buyer says, by a signature of Paid, that he paid."""
        return self._step(trade_id, "payment-sent", {"signature": signature}, key)

    def release(self, trade_id: str, signature: str, *, key: str | None = None) -> Trade:
        """The seller releases by a signature of Release."""
        return self._step(trade_id, "release", {"signature": signature}, key)

    def refund(self, trade_id: str, signature: str, *, key: str | None = None) -> Trade:
        """The buyer gives the coins back by a signature of Refund."""
        return self._step(trade_id, "refund", {"signature": signature}, key)

    def cancel(
        self, trade_id: str, signature: str | None = None, *, key: str | None = None
    ) -> Trade:
        """Leaves a trade; the buyer brings a Refund signature, after a lock the seller a Cancel."""
        return self._step(trade_id, "cancel", given(signature=signature), key)

    def dispute(self, trade_id: str, reason: str, *, key: str | None = None) -> Trade:
        """Calls the arbitrator."""
        return self._step(trade_id, "dispute", {"reason": reason}, key)

    def settle(
        self,
        trade_id: str,
        buyer_amount: Decimal,
        valid_until: int,
        signature: str,
        *,
        key: str | None = None,
    ) -> Trade:
        """Signs how much of the coin the buyer gets, by a signature of Settlement.

        `valid_until` is its last chain time, in Unix seconds.
        """
        body = {
            "buyer_amount": f"{buyer_amount:f}",
            "valid_until": valid_until,
            "signature": signature,
        }
        return self._step(trade_id, "settlement", body, key)

    def call_node(self, method: str, *params: Any) -> Any:
        """What the exchange's node answers to a call of JSON-RPC; a node of your own is worth more.

        `eth_sendRawTransaction` needs a token with `trades:write`, and can be sent again.
        """
        body = {"method": method, "params": list(params)}
        # Each of them does twice what it does once.
        content = self._repeated("POST", "/v1/chain/calls", body=body)
        return answer(NodeAnswer, content).result

    # --- inside ----------------------------------------------------------------------------

    def _step(self, trade_id: str, step: str, body: Any, key: str | None) -> Trade:
        return answer(Trade, self.post_once(f"/v1/trades/{trade_id}/{step}", body, key))

    def _signed_in(self, content: Any) -> SignedIn:
        signed_in = answer(SignedIn, content)
        self.token = signed_in.token.token
        return signed_in
