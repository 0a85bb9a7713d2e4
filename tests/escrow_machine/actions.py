"""What can happen: each action draws one step, mostly a valid one and often one that is not.

To add an entry point of the contract, add its rules to the model and a function here.
"""

from collections.abc import Callable

from tests.escrow_machine.accounts import Call
from tests.escrow_machine.chain import GAS
from tests.escrow_machine.dice import Dice
from tests.escrow_machine.model import CANCEL_REQUESTED, LOCKED
from tests.escrow_machine.people import Terms, deposit_nonce, permission, sign, withdrawal
from tests.escrow_machine.stage import PEOPLE, Stage, Step
from tests.escrow_machine.world import UNLIMITED, ZERO

Action = Callable[[Dice], Step]
ACTIONS: list[tuple[int, Action]] = []


def action(weight: int) -> Callable[[Action], Action]:
    """Makes a function one of those that are drawn, as often as its weight says."""

    def add(function: Action) -> Action:
        ACTIONS.append((weight, function))
        return function

    return add


def step(dice: Dice) -> Step:
    """Draws the next step."""
    weights = [weight for weight, _ in ACTIONS]
    return dice.random.choices(ACTIONS, weights)[0][1](dice)


# --- the contract's functions -----------------------------------------------------------------


def _to_lock(dice: Dice) -> Terms:
    terms = dice.terms() if dice.chance(3) else dice.new_terms()
    return dice.spoiled(terms) if dice.chance(12) else terms


def _in_tokens(dice: Dice, terms: Terms) -> Terms:
    if terms.token == ZERO and dice.chance(95):
        return terms.changed(token=dice.of(list(dice.stage.tokens.values())))
    return terms


@action(14)
def lock(dice: Dice) -> Step:
    terms = _to_lock(dice)
    if terms.seller in dice.stage.wallets and dice.chance(95):
        return lock_by_sig(dice)
    caller = dice.caller(terms.seller)
    value = terms.amount + terms.fee if terms.token == ZERO and caller in PEOPLE else 0
    if caller in PEOPLE and dice.chance(3):
        value += dice.of((-1, 1))
    return dice.play(caller, "lock", terms, value=min(max(value, 0), 10**24))


@action(7)
def lock_by_sig(dice: Dice) -> Step:
    terms = _in_tokens(dice, _to_lock(dice))
    caller = dice.of(PEOPLE)
    signature = dice.lock_signature("Lock", terms)
    if dice.chance(5):
        caller, signature = dice.caller(terms.seller), b""
    return dice.play(caller, "lockBySig", terms, signature)


@action(7)
def lock_with_authorization(dice: Dice) -> Step:
    terms = _to_lock(dice)
    if dice.chance(90):
        terms = terms.changed(token=dice.extended())
    nonce, before = terms.id(dice.stage.chain.escrow), terms.fund_by + 1
    total = terms.amount + terms.fee
    signature = dice.authorization(terms.token, terms.seller, total, before, nonce)
    return dice.play(dice.of(PEOPLE), "lockWithAuthorization", terms, signature)


