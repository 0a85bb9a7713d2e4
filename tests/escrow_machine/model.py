"""The escrow as its documents tell it, in Python: the oracle that the contract is compared with.

All state is one table of cells with a journal, so that a refused call, or a refused payout inside
of one, is taken back as the chain takes it back.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.escrow_machine.chain import Interface
from tests.escrow_machine.people import Terms, instruction, recovered, settlement
from tests.escrow_machine.world import Recipients, World

NONE, LOCKED, CANCEL_REQUESTED, PAID, RELEASED, REFUNDED, SPLIT = range(7)
SELLER, BUYER, ARBITRATOR = range(3)
ZERO = "0x" + "00" * 20

PAYMENT_WINDOW = (1, 30 * 86_400)
CHALLENGE_WINDOW = (600, 7 * 86_400)


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


class Model:
    """The rules. Each public function is the contract's function of that name."""

    def __init__(self, interface: Interface, contract: str) -> None:
        self.interface = interface
        self.contract = contract
        self.world = World(contract)
        self.now = 0
        self.events: list[tuple[str, tuple[Any, ...]]] = []
        self._recipients = Recipients(self.world, self._inner)
        self._entered = False
        # Each with whether the guard against re-entrance stands before it.
        self.functions: dict[str, tuple[Callable[..., bytes | None], bool]] = {
            "lock": (self.lock, True),
            "release": (self.release, True),
            "releaseBySig": (self.release_by_sig, True),
            "requestCancel": (self.request_cancel, False),
            "requestCancelBySig": (self.request_cancel_by_sig, False),
            "markPaid": (self.mark_paid, False),
            "markPaidBySig": (self.mark_paid_by_sig, False),
            "refund": (self.refund, True),
            "refundBySig": (self.refund_by_sig, True),
            "settle": (self.settle, True),
            "cancel": (self.cancel, True),
            "withdraw": (self.withdraw, True),
        }

    def call(self, call: Call) -> bytes:
        """Does what the contract has to do; gives what it returns.

        Raises:
            Refused: It has to revert; then nothing has changed.
        """
        function, guarded = self.functions[call.function]
        mark, events = self.world.mark(), len(self.events)
        entered = self._entered
        try:
            if call.value and call.function != "lock":
                raise Refused
            if guarded and entered:
                raise self.error("ReentrancyGuardReentrantCall")
            self._entered = entered or guarded
            self.world.move_native(call.caller, self.contract, call.value)
            return function(call, *call.arguments) or b""
        except Refused:
            self.world.take_back(mark)
            del self.events[events:]
            raise
        finally:
            self._entered = entered

    def _inner(self, call: Call) -> bool:
        """A call that a token or a recipient makes while the contract waits for it."""
        try:
            self.call(call)
        except Refused:
            return False
        return True

    # --- the seller, the buyer, anyone with a signature ---------------------------------------

    def lock(self, call: Call, terms: Terms) -> bytes:
        self.only_seller(call, terms)
        self._sound(terms)
        if self.now > terms.fund_by:
            raise self.error("TooLateToLock", terms.fund_by, self.now)
        key = terms.id(self.contract)
        if self.status(key) != NONE:
            raise self.wrong_status(key)
        self.store(key, LOCKED, self.now, 0)
        self._take(call, terms)
        self.tell("Locked", key, terms.seller, terms.buyer)
        return key

    def release(self, call: Call, terms: Terms) -> None:
        self.only_seller(call, terms)
        self._release(terms)

    def release_by_sig(self, _: Call, terms: Terms, signature: bytes) -> None:
        self._signed(terms.seller, "Release", terms, signature)
        self._release(terms)

    def request_cancel(self, call: Call, terms: Terms) -> None:
        self.only_seller(call, terms)
        self._request_cancel(terms)

    def request_cancel_by_sig(self, _: Call, terms: Terms, signature: bytes) -> None:
        self._signed(terms.seller, "Cancel", terms, signature)
        self._request_cancel(terms)

    def mark_paid(self, call: Call, terms: Terms) -> None:
        self.only_buyer(call, terms)
        self._mark_paid(terms)

    def mark_paid_by_sig(self, _: Call, terms: Terms, signature: bytes) -> None:
        self._signed(terms.buyer, "Paid", terms, signature)
        self._mark_paid(terms)

    def refund(self, call: Call, terms: Terms) -> None:
        self.only_buyer(call, terms)
        self._refund(terms, self.open(terms))

    def refund_by_sig(self, _: Call, terms: Terms, signature: bytes) -> None:
        self._signed(terms.buyer, "Refund", terms, signature)
        self._refund(terms, self.open(terms))

    def settle(
        self, call: Call, terms: Terms, share: int, one: int, ones: bytes, two: int, twos: bytes
    ) -> None:
        if one == two:
            raise self.error("SameRole", one)
        if share > terms.amount:
            raise self.error("ShareTooLarge", share, terms.amount)
        key = self.open(terms)
        what = settlement(key, share, self.contract)
        for role, signature in ((one, ones), (two, twos)):
            party = (terms.seller, terms.buyer, terms.arbitrator)[role]
            own = signature == b"" and call.caller == party
            if not own and (signature == b"" or not self.is_by(party, what, signature)):
                raise self.error("BadSignature", party, what)
        self.end(key, SPLIT)
        self.tell("Settled", key, share)
        fee = terms.fee * share // terms.amount
        self._credit(terms.token, terms.fee_recipient, fee)
        self.pay(terms.token, terms.buyer, share)
        self.pay(terms.token, terms.seller, terms.amount + terms.fee - share - fee)

    # --- anyone, the credited -----------------------------------------------------------------

    def cancel(self, _: Call, terms: Terms) -> None:
        key = terms.id(self.contract)
        status, _locked_at, cancel_at = self.state(key)
        if status != CANCEL_REQUESTED:
            raise self.wrong_status(key)
        if self.now <= cancel_at:
            raise self.error("ChallengeWindowOpen", cancel_at, self.now)
        self._refund(terms, key)

    def withdraw(self, call: Call, token: str, to: str) -> bytes:
        amount: int = self.world.get("credit", token, call.caller)
        if amount == 0:
            raise self.error("NoCredit", token, call.caller)
        self.world.put(0, "credit", token, call.caller)
        if not self._recipients.send(token, to, amount):
            raise self.error("WithdrawalFailed", token, to, amount)
        self.tell("Withdrawn", token, call.caller, to, amount)
        return amount.to_bytes(32)

    # --- transitions --------------------------------------------------------------------------

    def _release(self, terms: Terms) -> None:
        key = self.open(terms)
        self.end(key, RELEASED)
        self.tell("Released", key)
        self._credit(terms.token, terms.fee_recipient, terms.fee)
        self.pay(terms.token, terms.buyer, terms.amount)

    def _refund(self, terms: Terms, key: bytes) -> None:
        self.end(key, REFUNDED)
        self.tell("Refunded", key)
        self.pay(terms.token, terms.seller, terms.amount + terms.fee)

    def _mark_paid(self, terms: Terms) -> None:
        key = terms.id(self.contract)
        if self.status(key) not in {LOCKED, CANCEL_REQUESTED}:
            raise self.wrong_status(key)
        self.end(key, PAID)
        self.tell("Paid", key)

    def _request_cancel(self, terms: Terms) -> None:
        key = terms.id(self.contract)
        status, locked_at, _ = self.state(key)
        if status != LOCKED:
            raise self.wrong_status(key)
        until = locked_at + terms.payment_window
        if self.now <= until:
            raise self.error("PaymentWindowOpen", until, self.now)
        cancel_at = self.now + terms.challenge_window
        self.store(key, CANCEL_REQUESTED, locked_at, cancel_at)
        self.tell("CancelRequested", key, cancel_at)

    # --- coins --------------------------------------------------------------------------------

    def _take(self, call: Call, terms: Terms) -> None:
        token, total = terms.token, terms.amount + terms.fee
        if token == ZERO:
            if call.value != total:
                raise self.error("WrongValue", total, call.value)
            return
        if call.value:
            raise self.error("WrongValue", 0, call.value)
        if token not in self.world.codes:
            raise self.error("NoToken", token)
        if not self.world.is_token(token):
            raise Refused
        before = self.world.balance(token, self.contract)
        refusal = self._recipients.pull(token, terms.seller, total)
        if refusal is not None:
            raise Refused(refusal or self.interface.error("SafeERC20FailedOperation", token))
        arrived = max(self.world.balance(token, self.contract) - before, 0)
        if arrived != total:
            raise self.error("WrongAmountArrived", token, total, arrived)

    def pay(self, token: str, to: str, amount: int) -> None:
        """Sends, and credits what could not be sent."""
        if amount == 0 or self._recipients.send(token, to, amount):
            return
        self._credit(token, to, amount)
        self.tell("Credited", token, to, amount)

    def _credit(self, token: str, account: str, amount: int) -> None:
        self.world.add(amount, "credit", token, account)

    # --- rules --------------------------------------------------------------------------------

    def _sound(self, terms: Terms) -> None:
        parties = (terms.seller, terms.buyer, terms.arbitrator)
        if ZERO in parties or len(set(parties)) != 3:
            raise self.error("BadParties", *parties)
        if terms.amount == 0 or terms.fee > terms.amount:
            raise self.error("BadAmount", terms.amount, terms.fee)
        if terms.fee and terms.fee_recipient == ZERO:
            raise self.error("NoFeeRecipient", terms.fee)
        for name, window, (shortest, longest) in (
            ("BadPaymentWindow", terms.payment_window, PAYMENT_WINDOW),
            ("BadChallengeWindow", terms.challenge_window, CHALLENGE_WINDOW),
        ):
            if not shortest <= window <= longest:
                raise self.error(name, window, shortest, longest)

    def only_seller(self, call: Call, terms: Terms) -> None:
        if call.caller != terms.seller:
            raise self.error("NotSeller", call.caller, terms.seller)

    def only_buyer(self, call: Call, terms: Terms) -> None:
        if call.caller != terms.buyer:
            raise self.error("NotBuyer", call.caller, terms.buyer)

    def _signed(self, signer: str, kind: str, terms: Terms, signature: bytes) -> None:
        what = instruction(kind, terms.id(self.contract), self.contract)
        if not self.is_by(signer, what, signature):
            raise self.error("BadSignature", signer, what)

    def is_by(self, signer: str, what: bytes, signature: bytes) -> bool:
        """Whether it is the signer's key, or a contract wallet that takes the signature."""
        return recovered(what, signature) == signer or self.world.wallet_takes(
            signer, what, signature
        )

    # --- the slot -----------------------------------------------------------------------------

    def state(self, key: bytes) -> tuple[int, int, int]:
        """Status, lockedAt, cancelAt."""
        packed = self.world.get("state", key)
        return packed & 0xFF, packed >> 8 & (1 << 40) - 1, packed >> 48

    def status(self, key: bytes) -> int:
        return self.state(key)[0]

    def store(self, key: bytes, status: int, locked_at: int, cancel_at: int) -> None:
        self.world.put(status | locked_at << 8 | cancel_at << 48, "state", key)

    def end(self, key: bytes, status: int) -> None:
        """Changes the status alone."""
        _, locked_at, cancel_at = self.state(key)
        self.store(key, status, locked_at, cancel_at)

    def open(self, terms: Terms) -> bytes:
        """The id of an escrow that can still be ended."""
        key = terms.id(self.contract)
        if self.status(key) not in {LOCKED, CANCEL_REQUESTED, PAID}:
            raise self.wrong_status(key)
        return key

    def wrong_status(self, key: bytes) -> Refused:
        return self.error("WrongStatus", key, self.status(key))

    def error(self, name: str, *values: Any) -> Refused:
        return Refused(self.interface.error(name, *values))

    def tell(self, name: str, *values: Any) -> None:
        self.events.append((name, values))
