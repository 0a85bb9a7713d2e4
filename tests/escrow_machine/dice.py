"""Draws what steps are made of: people, terms and signatures, mostly right, often wrong."""

from collections.abc import Callable, Sequence
from random import Random
from typing import TypeVar

from tests.escrow_machine.accounts import Call
from tests.escrow_machine.chain import CHAIN_ID
from tests.escrow_machine.model import OPEN, PAID, edge
from tests.escrow_machine.people import (
    Terms,
    authorization,
    instruction,
    locking,
    other_form,
    settlement,
    sign,
)
from tests.escrow_machine.stage import PEOPLE, Stage, Step
from tests.escrow_machine.world import PLAIN_TOKENS, REENTER, ZERO

T = TypeVar("T")

_KINDS = ("Release", "Paid", "Refund", "Cancel")
_NUMBERS = {account: number for number, account in enumerate(PEOPLE, 1)}
#: How many bits the words of terms have, but for the lane, which has all.
_BITS = (160, 160, 160, 160, 128, 128, 160, 40, 32, 32)


class Dice:
    """Draws what steps are made of, with an eye on what there is on the stage."""

    def __init__(self, random: Random, stage: Stage) -> None:
        self.random = random
        self.stage = stage
        #: Whether signatures are all to be good ones.
        self.honest = False

    def chance(self, percent: float) -> bool:
        return self.random.random() * 100 < percent

    def of(self, choices: Sequence[T]) -> T:
        return self.random.choice(choices)

    def account(self) -> str:
        return self.of(self.stage.accounts) if self.chance(30) else self.of(PEOPLE)

    def caller(self, right: str) -> str:
        """Who calls: mostly the one who may, if he can send transactions at all."""
        able = right in PEOPLE or right in self.stage.recipients
        return right if able and self.chance(92) else self.of(PEOPLE)

    def until(self) -> int:
        """The last time of what is signed."""
        return self.stage.model.now + self.of((-1, 0, 3_600, 3_600, 3_600, 3_600, 3_600, 3_600))

    def amount(self) -> int:
        most = self.of((3, 200, 10**6, 10**20))
        return self.random.randint(1, most)

    def status(self, terms: Terms) -> int:
        return self.stage.model.status(terms)

    def terms(self, *wanted: int) -> Terms:
        """Terms of an escrow, mostly one in a wanted status, seldom ones that nobody locked."""
        if not self.stage.locked or self.chance(2):
            return self.new_terms()
        found = self.of(self.stage.locked)
        if self.chance(90):
            recent = self.stage.locked[-120:]
            fitting = [terms for terms in recent if self.status(terms) in (wanted or OPEN)]
            found = self.of(fitting or recent)
        return self.spoiled(found) if self.chance(3) else found

    def ripe(self, status: int) -> Terms | None:
        """Terms of an escrow in a status, mostly one whose window has passed; None if none has."""
        now = self.stage.model.now
        recent = [terms for terms in self.stage.locked[-120:] if self.status(terms) == status]
        passed = [terms for terms in recent if self.edge(terms) < now]
        if passed and self.chance(85):
            return self.of(passed)
        return self.terms(status) if self.chance(15) else None

    def edge(self, terms: Terms) -> int:
        """The last second of the window that an escrow is in."""
        return edge(self.stage.model.lane(terms), terms)

    def new_terms(self) -> Terms:
        seller, buyer, arbitrator = self.random.sample(PEOPLE, 3)
        token = self.token()
        if self.chance(15):
            seller = self.of([*self.stage.recipients, *self.stage.wallets])
        if self.chance(25):
            buyer = self.account()
        if self.chance(15):
            arbitrator = self.account()
        if len({seller, buyer, arbitrator}) < 3 and self.chance(80):
            seller, buyer, arbitrator = self.random.sample(PEOPLE, 3)
        amount = self.amount()
        return Terms(
            seller=seller,
            buyer=buyer,
            arbitrator=arbitrator,
            token=token,
            amount=amount,
            fee=self.of((0, amount, self.random.randint(0, amount), amount // 100)),
            fee_recipient=self.account(),
            fund_by=self.stage.model.now + self.of((0, 1, 1, 3_600)),
            payment_window=self.of((1, 1, 1, 2, 60, 3_600, 30 * 86_400)),
            challenge_window=self.of((600, 600, 601, 3_600, 7 * 86_400)),
            lane=self.lane(seller, token),
        )

    def lane(self, seller: str, token: str) -> int:
        """A seller's lane for a token: mostly one that is free again, seldom one that is taken."""
        few = [self.random.randrange(4) for _ in range(3)]
        free = [one for one in few if self._is_free(seller, token, one)]
        if free and self.chance(90):
            return free[0]
        return few[0] if self.chance(15) else self.random.getrandbits(256)

    def _is_free(self, seller: str, token: str, lane: int) -> bool:
        held = self.stage.world.get("lane", seller, token, lane)
        return not held or (held.status > PAID and held.time < self.stage.model.now)

    def holding(self) -> tuple[str, str, int]:
        """A token, somebody with a balance of it in the contract, and how much; or anybody."""
        get = self.stage.world.get
        found = [
            (token, account, has)
            for token in (ZERO, *self.stage.tokens.values())
            for account in self.stage.accounts
            if (has := get("account", token, account)) and account != self.stage.chain.escrow
        ]
        return self.of(found) if found and self.chance(94) else (self.token(), self.account(), 0)

    def extended(self) -> str:
        """A token that takes authorizations and permits, mostly."""
        tokens = self.stage.tokens
        names = [name for name in tokens if name not in PLAIN_TOKENS or self.chance(5)]
        return tokens["DevToken"] if self.chance(50) else tokens[self.of(names)]

    def token(self) -> str:
        if self.chance(40):
            return ZERO
        if self.chance(3):
            return self.of([*self.stage.accounts, "0x" + "77" * 20])
        hook = self.stage.tokens["HookToken"]
        return hook if self.planner() == hook else self.of(list(self.stage.tokens.values()))

    def spoiled(self, terms: Terms) -> Terms:
        """The terms with one word changed, often beyond what is permitted."""
        name, value = self.of(
            (
                ("seller", self.of([*PEOPLE, ZERO])),
                ("buyer", self.of([ZERO, terms.seller, terms.arbitrator, self.account()])),
                ("arbitrator", self.of([ZERO, terms.seller, terms.buyer, self.account()])),
                ("token", self.token()),
                ("amount", self.of((0, 2**127, 2**128 - 1, terms.amount + 1))),
                ("fee", self.of((terms.amount + 1, terms.amount, 2**128 - 1, 0))),
                ("fee_recipient", ZERO),
                ("fund_by", self.stage.model.now + self.of((-1, 0, 2**20))),
                ("payment_window", self.of((0, 1, 30 * 86_400, 30 * 86_400 + 1, 2**32 - 1))),
                ("challenge_window", self.of((0, 599, 600, 7 * 86_400, 7 * 86_400 + 1))),
                ("lane", terms.lane ^ 1),
                ("dirt", self.dirt()),
                ("dirt", self.dirt()),
            )
        )
        return terms.changed(**{name: value})

    def dirt(self) -> tuple[int, int]:
        """A bit beyond the type of a word."""
        index = self.random.randrange(10)
        return index, 1 << self.random.randrange(_BITS[index], 256)

    def signature(self, signer: str, right: bytes, wrong: Callable[[], bytes]) -> bytes:
        """A signature of the right digest by the signer; or one that is wrong in some way.

        Args:
            signer: An account; a contract wallet signs by its owner's key.
            right: The digest that has to be signed.
            wrong: Draws another digest.
        """
        number = _NUMBERS.get(self.stage.world.owners.get(signer, signer), 9)
        if self.honest or self.chance(88):
            return sign(number, right)
        good = sign(number, right)
        made: tuple[Callable[[], bytes], ...] = (
            lambda: sign(self.random.randint(1, 8), right),
            lambda: sign(number, wrong()),
            lambda: sign(number, wrong()),
            lambda: other_form(good),
            lambda: good[:64] + bytes([good[64] - 27]),
            lambda: good[:64],
            lambda: good + b"\0",
            lambda: b"",
            lambda: self.random.randbytes(65),
            lambda: b"\0" * 64 + b"\x1b",
        )
        return self.of(made)()

    def instruction(self, kind: str, terms: Terms, signer: str) -> bytes:
        """The signature of an instruction, or a wrong one: of another kind, escrow or domain."""
        contract = self.stage.chain.escrow

        def wrong() -> bytes:
            other = self.terms()
            made: tuple[Callable[[], bytes], ...] = (
                lambda: instruction(self.of(_KINDS), terms.id(contract), contract),
                lambda: instruction(kind, other.id(contract), contract),
                lambda: instruction(kind, terms.id(contract), contract, CHAIN_ID + 1),
                lambda: instruction(kind, terms.id(contract), PEOPLE[0]),
                lambda: terms.id(contract),
            )
            return self.of(made)()

        return self.signature(signer, instruction(kind, terms.id(contract), contract), wrong)

    def lock_signature(self, kind: str, terms: Terms) -> bytes:
        """The seller's signature of a lock, or a wrong one: of other terms, or another way."""
        contract = self.stage.chain.escrow

        def wrong() -> bytes:
            made: tuple[Callable[[], bytes], ...] = (
                lambda: locking("Lock", terms, contract),
                lambda: locking("LockFromDeposit", terms, contract),
                lambda: locking(kind, self.spoiled(terms), contract),
                lambda: locking(kind, terms, contract, CHAIN_ID + 1),
                lambda: terms.id(contract),
            )
            return self.of(made)()

        return self.signature(terms.seller, locking(kind, terms, contract), wrong)

    def authorization(
        self, token: str, source: str, value: int, valid_before: int, nonce: bytes
    ) -> bytes:
        """An authorization of EIP-3009, or a wrong one. A wallet's is longer."""
        contract = self.stage.chain.escrow

        def right(value: int, nonce: bytes) -> bytes:
            return authorization(token, contract, source, value, valid_before, nonce)

        made = self.signature(
            source, right(value, nonce), lambda: right(value + self.of((0, 1)), bytes(32))
        )
        return made + b"\0" if source in self.stage.wallets and self.chance(90) else made

    def agreement(self, terms: Terms, share: int, until: int, signer: str) -> bytes:
        """The signature of a settlement, or a wrong one."""
        contract = self.stage.chain.escrow

        def wrong() -> bytes:
            other = self.terms()
            made: tuple[Callable[[], bytes], ...] = (
                lambda: settlement(terms.id(contract), share ^ 1, until, contract),
                lambda: settlement(terms.id(contract), share, until ^ 1, contract),
                lambda: settlement(other.id(contract), share, until, contract),
                lambda: settlement(terms.id(contract), share, until, contract, CHAIN_ID + 1),
                lambda: instruction("Release", terms.id(contract), contract),
            )
            return self.of(made)()

        what = settlement(terms.id(contract), share, until, contract)
        return self.signature(signer, what, wrong)

    def play(self, caller: str, function: str, *arguments: object, value: int = 0) -> Step:
        """The step of a call; seldom with coins that it does not take, or with too little gas."""
        if value == 0 and caller in PEOPLE and self.chance(0.5):
            value = 1
        call = Call(caller, function, arguments, value)
        if self.planner() is None and function != "batch" and self.chance(2):
            return Step(Stage.play, (call, self.random.randint(40_000, 700_000)))
        return Step(Stage.play, (call,))

    def planner(self) -> str | None:
        """Which token or recipient is going to make a call when it is paid."""
        world, hook = self.stage.world, self.stage.tokens["HookToken"]
        if world.get("plan", hook):
            return hook
        moods = [one for one in self.stage.recipients if world.get("mood", one) == REENTER]
        return moods[0] if moods else None
