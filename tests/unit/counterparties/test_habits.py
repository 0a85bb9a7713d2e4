"""What each counterparty does in each state of a trade, on either side."""

from decimal import Decimal
from typing import Any

import pytest

from tests.unit.client import stage
from tradepost.entrypoints.counterparties.habits import Act, Habit, Step, next_step
from tradepost.entrypoints.counterparties.personas import DETAILS, PERSONAS
from tradepost_client.models import Trade
from tradepost_client.offers import faults
from tradepost_payments.accounts import check_account
from tradepost_payments.registry import builtin

ALL = tuple(str(act) for act in Act)
HALF, NOTHING = Decimal(50), Decimal(0)


def seen(role: str, state: str, **said: Any) -> Trade:
    """A trade of 100 coins as one side sees it, with everything allowed unless it says less."""
    shown = stage.trade_body("4f" * 32, "5a" * 32)
    viewer = shown["viewer"] | {"role": role, "allowed_actions": said.pop("allowed", ALL)}
    plain: dict[str, Any] = {"sealed_payment_details": None, "settlements": []}
    return Trade.model_validate(shown | plain | {"state": state, "viewer": viewer} | said)


def act(trade: Trade, habit: Habit) -> str | None:
    step = next_step(trade, habit, 6)
    return None if step is None else str(step.act)


def signed(role: str, amount: str) -> dict[str, Any]:
    return {"settlements": [{"role": role, "buyer_amount": amount, "valid_until": 1_800_000_000}]}


@pytest.mark.parametrize("habit", Habit)
@pytest.mark.parametrize("role", ["seller", "buyer"])
@pytest.mark.parametrize(
    "state",
    ["releasing", "splitting", "completed", "expired", "cancelled", "refunded", "resolved"],
)
def test_where_nothing_is_to_be_done_nothing_is(habit: Habit, role: str, state: str) -> None:
    assert next_step(seen(role, state), habit, 6) is None


@pytest.mark.parametrize("habit", Habit)
@pytest.mark.parametrize("role", ["seller", "buyer"])
@pytest.mark.parametrize(
    "state", ["awaiting_escrow", "escrowed", "payment_sent", "refunding", "disputed"]
)
def test_nothing_is_done_that_is_not_allowed(habit: Habit, role: str, state: str) -> None:
    trade = seen(role, state, allowed=(), sealed_payment_details="Ag" + "bW9k" * 40)
    assert next_step(trade, habit, 6) is None


@pytest.mark.parametrize(
    ("habit", "wanted"),
    [
        (Habit.PROMPT, "lock"),
        (Habit.SLOW, "lock"),
        (Habit.NEVER_PAYS, "lock"),
        (Habit.NEVER_RELEASES, "lock"),
        (Habit.NEVER_LOCKS, None),
        (Habit.CANCELS, "cancel"),
    ],
)
def test_a_seller_before_the_lock(habit: Habit, wanted: str | None) -> None:
    assert act(seen("seller", "awaiting_escrow"), habit) == wanted


@pytest.mark.parametrize("habit", [Habit.PROMPT, Habit.SLOW, Habit.NEVER_RELEASES])
def test_a_seller_after_the_lock_tells_his_account_once(habit: Habit) -> None:
    for state in ("awaiting_escrow", "escrowed"):
        allowed = ("send_payment_details", "dispute", "settle")
        assert act(seen("seller", state, allowed=allowed), habit) == "send_payment_details"
        assert act(seen("seller", state, allowed=("dispute", "settle")), habit) is None


def test_a_seller_asks_for_the_coins_once_the_buyers_time_is_over() -> None:
    late = seen("seller", "escrowed", allowed=("cancel", "release", "dispute", "settle"))
    assert act(late, Habit.PROMPT) == "cancel"


