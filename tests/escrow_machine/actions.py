"""What can happen: each action draws one step, mostly a valid one and often one that is not.

To add an entry point of the contract, add its rules to the model and a function here.
"""

from collections.abc import Callable, Sequence
from random import Random
from typing import TypeVar

from tests.escrow_machine.chain import CHAIN_ID
from tests.escrow_machine.model import CANCEL_REQUESTED, LOCKED, PAID, Call
from tests.escrow_machine.people import Terms, instruction, other_form, settlement, sign
from tests.escrow_machine.stage import PEOPLE, Stage, Step
from tests.escrow_machine.world import UNLIMITED, ZERO

T = TypeVar("T")
Action = Callable[["Dice"], Step]
ACTIONS: list[tuple[int, Action]] = []

_OPEN = (LOCKED, CANCEL_REQUESTED, PAID)
_KINDS = ("Release", "Paid", "Refund", "Cancel")
_NUMBERS = {account: number for number, account in enumerate(PEOPLE, 1)}


def action(weight: int) -> Callable[[Action], Action]:
    """Makes a function one of those that are drawn, as often as its weight says."""

    def add(function: Action) -> Action:
        ACTIONS.append((weight, function))
        return function

    return add


class Dice:
    """Draws what steps are made of, with an eye on what there is on the stage."""

    def __init__(self, random: Random, stage: Stage) -> None:
        self.random = random
        self.stage = stage
        #: Whether signatures are all to be good ones.
        self.honest = False

    def step(self) -> Step:
        """Draws the next step."""
        weights = [weight for weight, _ in ACTIONS]
        return self.random.choices(ACTIONS, weights)[0][1](self)

    def chance(self, percent: float) -> bool:
        return self.random.random() * 100 < percent

    def of(self, choices: Sequence[T]) -> T:
        return self.random.choice(choices)

    def account(self) -> str:
        return self.of(self.stage.accounts) if self.chance(30) else self.of(PEOPLE)

    def caller(self, right: str) -> str:
        """Who calls: mostly the one who may, if he can send transactions at all."""
        able = right in PEOPLE or right in self.stage.recipients
        return right if able and self.chance(85) else self.of(PEOPLE)

    def amount(self) -> int:
        most = self.of((3, 200, 10**6, 10**20))
        return self.random.randint(1, most)

    def status(self, terms: Terms) -> int:
        return self.stage.model.status(terms.id(self.stage.chain.escrow))

    def terms(self, *wanted: int) -> Terms:
        """Terms of an escrow, mostly one in a wanted status, seldom ones that nobody locked."""
        if not self.stage.locked or self.chance(2):
            return self.new_terms()
        found = self.of(self.stage.locked)
        if self.chance(90):
            recent = self.stage.locked[-60:]
            fitting = [terms for terms in recent if self.status(terms) in (wanted or _OPEN)]
            found = self.of(fitting or recent)
        return self.spoiled(found) if self.chance(3) else found

    def ripe(self, status: int) -> Terms:
        """Terms of an escrow in a status, mostly one whose window there has passed."""
        now = self.stage.model.now
        recent = [terms for terms in self.stage.locked[-60:] if self.status(terms) == status]
        passed = [terms for terms in recent if self.edge(terms) < now]
        return self.of(passed) if passed and self.chance(60) else self.terms(status)

    def edge(self, terms: Terms) -> int:
        """The last second of the window that an escrow is in."""
        _, locked_at, cancel_at = self.stage.model.state(terms.id(self.stage.chain.escrow))
        return cancel_at or locked_at + terms.payment_window

    def new_terms(self) -> Terms:
        seller, buyer, arbitrator = self.random.sample(PEOPLE, 3)
        if self.chance(15):
            seller = self.of(self.stage.recipients)
        if self.chance(25):
            buyer = self.account()
        if self.chance(15):
            arbitrator = self.account()
        amount = self.amount()
        return Terms(
            seller=seller,
            buyer=buyer,
            arbitrator=arbitrator,
            token=self.token(),
            amount=amount,
            fee=self.of((0, amount, self.random.randint(0, amount), amount // 100)),
            fee_recipient=self.account(),
            fund_by=self.stage.model.now + self.of((0, 1, 3_600)),
            payment_window=self.of((1, 1, 2, 60, 3_600, 30 * 86_400)),
            challenge_window=self.of((600, 600, 601, 3_600, 7 * 86_400)),
            salt=self.random.getrandbits(self.of((8, 256))),
        )

    def token(self) -> str:
        if self.chance(40):
            return ZERO
        if self.chance(3):
            return self.of([*self.stage.accounts, "0x" + "77" * 20])
        if self.chance(25):
            return self.stage.tokens["HookToken"]
        return self.of(list(self.stage.tokens.values()))

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
                ("salt", terms.salt ^ 1),
            )
        )
        return terms.changed(**{name: value})

    def signature(self, signer: str, right: bytes, wrong: Callable[[], bytes]) -> bytes:
        """A signature of the right digest by the signer; or one that is wrong in some way.

        Args:
            signer: An account; a contract wallet signs by its owner's key.
            right: The digest that has to be signed.
            wrong: Draws another digest.
        """
        number = _NUMBERS.get(self.stage.world.owners.get(signer, signer), 9)
        if self.honest or self.chance(75):
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

    def agreement(self, terms: Terms, share: int, signer: str) -> bytes:
        """The signature of a settlement, or a wrong one."""
        contract = self.stage.chain.escrow

        def wrong() -> bytes:
            other = self.terms()
            made: tuple[Callable[[], bytes], ...] = (
                lambda: settlement(terms.id(contract), share ^ 1, contract),
                lambda: settlement(other.id(contract), share, contract),
                lambda: settlement(terms.id(contract), share, contract, CHAIN_ID + 1),
                lambda: instruction("Release", terms.id(contract), contract),
            )
            return self.of(made)()

        return self.signature(signer, settlement(terms.id(contract), share, contract), wrong)

    def play(self, caller: str, function: str, *arguments: object, value: int = 0) -> Step:
        """The step of a call; seldom with coins that it does not take, or with too little gas."""
        if value == 0 and caller in PEOPLE and self.chance(0.5):
            value = 1
        call = Call(caller, function, arguments, value)
        calm = not any(self.stage.world.get("plan", one) for one in self._planners())
        if calm and self.chance(2):
            return Step(Stage.play, (call, self.random.randint(40_000, 700_000)))
        return Step(Stage.play, (call,))

    def _planners(self) -> list[str]:
        return [self.stage.tokens["HookToken"], *self.stage.recipients]