@action(14)
def lock_from_deposit(dice: Dice) -> Step:
    terms = _to_lock(dice)
    token, seller, has = dice.holding()
    if has and seller not in {terms.buyer, terms.arbitrator} and not terms.dirt[1]:
        amount = dice.random.randint(1, has)
        fee = min(dice.of((0, has - amount, (has - amount) // 100)), amount)
        lane = dice.lane(seller, token)
        terms = terms.changed(token=token, seller=seller, amount=amount, fee=fee, lane=lane)
    caller, signature = dice.of(PEOPLE), dice.lock_signature("LockFromDeposit", terms)
    if terms.seller in dice.stage.recipients or dice.chance(10):
        caller, signature = dice.caller(terms.seller), b""
    return dice.play(caller, "lockFromDeposit", terms, signature)


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
    if terms is None:
        return pass_time(dice)
    return dice.play(dice.caller(terms.seller), "requestCancel", terms)


@action(6)
def request_cancel_by_sig(dice: Dice) -> Step:
    terms = dice.ripe(LOCKED)
    if terms is None:
        return pass_time(dice)
    signature = dice.instruction("Cancel", terms, terms.seller)
    return dice.play(dice.of(PEOPLE), "requestCancelBySig", terms, signature)


@action(8)
def cancel(dice: Dice) -> Step:
    terms = dice.ripe(CANCEL_REQUESTED)
    return pass_time(dice) if terms is None else dice.play(dice.of(PEOPLE), "cancel", terms)


@action(10)
def settle(dice: Dice) -> Step:
    terms = dice.terms()
    share = dice.of((0, 1, terms.amount, terms.amount // 2, dice.random.randint(0, terms.amount)))
    if dice.chance(2):
        share = min(terms.amount + 1, 2**128 - 1)
    until = dice.until()
    absent = dice.random.randrange(3)
    parties = [terms.seller, terms.buyer, terms.arbitrator]
    del parties[absent]
    ones, twos = (dice.agreement(terms, share, until, party) for party in parties)
    caller = dice.of(PEOPLE)
    if dice.chance(25):
        caller, ones = dice.caller(parties[0]), b""
    elif dice.chance(10):
        caller, twos = dice.caller(parties[1]), b""
    if dice.chance(3):
        absent = dice.random.randrange(4)
    return dice.play(caller, "settle", terms, share, until, absent, ones, twos)


@action(7)
def release_all(dice: Dice) -> Step:
    every = [dice.terms() for _ in range(dice.random.randint(0, 4))]
    if every and dice.chance(5):
        every.append(every[0])
    one = b""
    for terms in every:
        signature = dice.instruction("Release", terms, terms.seller)
        one += signature if len(signature) == 65 else bytes(65)
    if dice.chance(5):
        one = one[:-1] if one and dice.chance(50) else one + b"\0"
    return dice.play(dice.of(PEOPLE), "releaseAll", tuple(every), one)


# --- balances ---------------------------------------------------------------------------------


@action(7)
def deposit(dice: Dice) -> Step:
    token, amount = dice.token(), 0 if dice.chance(3) else dice.amount()
    account = dice.of([*PEOPLE, *dice.stage.recipients, *dice.stage.wallets])
    caller = dice.of(dice.stage.recipients) if token != ZERO and dice.chance(5) else dice.of(PEOPLE)
    value = amount if token == ZERO else 0
    if caller in PEOPLE and dice.chance(3):
        value = max(value + dice.of((-1, 1)), 0)
    return dice.play(caller, "deposit", token, account, amount, value=value)


@action(5)
def deposit_with_authorization(dice: Dice) -> Step:
    token = dice.extended() if dice.chance(95) else dice.token()
    account = dice.of([*PEOPLE, *PEOPLE, *dice.stage.wallets])
    amount, salt = 0 if dice.chance(3) else dice.amount(), bytes([dice.random.randrange(256)] * 32)
    before = dice.stage.model.now + dice.of((0, 1, 3_600, 3_600, 3_600))
    nonce = deposit_nonce(salt) if dice.chance(95) else salt
    signature = dice.authorization(token, account, amount, before, nonce)
    arguments = (token, account, amount, before, salt, signature)
    return dice.play(dice.of(PEOPLE), "depositWithAuthorization", *arguments)


@action(3)
def permit(dice: Dice) -> Step:
    token = dice.extended() if dice.chance(95) else dice.of([dice.token(), dice.stage.chain.escrow])
    return _permit(dice, token, dice.of(PEOPLE))


def _permit(dice: Dice, token: str, owner: str) -> Step:
    contract, nonce = dice.stage.chain.escrow, dice.stage.world.get("nonce", token, owner)
    value = dice.of((UNLIMITED, UNLIMITED, 10**21, 0, 5))
    deadline = dice.stage.model.now + dice.of((-1, 0, 3_600, 3_600))
    what = permission(token, contract, owner, value, nonce, deadline)
    other = permission(token, contract, owner, value, nonce + 1, deadline)
    by = dice.signature(owner, what, lambda: other)
    if len(by) != 65:
        by = sign(1, what)
    arguments = (token, owner, value, deadline, by[64], by[:32], by[32:64])
    return dice.play(dice.of(PEOPLE), "permit", *arguments)


def _drawn(dice: Dice) -> tuple[str, str, int, str]:
    """Account, token, amount, recipient: mostly of a balance that there is."""
    token, account, has = dice.holding()
    amount = dice.of((has, has, dice.random.randint(0, has), has + 1 if dice.chance(10) else has))
    to = dice.of([account, dice.account(), dice.of(PEOPLE), ZERO if dice.chance(10) else account])
    return account, token, amount, to


@action(6)
def withdraw(dice: Dice) -> Step:
    account, token, amount, to = _drawn(dice)
    able = account in PEOPLE or account in dice.stage.recipients
    return dice.play(account if able else dice.of(PEOPLE), "withdraw", token, amount, to)


@action(6)
def withdraw_by_sig(dice: Dice) -> Step:
    draw, until, contract = _drawn(dice), dice.until(), dice.stage.chain.escrow
    account, token, amount, to = draw
    nonce = dice.stage.world.get("withdrawals", token, account)
    what = withdrawal(draw, nonce, until, contract)

    def wrong() -> bytes:
        return dice.of(
            (
                withdrawal(draw, nonce + 1, until, contract),
                withdrawal(draw, max(nonce - 1, 0), until, contract),
                withdrawal(draw, nonce, until ^ 1, contract),
                withdrawal((account, token, amount + 1, to), nonce, until, contract),
                withdrawal((account, token, amount, PEOPLE[7]), nonce, until, contract),
            )
        )

    arguments = (*draw, until, dice.signature(account, what, wrong))
    return dice.play(dice.of(PEOPLE), "withdrawBySig", *arguments)


@action(9)
def batch(dice: Dice) -> Step:
    """Some calls, good and bad ones; seldom with so little gas that each may fail."""
    items: list[Call | bytes] = []
    for _ in range(dice.random.randint(1, 4)):
        if dice.chance(5):
            items.append(dice.random.randbytes(dice.of((0, 3, 4, 40))))
            continue
        call = dice.of(_ITEMS)(dice).arguments[0]
        if not isinstance(call, Call):  # nothing to cancel, so that time passed
            continue
        if call.function == "lockBySig" and call.arguments[0].seller in PEOPLE and dice.chance(50):
            allowed = _permit(dice, call.arguments[0].token, call.arguments[0].seller)
            items.append(allowed.arguments[0])
        items.append(call)
    gas_each = GAS
    has_batch = any(isinstance(one, Call) and one.function == "releaseAll" for one in items)
    if dice.planner() is None and not has_batch and dice.chance(8):
        gas_each = dice.random.randint(0, 600_000)
    caller = dice.of(PEOPLE)
    direct = [one.caller for one in items if isinstance(one, Call)]
    if direct and dice.chance(60):
        caller = dice.of(direct)
    return dice.play(caller, "batch", gas_each, tuple(items))


# --- what is no call, or not one of its words -------------------------------------------------


@action(1)
def nonsense(dice: Dice) -> Step:
    """An unknown function, plain coins, a cut call."""
    whole = dice.stage.encode(Call(PEOPLE[0], "cancel", (dice.terms(),)))
    data = dice.of((b"", dice.random.randbytes(4), whole[:-1], whole[:4], whole[:3]))
    return Step(Stage.refuse, (dice.of(PEOPLE), data, dice.of((0, 1))))


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
    return Step(Stage.be, (dice.of(dice.stage.recipients), dice.of((0, 0, 0, 0, 1, 2, 3))))


_INNER = (
    lock,
    lock_by_sig,
    lock_from_deposit,
    lock_from_deposit,
    release,
    release_by_sig,
    release_by_sig,
    release_by_sig,
    refund,
    refund_by_sig,
    mark_paid_by_sig,
    request_cancel_by_sig,
    settle,
    cancel,
    deposit,
    withdraw,
    withdraw,
    withdraw_by_sig,
    withdraw_by_sig,
)
_ITEMS = (
    lock,
    lock_by_sig,
    lock_with_authorization,
    lock_from_deposit,
    release,
    release_by_sig,
    release_by_sig,
    release_all,
    refund_by_sig,
    mark_paid_by_sig,
    request_cancel_by_sig,
    settle,
    cancel,
    deposit,
    deposit_with_authorization,
    permit,
    withdraw,
    withdraw_by_sig,
)


@action(6)
def plan(dice: Dice) -> Step:
    """A call that comes back while the contract pays, or takes, coins; one at a time.

    Whom it pays native coins takes them without ado: how much gas is left for a third one, who does
    not, is no rule of the contract.
    """
    before = dice.planner()
    if before is not None and dice.chance(40):
        return Step(Stage.plan, (before, None))
    # What would succeed if it came alone tells most.
    dice.honest = dice.chance(70)
    call = dice.of(_INNER)(dice).arguments[0]
    dice.honest = False
    if not isinstance(call, Call) or _pays_hostile(dice, call):
        return be(dice)
    contract = before or dice.of([dice.stage.tokens["HookToken"], *dice.stage.recipients])
    if before is None and call.caller in dice.stage.recipients:
        contract = call.caller
    return Step(Stage.plan, (contract, Call(contract, call.function, call.arguments)))


def _pays_hostile(dice: Dice, call: Call) -> bool:
    first = call.arguments[0]
    if isinstance(first, Terms):
        return first.token == ZERO and not {first.seller, first.buyer} <= set(PEOPLE)
    if call.function == "deposit":
        return False
    token, _, to = call.arguments[:3] if call.function == "withdraw" else call.arguments[1:4]
    return token == ZERO and to not in PEOPLE


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
