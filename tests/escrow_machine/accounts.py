"""Coins outside of escrows, and the ways in and out, as `docs/contract.md` tells them.

All state is one table of cells with a journal, so that a refused call, or a refused payout inside
of one, is taken back as the chain takes it back.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from tests.escrow_machine.chain import Interface
from tests.escrow_machine.people import deposit_nonce, recovered, withdrawal
from tests.escrow_machine.world import ZERO, Recipients, Reverts, World


class Refused(Exception):
    """The call reverts, with these bytes."""

    def __init__(self, data: bytes = b"") -> None:
        super().__init__(data.hex())
        self.data = data


@dataclass(frozen=True, slots=True)
class Call:
    """A call of one function of the contract, in terms of the model."""

    caller: str
    function: str
    arguments: tuple[Any, ...]
    value: int = 0


class Accounts:
    """The balances in the contract, and coins that come and go."""

    def __init__(self, interface: Interface, contract: str) -> None:
        self.interface = interface
        self.contract = contract
        self.world = World(contract)
        self.events: list[tuple[str, tuple[Any, ...]]] = []
        self.recipients = Recipients(self.world, self.inner)
        self._measuring = False
        self._limited = False

    @property
    def now(self) -> int:
        """The chain's time."""
        return self.world.now

    def inner(self, call: Call) -> bool:
        """A call that a token or a recipient makes while the contract waits for it."""
        raise NotImplementedError

    # --- the calls ----------------------------------------------------------------------------

    def deposit(self, call: Call, token: str, account: str, amount: int) -> None:
        self._some(amount)
        self.take(call, token, call.caller, amount)
        self._deposited(token, account, amount)

    def deposit_with_authorization(
        self,
        _: Call,
        token: str,
        account: str,
        amount: int,
        valid_before: int,
        salt: bytes,
        by: bytes,
    ) -> None:
        self._some(amount)
        self.take_authorized(token, account, amount, valid_before, deposit_nonce(salt), by)
        self._deposited(token, account, amount)

    def permit(
        self, _: Call, token: str, owner: str, value: int, deadline: int, v: int, r: bytes, s: bytes
    ) -> None:
        try:
            self.recipients.permitted(token, owner, value, deadline, r + s + bytes([v]))
        except Reverts as refusal:
            raise Refused(refusal.data) from None

    def withdraw(self, call: Call, token: str, amount: int, to: str) -> None:
        self._withdraw(token, call.caller, amount, to)

    def withdraw_by_sig(
        self,
        _: Call,
        account: str,
        token: str,
        amount: int,
        to: str,
        valid_until: int,
        signature: bytes,
    ) -> None:
        self.in_time(valid_until)
        nonce: int = self.world.get("withdrawals", token, account)
        draw = (account, token, amount, to)
        what = withdrawal(draw, nonce, valid_until, self.contract)
        if not self.is_by(account, what, signature):
            raise self.error("BadSignature", account, what)
        self.world.put(nonce + 1, "withdrawals", token, account)
        self._withdraw(token, account, amount, to)

    def _withdraw(self, token: str, account: str, amount: int, to: str) -> None:
        self._some(amount)
        if to == self.contract:
            raise self.error("BadRecipient", to)
        self.debit(token, account, amount)
        if not self.recipients.send(token, to, amount):
            raise self.error("WithdrawalFailed", token, to, amount)
        self.tell("Withdrawn", token, account, to, amount)

    # --- coins in -----------------------------------------------------------------------------

    def take(self, call: Call, token: str, source: str, total: int) -> None:
        """Native coins that came with the call, or tokens by an allowance."""
        expected = total if token == ZERO else 0
        if call.value != expected:
            raise self.error("WrongValue", expected, call.value)
        if token != ZERO:
            self.take_allowed(token, source, total)

    def take_allowed(self, token: str, source: str, total: int) -> None:
        """Tokens by an allowance."""
        with self._measured(token, total):
            refusal = self.recipients.pull(token, source, total)
            if refusal is not None:
                raise Refused(refusal or self.interface.error("SafeERC20FailedOperation", token))

    def take_authorized(
        self, token: str, source: str, total: int, valid_before: int, nonce: bytes, by: bytes
    ) -> None:
        """Tokens by an authorization."""
        with self._measured(token, total):
            try:
                self.recipients.authorized(token, source, total, valid_before, nonce, by)
            except Reverts as refusal:
                raise Refused(refusal.data) from None

    @contextmanager
    def _measured(self, token: str, total: int) -> Iterator[None]:
        """While a token is measured no other coins of tokens come in; then all has to be there."""
        if self._measuring:
            raise self.error("ReentrancyGuardReentrantCall")
        if not self.world.is_token(token):
            raise self.error("NoToken", token)
        before = self.world.balance(token, self.contract)
        self._measuring = True
        try:
            yield
        finally:
            self._measuring = False
        arrived = self.world.balance(token, self.contract) - before
        if arrived != total:
            raise self.error("WrongAmountArrived", token, total, max(arrived, 0))

    # --- coins out ----------------------------------------------------------------------------

    def pay(self, token: str, to: str, amount: int) -> None:
        """Sends, and credits what could not be sent.

        Whoever is paid gets so little gas that no payout inside of his own calls may fail.
        """
        outer, self._limited = self._limited, True
        try:
            sent = amount == 0 or self.recipients.send(token, to, amount)
        finally:
            self._limited = outer
        if sent:
            return
        if self._limited:
            raise Refused
        self.credit(token, to, amount)
        self.tell("Credited", token, to, amount)

    def credit(self, token: str, account: str, amount: int) -> None:
        """More in the account's balance."""
        self.world.add(amount, "account", token, account)

    def debit(self, token: str, account: str, amount: int) -> None:
        """Less in the account's balance."""
        has: int = self.world.get("account", token, account)
        if has < amount:
            raise self.error("BalanceTooLow", token, account, has, amount)
        self.world.put(has - amount, "account", token, account)

    def _deposited(self, token: str, account: str, amount: int) -> None:
        self.credit(token, account, amount)
        self.tell("Deposited", token, account, amount)

    # --- rules --------------------------------------------------------------------------------

    def _some(self, amount: int) -> None:
        if amount == 0:
            raise self.error("NoAmount")

    def in_time(self, valid_until: int) -> None:
        """What was signed may be used up to this time."""
        if self.now > valid_until:
            raise self.error("SignatureTooLate", valid_until, self.now)

    def is_by(self, signer: str, what: bytes, signature: bytes) -> bool:
        """Whether it is the signer's key, or a contract wallet that takes the signature."""
        return recovered(what, signature) == signer or self.world.wallet_takes(
            signer, what, signature
        )

    def error(self, name: str, *values: Any) -> Refused:
        """A refusal with one of the contract's errors."""
        return Refused(self.interface.error(name, *values))

    def tell(self, name: str, *values: Any) -> None:
        """An event."""
        self.events.append((name, values))