# --- the contract's functions -----------------------------------------------------------------


@action(22)
def lock(dice: Dice) -> Step:
    terms = dice.terms() if dice.chance(3) else dice.new_terms()
    if dice.chance(15):
        terms = dice.spoiled(terms)
    caller = dice.caller(terms.seller)
    value = terms.amount + terms.fee if terms.token == ZERO and caller in PEOPLE else 0
    if caller in PEOPLE and dice.chance(3):
        value += dice.of((-1, 1))
    return dice.play(caller, "lock", terms, value=min(max(value, 0), 10**24))


@action(6)
def release(dice: Dice) -> Step:
    terms = dice.terms()
    return dice.play(dice.caller(terms.seller), "release", terms)


@action(6)
def release_by_sig(dice: Dice) -> Step:
    terms = dice.terms()
    signature = dice.instruction("Release", terms, terms.seller)
    return dice.play(dice.of(PEOPLE), "releaseBySig", terms, signature)


@action(4)
def refund(dice: Dice) -> Step:
    terms = dice.terms()
    return dice.play(dice.caller(terms.buyer), "refund", terms)


@action(4)
def refund_by_sig(dice: Dice) -> Step:
    terms = dice.terms()
    signature = dice.instruction("Refund", terms, terms.buyer)
    return dice.play(dice.of(PEOPLE), "refundBySig", terms, signature)


@action(4)
def mark_paid(dice: Dice) -> Step:
    terms = dice.terms(LOCKED, CANCEL_REQUESTED)
    return dice.play(dice.caller(terms.buyer), "markPaid", terms)


@action(4)
def mark_paid_by_sig(dice: Dice) -> Step:
    terms = dice.terms(LOCKED, CANCEL_REQUESTED)
    signature = dice.instruction("Paid", terms, terms.buyer)
    return dice.play(dice.of(PEOPLE), "markPaidBySig", terms, signature)


@action(6)
def request_cancel(dice: Dice) -> Step:
    terms = dice.ripe(LOCKED)
    return dice.play(dice.caller(terms.seller), "requestCancel", terms)


@action(6)
def request_cancel_by_sig(dice: Dice) -> Step:
    terms = dice.ripe(LOCKED)
    signature = dice.instruction("Cancel", terms, terms.seller)
    return dice.play(dice.of(PEOPLE), "requestCancelBySig", terms, signature)


@action(8)
def cancel(dice: Dice) -> Step:
    return dice.play(dice.of(PEOPLE), "cancel", dice.ripe(CANCEL_REQUESTED))