def test_a_seller_agrees_to_call_it_off_and_to_no_other_share() -> None:
    allowed = ("settle", "dispute", "release")
    off = seen("seller", "escrowed", allowed=allowed, **signed("buyer", "0"))
    assert next_step(off, Habit.PROMPT, 6) == Step(Act.SETTLE, NOTHING)
    some = seen("seller", "escrowed", allowed=allowed, **signed("buyer", "40"))
    assert next_step(some, Habit.PROMPT, 6) is None


@pytest.mark.parametrize("habit", Habit)
def test_a_seller_who_was_paid(habit: Habit) -> None:
    wanted = None if habit is Habit.NEVER_RELEASES else "release"
    assert act(seen("seller", "payment_sent"), habit) == wanted


@pytest.mark.parametrize(
    ("habit", "before", "after"),
    [
        (Habit.PROMPT, None, "payment_sent"),
        (Habit.SLOW, None, "payment_sent"),
        (Habit.NEVER_PAYS, None, None),
        (Habit.CANCELS, "refund", "refund"),
    ],
)
def test_a_buyer_pays_once_he_knows_whom(
    habit: Habit, before: str | None, after: str | None
) -> None:
    assert act(seen("buyer", "awaiting_escrow"), habit) is None
    assert act(seen("buyer", "escrowed"), habit) == before
    told = {"sealed_payment_details": "Ag" + "bW9k" * 40}
    assert act(seen("buyer", "escrowed", **told), habit) == after
    assert act(seen("buyer", "payment_sent", **told), habit) is None


def test_a_buyer_agrees_to_call_it_off() -> None:
    asked = seen("buyer", "escrowed", **signed("seller", "0"))
    assert act(asked, Habit.PROMPT) == "refund"
    assert act(asked, Habit.NEVER_PAYS) is None
    assert act(seen("buyer", "refunding"), Habit.PROMPT) == "refund"
    assert act(seen("buyer", "refunding"), Habit.NEVER_PAYS) is None


@pytest.mark.parametrize("habit", Habit)
@pytest.mark.parametrize(("role", "other"), [("seller", "buyer"), ("buyer", "seller")])
def test_in_a_dispute_all_join_what_is_signed_or_offer_half(
    habit: Habit, role: str, other: str
) -> None:
    half = Decimal(str(seen(role, "disputed").amount)) / 2
    assert next_step(seen(role, "disputed"), habit, 6) == Step(Act.SETTLE, half)
    joined = next_step(seen(role, "disputed", **signed(other, "12.5")), habit, 6)
    assert joined == Step(Act.SETTLE, Decimal("12.5"))
    waits = seen(role, "disputed", **signed(role, f"{half:f}"))
    assert next_step(waits, habit, 6) is None


def test_half_is_no_finer_than_the_coin() -> None:
    odd = seen("seller", "disputed", amount="0.000001")
    assert next_step(odd, Habit.PROMPT, 6) == Step(Act.SETTLE, NOTHING)


def test_the_personas_have_keys_of_their_own_and_offers_that_agree() -> None:
    wallets = [persona.wallet().address for persona in PERSONAS]
    assert len(set(wallets)) == len(PERSONAS)
    assert wallets == [persona.wallet().address for persona in PERSONAS]
    for persona in PERSONAS:
        for offer in persona.offers:
            assert not list(faults(offer))
            assert "Sandbox" in (offer["terms"] or "")


def test_every_habit_is_somebodys_and_a_taker_is_there() -> None:
    assert {persona.habit for persona in PERSONAS} == set(Habit)
    assert [persona.name for persona in PERSONAS if persona.takes] == ["theo"]


def test_the_accounts_that_are_told_are_those_of_the_methods() -> None:
    registry = builtin()
    methods = {
        method for one in PERSONAS for offer in one.offers for method in offer["payment_methods"]
    }
    assert methods == DETAILS.keys()
    for code, fields in DETAILS.items():
        method = registry.get(code)
        assert method is not None
        check_account(method, fields)
