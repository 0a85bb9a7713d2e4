"""The escrow as its documents tell it, in Python: the oracle that the contract is compared with.

Permit2 is left out: it is another contract; `contracts/test/Locks.t.sol` runs the real one.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import NamedTuple

from tests.escrow_machine.accounts import Accounts, Call, Refused
from tests.escrow_machine.chain import Interface
from tests.escrow_machine.people import Terms, instruction, locking, recovered, settlement

NONE, LOCKED, CANCEL_REQUESTED, PAID, RELEASED, REFUNDED, SPLIT = range(7)
OPEN = (LOCKED, CANCEL_REQUESTED, PAID)
SELLER, BUYER, ARBITRATOR = range(3)
ZERO = "0x" + "00" * 20

PAYMENT_WINDOW = (1, 30 * 86_400)
CHALLENGE_WINDOW = (600, 7 * 86_400)
LOCKING = ("lock", "lockBySig", "lockWithAuthorization", "lockFromDeposit")
LONGEST_REASON = 1_024


class Lane(NamedTuple):
    """What a lane holds: the upper 208 bits of an escrow's id, and its state."""

    id_bits: bytes
    status: int
    time: int
    from_deposit: bool

    def word(self) -> int:
        """As the contract keeps it."""
        mark = 0x80 if self.from_deposit else 0
        return int.from_bytes(self.id_bits) << 48 | self.time << 8 | mark | self.status


EMPTY = Lane(bytes(26), NONE, 0, False)