@action(12)
def settle(dice: Dice) -> Step:
    terms = dice.terms()
    share = dice.of((0, 1, terms.amount, terms.amount // 2, dice.random.randint(0, terms.amount)))
    if dice.chance(2):
        share = min(terms.amount + 1, 2**128 - 1)
    one, two = dice.random.sample(range(3), 2)
    if dice.chance(3):
        two = one
    parties = (terms.seller, terms.buyer, terms.arbitrator)
    ones, twos = (dice.agreement(terms, share, parties[role]) for role in (one, two))
    caller = dice.of(PEOPLE)
    if dice.chance(25):
        caller, ones = dice.caller(parties[one]), b""
    elif dice.chance(10):
        caller, twos = dice.caller(parties[two]), b""
    return dice.play(caller, "settle", terms, share, one, ones, two, twos)


@action(6)
def withdraw(dice: Dice) -> Step:
    tokens = [ZERO, *dice.stage.tokens.values()]
    callers = [*PEOPLE, *dice.stage.recipients]
    owed = [
        (token, account)
        for token in tokens
        for account in callers
        if dice.stage.world.get("credit", token, account)
    ]
    token, caller = dice.of(owed) if owed and dice.chance(85) else (dice.token(), dice.account())
    if caller not in callers:
        caller = dice.of(PEOPLE)
    # Whoever draws may name a recipient that calls back.
    to = dice.of([caller, dice.account(), dice.of(dice.stage.recipients), ZERO])
    return dice.play(caller, "withdraw", token, to)


# --- what is no call, or not one of its words -------------------------------------------------


@action(1)
def nonsense(dice: Dice) -> Step:
    """An unknown function, plain coins, a cut call."""
    whole = dice.stage.encode(Call(PEOPLE[0], "cancel", (dice.terms(),)))
    data = dice.of((b"", dice.random.randbytes(4), whole[:-1], whole[:4], whole[:3]))
    return Step(Stage.refuse, (dice.of(PEOPLE), data, dice.of((0, 1))))


@action(1)
def dirty_word(dice: Dice) -> Step:
    """A word of the terms with bits beyond its type: another id, which nobody can have locked."""
    terms = dice.new_terms() if dice.chance(50) else dice.terms()
    function = dice.of(("lock", "release", "refund", "markPaid", "requestCancel", "cancel"))
    is_buyers = function in {"refund", "markPaid"}
    caller = dice.caller(terms.buyer if is_buyers else terms.seller)
    data = bytearray(dice.stage.encode(Call(caller, function, (terms,))))
    data[4 + 32 * dice.random.randrange(10) + dice.random.randrange(12)] ^= 1 << dice.of(range(8))
    return Step(Stage.refuse, (dice.of(PEOPLE) if caller not in PEOPLE else caller, bytes(data), 0))


# --- the world around it ----------------------------------------------------------------------


@action(10)
def pass_time(dice: Dice) -> Step:
    """To the last second of some window, or just past it; seldom far."""
    now = dice.stage.model.now
    later = now + dice.random.randint(0, 3)
    if dice.stage.locked and dice.chance(75):
        terms = dice.terms(dice.of((LOCKED, CANCEL_REQUESTED, CANCEL_REQUESTED)))
        edge = dice.edge(terms) + dice.of((-1, 0, 1, 1))
        if edge - now <= 3_700 or dice.chance(3):
            later = edge
    return Step(Stage.pass_time, (max(now, later),))


@action(2)
def be(dice: Dice) -> Step:
    return Step(Stage.be, (dice.of(dice.stage.recipients), dice.of((0, 0, 0, 1, 1, 2, 3))))


_INNER = (
    release,
    release_by_sig,
    refund,
    mark_paid,
    mark_paid_by_sig,
    request_cancel_by_sig,
    settle,
    cancel,
    withdraw,
)


@action(5)
def plan(dice: Dice) -> Step:
    """A call that comes back while the contract pays, or takes, coins."""
    hook = dice.stage.tokens["HookToken"]
    contract = hook if dice.chance(50) else dice.of(dice.stage.recipients)
    # What would succeed were it not for the guard tells most.
    dice.honest = dice.chance(70)
    inner = dice.of(_INNER)(dice)
    dice.honest = False
    call = inner.arguments[0]
    return Step(Stage.plan, (contract, Call(contract, call.function, call.arguments)))


@action(1)
def refusing(dice: Dice) -> Step:
    return Step(Stage.refusing, (dice.chance(40),))


@action(2)
def blacklist(dice: Dice) -> Step:
    return Step(Stage.blacklist, (dice.account(), dice.chance(50)))


@action(1)
def approve(dice: Dice) -> Step:
    token = dice.of(list(dice.stage.tokens.values()))
    amount = dice.of((UNLIMITED, UNLIMITED, 10**30, 0, 5))
    return Step(Stage.approve, (token, dice.of([*PEOPLE, *dice.stage.recipients]), amount))