class Model(Accounts):
    """The rules. Each public function is the contract's function of that name."""

    def __init__(self, interface: Interface, contract: str) -> None:
        super().__init__(interface, contract)
        #: Items of the next batch that got too little gas, with the reason that the chain gave.
        self.starved: dict[int, bytes] = {}
        #: How the calls went that came back from tokens and recipients.
        self.came_back: list[bool] = []
        self.functions: dict[str, Callable[..., bytes | None]] = {
            "lock": self.lock,
            "lockBySig": self.lock_by_sig,
            "lockWithAuthorization": self.lock_with_authorization,
            "lockFromDeposit": self.lock_from_deposit,
            "release": self.release,
            "releaseBySig": self.release_by_sig,
            "releaseAll": self.release_all,
            "requestCancel": self.request_cancel,
            "requestCancelBySig": self.request_cancel_by_sig,
            "markPaid": self.mark_paid,
            "markPaidBySig": self.mark_paid_by_sig,
            "refund": self.refund,
            "refundBySig": self.refund_by_sig,
            "settle": self.settle,
            "cancel": self.cancel,
            "deposit": self.deposit,
            "depositWithAuthorization": self.deposit_with_authorization,
            "permit": self.permit,
            "withdraw": self.withdraw,
            "withdrawBySig": self.withdraw_by_sig,
            "batch": self.batch,
        }

    def call(self, call: Call) -> bytes:
        """Does what the contract has to do; gives what it returns.

        Raises:
            Refused: It has to revert; then nothing has changed.
        """
        mark, events = self.world.mark(), len(self.events)
        try:
            if call.value and call.function not in {"lock", "deposit"}:
                raise Refused
            self.world.move_native(call.caller, self.contract, call.value)
            return self.functions[call.function](call, *call.arguments) or b""
        except Refused:
            self.world.take_back(mark)
            del self.events[events:]
            raise

    def inner(self, call: Call) -> bool:
        """A call that a token or a recipient makes while the contract waits for it."""
        try:
            self.call(call)
        except Refused:
            self.came_back.append(False)
            return False
        self.came_back.append(True)
        return True

    # --- locks --------------------------------------------------------------------------------

    def lock(self, call: Call, terms: Terms) -> None:
        self.only_seller(call, terms)
        self._open(terms)
        self.take(call, terms.token, terms.seller, terms.amount + terms.fee)

    def lock_by_sig(self, call: Call, terms: Terms, signature: bytes) -> None:
        what = locking("Lock", terms, self.contract)
        self._agreed(call, terms.seller, what, signature)
        self._open(terms)
        self.take_allowed(terms.token, terms.seller, terms.amount + terms.fee)

    def lock_with_authorization(self, _: Call, terms: Terms, signature: bytes) -> None:
        key, total = self._open(terms), terms.amount + terms.fee
        self.take_authorized(terms.token, terms.seller, total, terms.fund_by + 1, key, signature)

    def lock_from_deposit(self, call: Call, terms: Terms, signature: bytes) -> None:
        what = locking("LockFromDeposit", terms, self.contract)
        self._agreed(call, terms.seller, what, signature)
        self._open(terms, from_deposit=True)
        self.debit(terms.token, terms.seller, terms.amount + terms.fee)

    # --- the seller, the buyer, anyone with a signature ---------------------------------------

    def release(self, call: Call, terms: Terms) -> None:
        self.only_seller(call, terms)
        self._release(terms)

    def release_by_sig(self, _: Call, terms: Terms, signature: bytes) -> None:
        self._signed(terms.seller, "Release", terms, signature)
        self._release(terms)

    def release_all(self, _: Call, every: Sequence[Terms], signatures: bytes) -> None:
        if len(signatures) != 65 * len(every):
            raise self.error("SignaturesMissing")
        for index, terms in enumerate(every):
            key = terms.id(self.contract)
            what = instruction("Release", key, self.contract)
            if recovered(what, signatures[65 * index : 65 * index + 65]) != terms.seller:
                reason = self.error("BadSignature", terms.seller, what)
            elif self.status(terms) not in OPEN:
                reason = self.wrong_status(terms)
            else:
                self._release(terms)
                continue
            self.tell("CallFailed", index, reason.data)

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
        self._refund(terms)

    def refund_by_sig(self, _: Call, terms: Terms, signature: bytes) -> None:
        self._signed(terms.buyer, "Refund", terms, signature)
        self._refund(terms)

    def settle(
        self,
        call: Call,
        terms: Terms,
        share: int,
        valid_until: int,
        absent: int,
        ones: bytes,
        twos: bytes,
    ) -> None:
        if absent > ARBITRATOR:
            raise Refused
        if share > terms.words()[4]:
            raise self.error("ShareTooLarge", share, terms.amount)
        self.in_time(valid_until)
        what = settlement(terms.id(self.contract), share, valid_until, self.contract)
        parties = [terms.seller, terms.buyer, terms.arbitrator]
        del parties[absent]
        for party, signature in zip(parties, (ones, twos), strict=True):
            self._agreed(call, party, what, signature)
        from_deposit = self._end(terms, SPLIT)
        self.tell("Settled", terms.id(self.contract), share)
        fee = terms.fee * share // terms.amount
        self.credit(terms.token, terms.fee_recipient, fee)
        self.pay(terms.token, terms.buyer, share)
        self._give_back(terms, terms.amount + terms.fee - share - fee, from_deposit)

    # --- anyone -------------------------------------------------------------------------------

    def cancel(self, _: Call, terms: Terms) -> None:
        lane = self.lane(terms)
        if self.status(terms) != CANCEL_REQUESTED:
            raise self.wrong_status(terms)
        if self.now <= lane.time:
            raise self.error("ChallengeWindowOpen", lane.time, self.now)
        self._refund(terms)

    def batch(self, call: Call, _gas_each: int, items: Sequence[Call | bytes]) -> bytes:
        starved, self.starved = self.starved, {}
        failed = 0
        for index, item in enumerate(items):
            try:
                if index in starved:
                    raise Refused(starved[index])
                if isinstance(item, bytes):  # no function of the contract
                    raise Refused
                self.call(replace(item, caller=call.caller, value=0))
            except Refused as refused:
                failed += 1
                self.tell("CallFailed", index, refused.data[:LONGEST_REASON])
        return failed.to_bytes(32)

    # --- transitions --------------------------------------------------------------------------

    def _open(self, terms: Terms, *, from_deposit: bool = False) -> bytes:
        self._sound(terms)
        if self.now > terms.fund_by:
            raise self.error("TooLateToLock", terms.fund_by, self.now)
        lane = self.lane(terms)
        ended = lane.status > PAID and self.now > lane.time
        if lane.status != NONE and not ended:
            place = (terms.seller, terms.token, terms.lane)
            raise self.error("LaneTaken", *place, lane.status, lane.time)
        key = terms.id(self.contract)
        self._put(terms, Lane(key[:26], LOCKED, self.now, from_deposit))
        self.tell("Locked", key, terms.seller, terms.buyer)
        return key

    def _end(self, terms: Terms, status: int) -> bool:
        """Ends an open escrow; tells whether its coins came from a balance."""
        if self.status(terms) not in OPEN:
            raise self.wrong_status(terms)
        lane = self.lane(terms)
        self._put(terms, Lane(lane.id_bits, status, terms.fund_by, False))
        return lane.from_deposit

    def _release(self, terms: Terms) -> None:
        self._end(terms, RELEASED)
        self.tell("Released", terms.id(self.contract))
        self.credit(terms.token, terms.fee_recipient, terms.fee)
        self.pay(terms.token, terms.buyer, terms.amount)

    def _refund(self, terms: Terms) -> None:
        from_deposit = self._end(terms, REFUNDED)
        self.tell("Refunded", terms.id(self.contract))
        self._give_back(terms, terms.amount + terms.fee, from_deposit)

    def _give_back(self, terms: Terms, amount: int, from_deposit: bool) -> None:
        if from_deposit:
            self.credit(terms.token, terms.seller, amount)
        else:
            self.pay(terms.token, terms.seller, amount)

    def _mark_paid(self, terms: Terms) -> None:
        if self.status(terms) not in {LOCKED, CANCEL_REQUESTED}:
            raise self.wrong_status(terms)
        self._put(terms, self.lane(terms)._replace(status=PAID, time=0))
        self.tell("Paid", terms.id(self.contract))

    def _request_cancel(self, terms: Terms) -> None:
        lane = self.lane(terms)
        if self.status(terms) != LOCKED:
            raise self.wrong_status(terms)
        until = lane.time + terms.payment_window
        if self.now <= until:
            raise self.error("PaymentWindowOpen", until, self.now)
        cancel_at = self.now + terms.challenge_window
        self._put(terms, lane._replace(status=CANCEL_REQUESTED, time=cancel_at))
        self.tell("CancelRequested", terms.id(self.contract), cancel_at)

    # --- rules --------------------------------------------------------------------------------

    def _sound(self, terms: Terms) -> None:
        if terms.dirt[1]:
            raise self.error("MalformedTerms")
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

    def _agreed(self, call: Call, party: str, what: bytes, signature: bytes) -> None:
        """As `_signed`; and an empty signature stands for the caller himself."""
        own = signature == b"" and call.caller == party
        if not own and (signature == b"" or not self.is_by(party, what, signature)):
            raise self.error("BadSignature", party, what)

    # --- the lanes ----------------------------------------------------------------------------

    def lane(self, terms: Terms) -> Lane:
        """What the lane of these terms holds, be it their escrow or another."""
        return self.world.get("lane", terms.seller, terms.token, terms.lane) or EMPTY

    def _put(self, terms: Terms, lane: Lane) -> None:
        self.world.put(lane, "lane", terms.seller, terms.token, terms.lane)

    def status(self, terms: Terms) -> int:
        """Where the escrow of these terms stands; None where it is forgotten."""
        lane = self.lane(terms)
        return lane.status if lane.id_bits == terms.id(self.contract)[:26] else NONE

    def wrong_status(self, terms: Terms) -> Refused:
        return self.error("WrongStatus", terms.id(self.contract), self.status(terms))


def edge(lane: Lane, terms: Terms) -> int:
    """The last second of the window that an open escrow is in."""
    return lane.time + (terms.payment_window if lane.status == LOCKED else 0)
